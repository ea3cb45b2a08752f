from __future__ import annotations

from django.urls import path

from apps.portal.views import home, raising, rating, tickets

urlpatterns = [
    path("", home.home, name="home"),
    path("search/", home.search, name="search"),
    path("requests/", tickets.ticket_list, name="ticket_list"),
    path("requests/<str:ref>/", tickets.ticket_page, name="ticket"),
    path("requests/<str:ref>/follow/", tickets.ticket_follow, name="ticket_follow"),
    path("requests/<str:ref>/news/", tickets.ticket_news, name="ticket_news"),
    path("requests/<str:ref>/rate/", tickets.ticket_rate, name="ticket_rate"),
    path("requests/<str:ref>/reopen/", tickets.ticket_reopen, name="ticket_reopen"),
    path("requests/<str:ref>/reply/", tickets.ticket_reply, name="ticket_reply"),
    path("requests/<str:ref>/solve/", tickets.ticket_solve, name="ticket_solve"),
    path("requests/<str:ref>/unfollow/", tickets.ticket_unfollow, name="ticket_unfollow"),
    path("new/", raising.ticket_choose, name="ticket_choose"),
    path("new/answered/", raising.answered, name="answered"),
    path("new/other/", raising.ticket_new, name="ticket_new_other"),
    path("new/preview/", raising.preview, name="preview"),
    path("new/read/<slug:slug>/", raising.read, name="read"),
    path("new/suggest/", raising.suggest, name="suggest"),
    path("new/<slug:slug>/", raising.ticket_new, name="ticket_new"),
    path("rate/<str:token>/", rating.rating, name="rating"),
]
