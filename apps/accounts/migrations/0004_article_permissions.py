"""Agents write articles; leads and administrators publish them."""

from django.db import migrations

NAMES = {
    "write_articles": "Draft and revise knowledge articles",
    "publish_articles": "Publish, schedule and retire articles; keep their categories",
}
GRANTED = {
    "agent": ["write_articles"],
    "team lead": ["write_articles", "publish_articles"],
    "administrator": ["write_articles", "publish_articles"],
}


def grant(apps, schema_editor):
    ContentType = apps.get_model("contenttypes", "ContentType")
    Permission = apps.get_model("auth", "Permission")
    Group = apps.get_model("auth", "Group")
    content_type, _ = ContentType.objects.get_or_create(app_label="accounts", model="user")
    permissions = {
        codename: Permission.objects.get_or_create(
            content_type=content_type, codename=codename, defaults={"name": name}
        )[0]
        for codename, name in NAMES.items()
    }
    for role, granted in GRANTED.items():
        group = Group.objects.filter(name=role).first()
        if group is not None:
            group.permissions.add(*(permissions[codename] for codename in granted))


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0003_assignment"),
    ]
    operations = [
        migrations.AlterModelOptions(
            name='user',
            options={'permissions': [('work_tickets', 'Work on tickets: read, answer, assign, change status'), ('override_priorities', 'Override a priority, giving a reason'), ('declare_major_incidents', 'Declare a major incident'), ('redact_messages', 'Redact messages and attachments'), ('see_private_teams', 'See the tickets of private teams without being a member'), ('write_articles', 'Draft and revise knowledge articles'), ('publish_articles', 'Publish, schedule and retire articles; keep their categories'), ('manage_desk', 'Manage categories, statuses and deliveries'), ('manage_people', 'Manage users, organisations and teams; export and anonymise people')]},
        ),
        migrations.RunPython(grant, migrations.RunPython.noop),
    ]
