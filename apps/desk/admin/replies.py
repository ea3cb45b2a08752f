"""Saved replies: agents keep their own, leads their team's, administrators everybody's."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display
from unfold.widgets import (
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
)

from apps.accounts.guarded import GuardedAdmin
from apps.accounts.middleware import actor_of
from apps.accounts.models import Team
from apps.accounts.permissions import Permission
from apps.desk import actions, policies, variables
from apps.desk.models import SavedReply
from apps.kernel.actors import Actor
from apps.kernel.errors import DomainError

Scope = SavedReply.Scope
_VARIABLES = _("Markdown. Variables: %s. Give another word for want of it: {{team.name|us}}.")


def scopes_of(actor: Actor) -> list[Scope]:
    if actor.can(Permission.MANAGE_DESK):
        return list(Scope)
    leads = bool(policies.teams_written_for(actor))
    return [Scope.PERSONAL, Scope.TEAM] if leads else [Scope.PERSONAL]


class SavedReplyForm(forms.ModelForm):  # type: ignore[type-arg]
    """Offers what its writer may choose; the action has the last word."""

    scope = forms.ChoiceField(label=_("Whose"), widget=UnfoldAdminSelectWidget)
    body = forms.CharField(
        label=_("Text"),
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 10, "dir": "auto"}),
    )

    class Meta:
        model = SavedReply
        fields = ("title", "shortcut", "scope", "team", "body", "archived")
        labels = {
            "title": _("Title"),
            "shortcut": _("Shortcut"),
            "team": _("Team"),
            "archived": _("No longer in use"),
        }

    request: HttpRequest

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["body"].help_text = _VARIABLES % ", ".join(
            f"{{{{{name}}}}}" for name in variables.VOCABULARY
        )
        actor = actor_of(self.request)
        scopes = scopes_of(actor)
        self.fields["scope"].choices = [(scope.value, scope.label) for scope in scopes]  # type: ignore[attr-defined]
        if "team" in self.fields:
            chosen = Team.objects.filter(pk__in=policies.teams_written_for(actor))
            self.fields["team"].queryset = chosen  # type: ignore[attr-defined]

    def clean_body(self) -> str:
        try:
            return variables.check(self.cleaned_data["body"])
        except DomainError as error:
            raise ValidationError(str(error), code=error.code) from None

    def clean(self) -> None:
        super().clean()
        scope = self.cleaned_data.get("scope")
        team = self.cleaned_data.get("team")
        if scope == Scope.TEAM and team is None:
            self.add_error("team", _("Choose the team that it is for."))

    def _post_clean(self) -> None:
        """The model's constraints are the action's business: the row isn't made here."""


@admin.register(SavedReply)
class SavedReplyAdmin(GuardedAdmin):
    """Archived instead of deleted: how often it was used stays known."""

    needs = Permission.WORK_TICKETS
    about = _("A saved reply is a text that agents put into their answers.")
    may_add = may_change = True
    form = SavedReplyForm
    list_display = ("title", "shortcut", "whose", "used_count")
    list_filter = ("scope", "archived")
    list_select_related = ("team", "owner")
    search_fields = ("title", "shortcut")
    ordering = ("-used_count", "title")
    show_full_result_count = False
    prepopulated_fields = {"shortcut": ("title",)}

    @display(description=_("Whose"))  # type: ignore[untyped-decorator]
    def whose(self, reply: SavedReply) -> str:
        return str(reply.team or reply.owner or reply.get_scope_display())

    def get_queryset(self, request: HttpRequest) -> QuerySet[SavedReply]:
        actor = actor_of(request)
        if not actor.can(Permission.MANAGE_DESK):
            return SavedReply.objects.visible_to(actor)
        everybodys = SavedReply.objects.exclude(scope=Scope.PERSONAL)
        return everybodys | SavedReply.objects.filter(owner=actor.id)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        may = super().has_change_permission(request, obj)
        return may and (obj is None or policies.can_change_reply(actor_of(request), obj))

    def get_form(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        made = super().get_form(request, obj, **kwargs)
        return type("SavedReplyForm", (made,), {"request": request})

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Whoever may write for no team is asked for none; a reader sees whose it is."""
        named = list(SavedReplyForm.Meta.fields)
        if obj is None and Scope.TEAM not in scopes_of(actor_of(request)):
            named.remove("team")
        return named

    def get_prepopulated_fields(self, request: HttpRequest, obj: Any = None) -> dict[str, Any]:
        return {} if obj else super().get_prepopulated_fields(request, obj)

    def save_model(self, request: HttpRequest, obj: SavedReply, form: Any, change: bool) -> None:
        data = form.cleaned_data
        saved = actions.save_reply(
            reply=SavedReply.objects.get(pk=obj.pk) if change else None,
            title=data["title"],
            shortcut=data["shortcut"],
            body=data["body"],
            scope=data["scope"],
            team=data.get("team"),
            archived=data["archived"],
            actor=actor_of(request),
            now=timezone.now(),
        )
        obj.pk = saved.pk
