from __future__ import annotations

from django.urls import path

from floor import views

urlpatterns = [
    path("sign-in/", views.sign_in, name="sign_in"),
    path("rows/<int:count>/", views.rows, name="rows"),
    path("row/<int:pk>/", views.row, name="row"),
    path("insert/", views.insert, name="insert"),
]
