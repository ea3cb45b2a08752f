"""Admin pages that open by the desk's own permissions, not by Django's per model."""

from __future__ import annotations

from typing import Any, ClassVar

from django.core.paginator import Paginator
from django.http import HttpRequest
from django.utils.functional import Promise, cached_property
from unfold.admin import ModelAdmin, TabularInline

from apps.accounts.middleware import actor_of
from apps.accounts.permissions import Permission


class _Guarded:
    """Whoever holds `needs` may see, and what `may_*` say besides."""

    needs: ClassVar[Permission]
    may_add: ClassVar[bool] = False
    may_change: ClassVar[bool] = False
    may_delete: ClassVar[bool] = False

    def _holds(self, request: HttpRequest) -> bool:
        return actor_of(request).can(self.needs)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self._holds(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return self._holds(request)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return self.may_add and self._holds(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return self.may_change and self._holds(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return self.may_delete and self._holds(request)


class GuardedAdmin(_Guarded, ModelAdmin):
    """`titled` is what the list is called where the model's plural isn't it, here and aside.

    `about` tells whoever sees an empty list what comes there.
    """

    titled: ClassVar[str | Promise] = ""
    about: ClassVar[str | Promise] = ""


class GuardedInline(_Guarded, TabularInline):
    extra = 0


class CappedPaginator(Paginator):  # type: ignore[type-arg]
    """Counts no further than it must: counting a million rows costs more than the page."""

    most = 1000

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list
        return len(rows.values_list("pk")[: self.most + 1])
