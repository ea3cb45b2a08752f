"""Jobs: Celery on the broker that BROKER_URL names."""

from __future__ import annotations

import os

from celery import Celery

from apps.ops import broker
from apps.ops.jobs import CausedTask

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")

broker.register()
app = Celery("tendril", task_cls=CausedTask)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
