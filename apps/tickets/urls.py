from __future__ import annotations

from django.urls import path

from apps.tickets import views

urlpatterns = [
    path("files/<str:ref>/", views.attachment, name="attachment"),
    path("uploads/", views.upload, name="upload"),
    path("uploads/confirm/", views.upload_confirm, name="upload_confirm"),
    path("uploads/<str:ref>/remove/", views.upload_remove, name="upload_remove"),
]
