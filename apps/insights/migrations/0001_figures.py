from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='MinuteFigures',
            fields=[
                ('minute', models.DateTimeField(primary_key=True, serialize=False)),
                ('counts', models.JSONField(default=dict)),
                ('facts', models.JSONField(default=list)),
            ],
        ),
        migrations.CreateModel(
            name='ShardPlace',
            fields=[
                ('shard', models.CharField(max_length=400, primary_key=True, serialize=False)),
                ('position', models.CharField(max_length=200, null=True)),
                ('ended', models.BooleanField(default=False)),
                ('owner', models.CharField(blank=True, max_length=80)),
                ('leased_until', models.DateTimeField(null=True)),
            ],
        ),
    ]
