from django.db import migrations, models

from apps.kernel.postgresql.operations import AddIndexOnline


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("tickets", "0007_scans")]

    operations = [
        AddIndexOnline(
            model_name="attachment",
            index=models.Index(
                condition=models.Q(("redacted_at", None), ("scan", "pending")),
                fields=["id"],
                name="attachment_unscanned",
            ),
        ),
    ]
