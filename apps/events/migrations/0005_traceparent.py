from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("events", "0004_without_the_old_index")]

    operations = [
        migrations.AddField(
            model_name="event",
            name="traceparent",
            field=models.CharField(max_length=55, null=True),
        ),
    ]
