from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('mail', '0001_incoming'),
    ]

    operations = [
        migrations.AddField(
            model_name='incomingmail',
            name='address',
            field=models.CharField(blank=True, db_default='', default='', max_length=320, verbose_name="sender's address"),
        ),
        migrations.AlterField(
            model_name='incomingmail',
            name='state',
            field=models.CharField(choices=[('received', 'Came in'), ('kept', 'Kept'), ('replayed', 'Read again'), ('missing', 'Missing'), ('erasing', 'Being deleted')], default='received', max_length=8, verbose_name='state'),
        ),
    ]
