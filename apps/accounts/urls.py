from __future__ import annotations

from django.urls import path

from apps.accounts import views

urlpatterns = [
    path("account/", views.profile, name="profile"),
    path("account/data/", views.my_data, name="my_data"),
    path("account/data/export/", views.my_data_export, name="my_data_export"),
    path("account/data/delete/", views.my_data_delete, name="my_data_delete"),
    path("account/3rdparty/", views.linked, name="linked"),  # in the place of allauth's
    path("account/3rdparty/<int:pk>/unlink/", views.unlink, name="unlink"),
    path("account/second-factor/", views.second_factor, name="second_factor"),
    path("account/signed-out/", views.signed_out, name="signed_out"),
    path("api/me", views.me, name="me"),
    path("looks/language/", views.language, name="language"),
    path("looks/theme/", views.theme, name="theme"),
    path("styles/", views.styles, name="styles"),
]
