"""Admin pages that open by the desk's own permissions, not by Django's per model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import Promise, cached_property
from unfold.admin import ModelAdmin, TabularInline

from apps.accounts.admin_forms import ConfirmForm
from apps.accounts.middleware import actor_of
from apps.accounts.permissions import Permission
from apps.kernel.errors import NotFoundError
from apps.kernel.forms import bound_to
from apps.kernel.text import number_in


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

    def confirmed(
        self,
        request: HttpRequest,
        object_id: str,
        *,
        button: str | Promise,
        text: str | Promise,
        then: Callable[[Any], HttpResponse | None],
    ) -> HttpResponse:
        """A page that asks for what `button` does to a row, and then has `then` do it.

        Back on the row's own page, unless `then` leads elsewhere. Raises NotFoundError.
        """
        row = self.model._default_manager.filter(pk=number_in(object_id)).first()
        if row is None:
            raise NotFoundError
        form = ConfirmForm(*bound_to(request))
        back = f"admin:{self.opts.app_label}_{self.opts.model_name}_change"
        if form.is_valid():
            return then(row) or redirect(back, row.pk)
        context = {
            **self.admin_site.each_context(request),
            "title": f"{button}: {row}",
            "original": row,
            "crumb": button,
            "back": reverse(back, args=[row.pk]),
            "form": form,
            "button": button,
            "text": text,
            "opts": self.opts,
        }
        return render(request, "admin/confirm.html", context)


class GuardedInline(_Guarded, TabularInline):
    extra = 0


class CappedPaginator(Paginator):  # type: ignore[type-arg]
    """Counts no further than it must: counting a million rows costs more than the page."""

    most = 1000

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list
        return len(rows.values_list("pk")[: self.most + 1])
