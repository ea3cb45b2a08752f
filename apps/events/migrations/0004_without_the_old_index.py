from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("events", "0003_stream")]

    operations = [migrations.RemoveIndex(model_name="delivery", name="delivery_due")]
