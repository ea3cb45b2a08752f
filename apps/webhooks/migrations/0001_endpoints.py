import apps.kernel.references
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Turn',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('until', models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name='Endpoint',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('ref', models.CharField(default=apps.kernel.references.new_ref, editable=False, max_length=16, unique=True)),
                ('name', models.CharField(max_length=100, verbose_name='name')),
                ('url', models.CharField(max_length=500, verbose_name='URL')),
                ('facts', models.JSONField(default=list, verbose_name='facts')),
                ('internal', models.BooleanField(default=False, verbose_name='for our own systems')),
                ('generation', models.PositiveIntegerField(default=1)),
                ('previous_until', models.DateTimeField(null=True, verbose_name='old secret ends')),
                ('state', models.CharField(choices=[('active', 'Active'), ('paused', 'Paused'), ('disabled', 'Switched off: it failed for days')], default='active', max_length=8, verbose_name='state')),
                ('failures', models.PositiveIntegerField(default=0, verbose_name='failures in a row')),
                ('failing_since', models.DateTimeField(null=True, verbose_name='failing since')),
                ('held_until', models.DateTimeField(null=True, verbose_name='next attempt')),
                ('created_at', models.DateTimeField(verbose_name='created')),
                ('organisation', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.organisation', verbose_name='organisation')),
            ],
            options={
                'verbose_name': 'webhook',
                'verbose_name_plural': 'webhooks',
                'constraints': [models.CheckConstraint(condition=models.Q(('internal', False), ('organisation', None), _connector='OR'), name='endpoint_internal_is_ours')],
            },
        ),
        migrations.CreateModel(
            name='ContractUse',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('fact', models.CharField(max_length=60)),
                ('version', models.PositiveSmallIntegerField()),
                ('day', models.DateField()),
                ('times', models.PositiveIntegerField(default=0)),
                ('endpoint', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='webhooks.endpoint')),
            ],
            options={
                'verbose_name': 'use of a contract',
                'verbose_name_plural': 'uses of contracts',
                'indexes': [models.Index(fields=['day'], name='contract_use_day')],
                'constraints': [models.UniqueConstraint(fields=('endpoint', 'fact', 'version', 'day'), name='contract_use_once')],
            },
        ),
        migrations.CreateModel(
            name='WebhookDelivery',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('ref', models.CharField(default=apps.kernel.references.new_ref, editable=False, max_length=16, unique=True, verbose_name='id')),
                ('event_id', models.BigIntegerField(null=True, verbose_name='event')),
                ('fact', models.CharField(max_length=60, verbose_name='fact')),
                ('subject', models.CharField(max_length=60, verbose_name='subject')),
                ('state', models.CharField(choices=[('waiting', 'Waiting'), ('sent', 'Taken'), ('failed', 'Given up')], default='waiting', max_length=7, verbose_name='state')),
                ('attempts', models.PositiveIntegerField(default=0, verbose_name='attempts')),
                ('created_at', models.DateTimeField(verbose_name='created')),
                ('since', models.DateTimeField(verbose_name='tried since')),
                ('due_at', models.DateTimeField(verbose_name='due')),
                ('done_at', models.DateTimeField(null=True, verbose_name='done')),
                ('status', models.PositiveSmallIntegerField(null=True, verbose_name="answer's status")),
                ('took_ms', models.PositiveIntegerField(null=True, verbose_name='milliseconds')),
                ('excerpt', models.TextField(blank=True, verbose_name='answer')),
                ('error', models.TextField(blank=True, verbose_name='error')),
                ('endpoint', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='webhooks.endpoint', verbose_name='webhook')),
            ],
            options={
                'verbose_name': 'webhook delivery',
                'verbose_name_plural': 'webhook deliveries',
                'indexes': [models.Index(condition=models.Q(('state', 'waiting')), fields=['endpoint', 'id'], name='webhook_due'), models.Index(condition=models.Q(('done_at__isnull', False)), fields=['done_at'], name='webhook_done'), models.Index(condition=models.Q(('state', 'waiting')), fields=['since'], name='webhook_old')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('event_id__isnull', False)), fields=('endpoint', 'event_id'), name='webhook_delivery_once')],
            },
        ),
    ]
