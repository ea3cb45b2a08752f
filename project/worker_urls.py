"""What a worker serves: the desk's pages, so that links can be made, and the queue's endpoint."""

from __future__ import annotations

from django.urls import path

from apps.ops.worker import receive
from project import urls
from project.urls import handler400, handler403, handler404, handler429, handler500

__all__ = ["handler400", "handler403", "handler404", "handler429", "handler500", "urlpatterns"]

urlpatterns = [path("worker/", receive), *urls.urlpatterns]
