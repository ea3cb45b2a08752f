from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [("tickets", "0010_scan_turns_index")]

    operations = [
        migrations.RemoveIndex(model_name="attachment", name="attachment_unscanned"),
    ]
