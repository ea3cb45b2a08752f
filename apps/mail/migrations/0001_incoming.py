import django.db.models.functions.text
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='IncomingMail',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('store', models.CharField(max_length=80, verbose_name='store')),
                ('key', models.CharField(max_length=300, verbose_name='key')),
                ('carried_as', models.CharField(blank=True, max_length=120, verbose_name='carried as')),
                ('envelope_from', models.EmailField(blank=True, max_length=320, verbose_name='envelope sender')),
                ('envelope_to', models.JSONField(default=list, verbose_name='envelope recipients')),
                ('received_at', models.DateTimeField(verbose_name='received')),
                ('spam', models.CharField(blank=True, max_length=20, verbose_name='spam verdict')),
                ('virus', models.CharField(blank=True, max_length=20, verbose_name='virus verdict')),
                ('notice', models.JSONField(default=dict, verbose_name='notice')),
                ('state', models.CharField(choices=[('received', 'Came in'), ('kept', 'Kept'), ('replayed', 'Read again'), ('missing', 'Missing'), ('erasing', 'Being deleted')], default='received', max_length=8, verbose_name='state')),
                ('sender', models.CharField(blank=True, max_length=320, verbose_name='sender')),
                ('address', models.CharField(blank=True, db_default='', default='', max_length=320, verbose_name="sender's address")),
                ('subject', models.CharField(blank=True, max_length=255, verbose_name='subject')),
                ('message_id', models.CharField(blank=True, max_length=250, verbose_name='Message-ID')),
                ('size', models.PositiveBigIntegerField(null=True, verbose_name='size')),
                ('attempts', models.PositiveIntegerField(default=0, verbose_name='attempts')),
                ('due_at', models.DateTimeField(verbose_name='due')),
                ('error', models.TextField(blank=True, verbose_name='error')),
                ('replayed_at', models.DateTimeField(null=True, verbose_name='read again')),
            ],
            options={
                'verbose_name': 'incoming mail',
                'verbose_name_plural': 'incoming mails',
                'indexes': [models.Index(condition=models.Q(('state', 'received')), fields=['due_at'], name='mail_waiting'), models.Index(condition=models.Q(('state', 'erasing')), fields=['due_at'], name='mail_erasing'), models.Index(fields=['address'], name='mail_by_address'), models.Index(django.db.models.functions.text.Upper('envelope_from'), name='mail_by_envelope')],
                'constraints': [models.UniqueConstraint(fields=('store', 'key'), name='mail_kept_once')],
            },
        ),
    ]
