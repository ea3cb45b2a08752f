"""Jobs: Celery on the broker that BROKER_URL names."""

from __future__ import annotations

import os

from apps.ops import broker
from apps.ops.jobs import CausedTask, Jobs

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")

broker.register()
app = Jobs("tendril", task_cls=CausedTask)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
