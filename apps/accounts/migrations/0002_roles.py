"""The four roles as groups, each with what it may do (apps.accounts.permissions.GRANTS)."""

from django.db import migrations

_AGENT = ["work_tickets", "write_articles"]
_LEAD = [
    *_AGENT, "override_priorities", "declare_major_incidents", "redact_messages", "publish_articles",
]
_ADMINISTRATOR = [*_LEAD, "see_private_teams", "manage_desk", "manage_people"]
ROLES = {
    "requester": [],
    "agent": _AGENT,
    "team lead": _LEAD,
    "administrator": _ADMINISTRATOR,
}


def make_roles(apps, schema_editor):
    ContentType = apps.get_model("contenttypes", "ContentType")
    Permission = apps.get_model("auth", "Permission")
    Group = apps.get_model("auth", "Group")
    User = apps.get_model("accounts", "User")
    # Django makes content types and permissions after all migrations: too late for the groups.
    content_type, _ = ContentType.objects.get_or_create(app_label="accounts", model="user")
    permissions = {
        codename: Permission.objects.get_or_create(
            content_type=content_type, codename=codename, defaults={"name": name}
        )[0]
        for codename, name in User._meta.permissions
    }
    for role, granted in ROLES.items():
        group, _ = Group.objects.get_or_create(name=role)
        group.permissions.set([permissions[codename] for codename in granted])


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_initial"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]
    operations = [migrations.RunPython(make_roles, migrations.RunPython.noop)]
