import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='Event',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=60, verbose_name='name')),
                ('version', models.PositiveSmallIntegerField(verbose_name='version')),
                ('subject', models.CharField(max_length=60, verbose_name='subject')),
                ('actor_kind', models.CharField(max_length=10, verbose_name='kind of actor')),
                ('actor_id', models.BigIntegerField(null=True, verbose_name='actor')),
                ('causation_id', models.BigIntegerField(null=True, verbose_name='cause')),
                ('correlation_id', models.UUIDField(verbose_name='correlation')),
                ('traceparent', models.CharField(max_length=55, null=True)),
                ('depth', models.PositiveSmallIntegerField(verbose_name='depth')),
                ('data', models.JSONField(verbose_name='data')),
                ('occurred_at', models.DateTimeField(verbose_name='when')),
                ('recorded_at', models.DateTimeField(verbose_name='recorded')),
            ],
            options={
                'verbose_name': 'event',
                'verbose_name_plural': 'events',
                'indexes': [models.Index(fields=['subject', 'id'], name='event_subject'), models.Index(condition=models.Q(('actor_id__isnull', False)), fields=['actor_id', 'id'], name='event_actor')],
            },
        ),
        migrations.CreateModel(
            name='Delivery',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('subscriber', models.CharField(max_length=120, verbose_name='subscriber')),
                ('subject', models.CharField(max_length=60, verbose_name='subject')),
                ('claims', models.PositiveIntegerField(default=0, verbose_name='attempts')),
                ('failures', models.PositiveSmallIntegerField(default=0, verbose_name='failures')),
                ('due_at', models.DateTimeField(verbose_name='due')),
                ('done_at', models.DateTimeField(null=True, verbose_name='done')),
                ('parked_at', models.DateTimeField(null=True, verbose_name='given up')),
                ('error', models.TextField(blank=True, verbose_name='error')),
                ('event', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='deliveries', to='events.event', verbose_name='event')),
            ],
            options={
                'verbose_name': 'delivery',
                'verbose_name_plural': 'deliveries',
                'indexes': [models.Index(condition=models.Q(('done_at', None), ('parked_at', None), models.Q(('subscriber', 'stream'), _negated=True)), fields=['due_at', 'id'], name='delivery_due_each'), models.Index(condition=models.Q(('done_at', None), ('parked_at', None), ('subscriber', 'stream')), fields=['event'], name='delivery_streamable'), models.Index(condition=models.Q(('done_at', None), ('parked_at', None)), fields=['subscriber', 'subject', 'event'], name='delivery_turn'), models.Index(condition=models.Q(('done_at__isnull', False)), fields=['done_at'], name='delivery_done'), models.Index(condition=models.Q(('parked_at__isnull', False)), fields=['parked_at'], name='delivery_parked')],
                'constraints': [models.UniqueConstraint(fields=('event', 'subscriber'), name='delivery_once'), models.CheckConstraint(condition=models.Q(('done_at', None), ('parked_at', None), _connector='OR'), name='delivery_done_or_parked')],
            },
        ),
    ]
