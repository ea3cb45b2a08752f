from django.db import migrations, models

from apps.kernel.postgresql.operations import AddIndexOnline


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('notifications', '0007_recipients'),
    ]

    operations = [
        AddIndexOnline(
            model_name='outgoingmail',
            index=models.Index(condition=models.Q(('carried_as', ''), _negated=True), fields=['carried_as'], name='mail_carried'),
        ),
    ]
