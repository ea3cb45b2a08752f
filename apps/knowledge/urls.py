from __future__ import annotations

from django.urls import path

from apps.knowledge import views

urlpatterns = [
    path("help/", views.help_centre, name="help"),
    path("help/articles/<slug:slug>/", views.article, name="article"),
    path("help/articles/<slug:slug>/rate/", views.rate, name="article_rate"),
    path("help/images/<str:ref>/", views.image, name="article_image"),
    path("help/<slug:slug>/", views.category, name="help_category"),
]
