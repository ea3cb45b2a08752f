from django.db import migrations, models

from apps.kernel.postgresql.operations import AddIndexOnline


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("events", "0002_names")]

    operations = [
        AddIndexOnline(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(
                    ("done_at", None),
                    ("parked_at", None),
                    models.Q(("subscriber", "stream"), _negated=True),
                ),
                fields=["due_at", "id"],
                name="delivery_due_each",
            ),
        ),
        AddIndexOnline(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(
                    ("done_at", None), ("parked_at", None), ("subscriber", "stream")
                ),
                fields=["event"],
                name="delivery_streamable",
            ),
        ),
    ]
