from typing import Any

from django.db import migrations

from apps.mail.addresses import note_addresses


def fill(apps: Any, schema_editor: Any) -> None:
    using = schema_editor.connection.alias
    note_addresses(apps.get_model('mail', 'IncomingMail').objects.using(using).all())


class Migration(migrations.Migration):

    atomic = False  # row by row, so that nobody waits for one that is being read

    dependencies = [
        ('mail', '0003_mail_by_its_sender'),
    ]

    operations = [
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
