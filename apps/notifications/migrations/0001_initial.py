import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '__first__'),
        ('tickets', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Recipient',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('address', models.EmailField(max_length=254, unique=True, verbose_name='address')),
                ('state', models.CharField(choices=[('ok', 'Mail arrives'), ('bouncing', 'Mail came back for now'), ('suppressed', 'Mail comes back'), ('complained', 'Marked our mail as spam')], default='ok', max_length=10, verbose_name='state')),
                ('reason', models.CharField(blank=True, max_length=300, verbose_name='reason')),
                ('since', models.DateTimeField(null=True, verbose_name='since')),
                ('soft_bounces', models.PositiveIntegerField(default=0, verbose_name='times in a row')),
                ('delivered_at', models.DateTimeField(null=True, verbose_name='last delivery')),
                ('cleared_at', models.DateTimeField(null=True, verbose_name='mailed again from')),
            ],
            options={
                'verbose_name': 'address mail came back from',
                'verbose_name_plural': 'addresses mail came back from',
            },
        ),
        migrations.CreateModel(
            name='OutgoingMail',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=120, unique=True, verbose_name='key')),
                ('to', models.CharField(max_length=254, verbose_name='to')),
                ('subject', models.CharField(max_length=255, verbose_name='subject')),
                ('text', models.TextField(verbose_name='text')),
                ('html', models.TextField(blank=True)),
                ('headers', models.JSONField(default=dict, verbose_name='headers')),
                ('state', models.CharField(choices=[('queued', 'Waiting'), ('sent', 'Sent'), ('failed', 'Given up')], default='queued', max_length=6, verbose_name='state')),
                ('claims', models.PositiveIntegerField(default=0, verbose_name='attempts')),
                ('waits', models.PositiveIntegerField(db_default=0, default=0)),
                ('insists', models.BooleanField(db_default=False, default=False)),
                ('carried_as', models.CharField(blank=True, db_default='', default='', max_length=100, verbose_name='carried as')),
                ('outcome', models.CharField(blank=True, choices=[('delayed', 'Delayed'), ('delivered', 'Delivered'), ('bounced', 'Came back'), ('refused', 'Refused'), ('complained', 'Marked as spam')], db_default='', default='', max_length=10, verbose_name='outcome')),
                ('due_at', models.DateTimeField(verbose_name='due')),
                ('created_at', models.DateTimeField(verbose_name='created')),
                ('sent_at', models.DateTimeField(null=True, verbose_name='sent')),
                ('error', models.TextField(blank=True, verbose_name='error')),
                ('message', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='tickets.message', verbose_name='message')),
            ],
            options={
                'verbose_name': 'outgoing mail',
                'verbose_name_plural': 'outgoing mails',
                'indexes': [models.Index(condition=models.Q(('state', 'queued')), fields=['due_at', 'id'], name='mail_due'), models.Index(condition=models.Q(('state', 'sent')), fields=['sent_at'], name='mail_sent'), models.Index(condition=models.Q(('carried_as', ''), _negated=True), fields=['carried_as'], name='mail_carried')],
            },
        ),
        migrations.CreateModel(
            name='Notification',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('event_id', models.BigIntegerField()),
                ('address', models.EmailField(blank=True, max_length=254)),
                ('kind', models.CharField(choices=[('received', 'We received your request'), ('reply', 'There is a new answer on a request'), ('solved', 'A request was solved, reopened or withdrawn'), ('merged', 'A request was joined with another one'), ('rating', 'We ask how our help was, once a request is solved'), ('new', 'A new ticket waits for your team'), ('assigned', 'A ticket was assigned to you'), ('note', 'A colleague wrote a work note'), ('mentioned', 'A colleague mentioned you in a work note'), ('held', 'A reply of yours was not sent'), ('undelivered', 'An answer could not be delivered')], max_length=20)),
                ('reason', models.CharField(max_length=120)),
                ('created_at', models.DateTimeField()),
                ('due_at', models.DateTimeField()),
                ('retellings', models.PositiveSmallIntegerField(default=0)),
                ('settled_at', models.DateTimeField(null=True)),
                ('read_at', models.DateTimeField(null=True)),
                ('message', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='tickets.message')),
                ('recipient', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('ticket', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='tickets.ticket')),
                ('mail', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='notifications.outgoingmail')),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('settled_at', None)), fields=['due_at'], name='notification_due'), models.Index(condition=models.Q(('settled_at', None)), fields=['ticket', 'recipient'], name='notification_waiting'), models.Index(condition=models.Q(('recipient__isnull', False)), fields=['recipient', '-id'], name='notification_page'), models.Index(condition=models.Q(('read_at', None), ('recipient__isnull', False)), fields=['recipient', 'ticket'], name='notification_unread'), models.Index(fields=['settled_at'], name='notification_settled')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('recipient__isnull', False)), fields=('event_id', 'recipient'), name='notification_once_per_person'), models.UniqueConstraint(condition=models.Q(('address', ''), _negated=True), fields=('event_id', 'address'), name='notification_once_per_address'), models.CheckConstraint(condition=models.Q(models.Q(('address', ''), ('recipient__isnull', False)), models.Q(('recipient', None), models.Q(('address', ''), _negated=True)), _connector='OR'), name='notification_to_person_or_address')],
            },
        ),
        migrations.CreateModel(
            name='Preference',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('received', 'We received your request'), ('reply', 'There is a new answer on a request'), ('solved', 'A request was solved, reopened or withdrawn'), ('merged', 'A request was joined with another one'), ('rating', 'We ask how our help was, once a request is solved'), ('new', 'A new ticket waits for your team'), ('assigned', 'A ticket was assigned to you'), ('note', 'A colleague wrote a work note'), ('mentioned', 'A colleague mentioned you in a work note'), ('held', 'A reply of yours was not sent'), ('undelivered', 'An answer could not be delivered')], max_length=20)),
                ('mail', models.BooleanField()),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('user', 'kind'), name='preference_once')],
            },
        ),
        migrations.CreateModel(
            name='Report',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('carried_as', models.CharField(max_length=100)),
                ('kind', models.CharField(max_length=10)),
                ('happened_at', models.DateTimeField()),
                ('detail', models.CharField(blank=True, max_length=300)),
                ('recipient', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='reports', to='notifications.recipient')),
            ],
            options={
                'indexes': [models.Index(fields=['happened_at'], name='report_age')],
                'constraints': [models.UniqueConstraint(fields=('recipient', 'carried_as', 'kind'), name='report_once_per_mail')],
            },
        ),
    ]
