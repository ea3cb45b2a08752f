from __future__ import annotations

from django.urls import path

from floor import views

urlpatterns = [
    path("rows/<int:count>/", views.rows, name="rows"),
    path("row/<int:pk>/", views.row, name="row"),
    path("insert/", views.insert, name="insert"),
]
