from typing import Any

from django.db import migrations

from apps.mail.addresses import address_in


def fill(apps: Any, schema_editor: Any) -> None:
    rows = apps.get_model('mail', 'IncomingMail').objects.using(schema_editor.connection.alias)
    lacking = rows.filter(address='', sender__contains='@')
    for pk, sender in lacking.values_list('pk', 'sender').iterator():
        found = address_in(sender)[:320]
        if found:
            rows.filter(pk=pk, address='').update(address=found)


class Migration(migrations.Migration):

    atomic = False  # row by row, so that nobody waits for one that is being read

    dependencies = [
        ('mail', '0003_mail_by_its_sender'),
    ]

    operations = [
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
