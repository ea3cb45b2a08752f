"""Beside allauth's pages, under its names: account/oidc/cognito/login/."""

from __future__ import annotations

from django.urls import path

from apps.accounts.oidc import views

urlpatterns = [
    path("oidc/<slug:provider_id>/login/", views.login, name="openid_connect_login"),
    path("oidc/<slug:provider_id>/login/callback/", views.callback, name="openid_connect_callback"),
]
