"""The statuses and the priority matrix that every desk begins with; administrators edit them."""

from django.db import migrations

STATUSES = [
    # slug, what agents read, what customers read, category
    ("new", "New", "Received", "new"),
    ("open", "Open", "We're on it", "open"),
    ("pending", "Pending", "Waiting for your answer", "pending"),
    ("on-hold", "On hold", "Waiting for somebody else", "on_hold"),
    ("scheduled", "Scheduled", "Planned", "scheduled"),
    ("resolved", "Resolved", "Solved", "resolved"),
    ("closed", "Closed", "Closed", "closed"),
    ("cancelled", "Cancelled", "Withdrawn", "cancelled"),
    ("spam", "Spam", "Closed", "spam"),
    ("merged", "Merged", "Joined with another request", "merged"),
]
# (impact, urgency): priority; 1 is the most severe of each.
MATRIX = {
    (1, 1): 1, (1, 2): 2, (1, 3): 3,
    (2, 1): 2, (2, 2): 3, (2, 3): 4,
    (3, 1): 3, (3, 2): 4, (3, 3): 5,
}


def make_defaults(apps, schema_editor):
    Status = apps.get_model("tickets", "Status")
    PriorityRule = apps.get_model("tickets", "PriorityRule")
    Status.objects.bulk_create(
        Status(
            slug=slug,
            agent_label=agent_label,
            customer_label=customer_label,
            category=category,
            position=position,
            is_default=True,
        )
        for position, (slug, agent_label, customer_label, category) in enumerate(STATUSES)
    )
    PriorityRule.objects.bulk_create(
        PriorityRule(impact=impact, urgency=urgency, priority=priority)
        for (impact, urgency), priority in MATRIX.items()
    )


class Migration(migrations.Migration):
    dependencies = [("tickets", "0001_initial")]
    operations = [migrations.RunPython(make_defaults, migrations.RunPython.noop)]
