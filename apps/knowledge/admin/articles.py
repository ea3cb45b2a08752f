from __future__ import annotations

from django.contrib import admin

from apps.accounts.guarded import GuardedAdmin
from apps.accounts.permissions import Permission
from apps.knowledge.models import Article


@admin.register(Article)
class ArticleAdmin(GuardedAdmin):
    needs = Permission.WRITE_ARTICLES
    list_display = ("title", "category", "audience", "state", "updated_at")
    list_select_related = ("category",)
