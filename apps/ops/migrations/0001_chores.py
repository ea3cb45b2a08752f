import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('tickets', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='ChoreRun',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=60, unique=True, verbose_name='name')),
                ('due_at', models.DateTimeField(verbose_name='due')),
                ('sent_at', models.DateTimeField(null=True, verbose_name='last started')),
            ],
            options={
                'verbose_name': 'chore',
                'verbose_name_plural': 'chores',
            },
        ),
        migrations.CreateModel(
            name='Probe',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('token', models.CharField(max_length=32, unique=True)),
                ('sent_at', models.DateTimeField()),
                ('answered_at', models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name='Alarm',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('fingerprint', models.CharField(max_length=255, unique=True)),
                ('name', models.CharField(max_length=255, verbose_name='name')),
                ('state', models.CharField(blank=True, max_length=20)),
                ('changed_at', models.DateTimeField()),
                ('times', models.PositiveIntegerField(default=0)),
                ('window_at', models.DateTimeField()),
                ('ticket', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='tickets.ticket')),
            ],
            options={
                'verbose_name': 'alarm',
                'verbose_name_plural': 'alarms',
            },
        ),
        migrations.CreateModel(
            name='JobFailure',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('job_id', models.CharField(max_length=64, unique=True, verbose_name='job')),
                ('task', models.CharField(max_length=120, verbose_name='task')),
                ('error', models.TextField(verbose_name='error')),
                ('times', models.PositiveIntegerField(default=1, verbose_name='times')),
                ('failed_at', models.DateTimeField(verbose_name='last failed')),
            ],
            options={
                'verbose_name': 'failure of a job',
                'verbose_name_plural': 'failures of jobs',
                'indexes': [models.Index(fields=['failed_at'], name='job_failed_at')],
            },
        ),
    ]
