from __future__ import annotations

from django.urls import path

from apps.portal import views

urlpatterns = [
    path("", views.home, name="home"),
    path("requests/", views.ticket_list, name="ticket_list"),
    path("requests/<str:ref>/", views.ticket_page, name="ticket"),
    path("requests/<str:ref>/reply/", views.ticket_reply, name="ticket_reply"),
    path("requests/<str:ref>/solve/", views.ticket_solve, name="ticket_solve"),
    path("requests/<str:ref>/reopen/", views.ticket_reopen, name="ticket_reopen"),
    path("new/", views.ticket_choose, name="ticket_choose"),
    path("new/other/", views.ticket_new, name="ticket_new_other"),
    path("new/<slug:slug>/", views.ticket_new, name="ticket_new"),
]
