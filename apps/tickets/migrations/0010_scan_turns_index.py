from django.db import migrations, models

from apps.kernel.postgresql.operations import AddIndexOnline


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("tickets", "0009_scan_turns")]

    operations = [
        AddIndexOnline(
            model_name="attachment",
            index=models.Index(
                condition=models.Q(("missing_at", None), ("redacted_at", None), ("scan", "pending")),
                fields=["scan_held_until", "id"],
                name="attachment_scan_turns",
            ),
        ),
    ]
