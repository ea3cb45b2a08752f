from __future__ import annotations

from django.urls import path

from apps.notifications import views

urlpatterns = [
    path("notifications/", views.notifications, name="notifications"),
    path("notifications/bell/", views.notifications_bell, name="notifications_bell"),
    path("notifications/preferences/", views.preferences, name="preferences"),
    path("notifications/read/", views.notifications_read, name="notifications_read"),
    path("notifications/<int:pk>/", views.notification_open, name="notification_open"),
    path("notifications/stop/<str:token>/", views.unsubscribe, name="unsubscribe"),
    path("outbox/", views.outbox, name="outbox"),
    path("outbox/<slug:name>/", views.outbox_mail, name="outbox_mail"),
    path("outbox/<slug:name>/html/", views.outbox_part, name="outbox_part"),
    path("outbox/<slug:name>/source/", views.outbox_source, name="outbox_source"),
]
