from django.db import migrations, models
from django.db.models.functions import Upper

from apps.kernel.postgresql.operations import AddIndexOnline


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('mail', '0002_addresses'),
    ]

    operations = [
        AddIndexOnline(
            model_name='incomingmail',
            index=models.Index(condition=models.Q(('state', 'erasing')), fields=['due_at'], name='mail_erasing'),
        ),
        AddIndexOnline(
            model_name='incomingmail',
            index=models.Index(fields=['address'], name='mail_by_address'),
        ),
        AddIndexOnline(
            model_name='incomingmail',
            index=models.Index(Upper('envelope_from'), name='mail_by_envelope'),
        ),
    ]
