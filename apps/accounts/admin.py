"""People, organisations, teams and tokens, for administrators. Saving calls the actions."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from django.contrib import admin, messages
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action

from apps.accounts import actions
from apps.accounts.admin_forms import (
    ROLES,
    SCOPES,
    OrganisationForm,
    PersonForm,
    TeamForm,
    TokenForm,
)
from apps.accounts.guarded import GuardedAdmin
from apps.accounts.invitation import send_way_in
from apps.accounts.middleware import actor_of
from apps.accounts.models import ApiToken, Organisation, Team, User
from apps.accounts.permissions import Permission, Role, Scope


class RoleFilter(admin.SimpleListFilter):
    """By group, in the words that readers know roles by."""

    title = _("Role")
    parameter_name = "role"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:  # noqa: ARG002
        return list(ROLES.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> QuerySet[User]:  # noqa: ARG002
        role = self.value()
        return queryset.filter(groups__name=role) if role else queryset


@admin.register(User)
class UserAdmin(GuardedAdmin):
    needs = Permission.MANAGE_PEOPLE
    titled = _("People")
    may_add = may_change = True
    form = PersonForm
    list_display = ("email", "name", "role", "organisation", "is_active", "date_joined")
    list_filter = (RoleFilter, "is_active", "organisation")
    list_select_related = ("organisation",)
    search_fields = ("email", "name")
    ordering = ("email",)
    show_full_result_count = False
    actions_detail = ("export_data", "anonymise")
    change_form_outer_before_template = "admin/notifications/person.html"
    fieldsets = (
        (None, {"fields": ("email", "name", "role", "is_active")}),
        (_("Organisation"), {"fields": ("organisation", "is_organisation_manager")}),
        (_("Locality"), {"fields": ("locale", "time_zone")}),
    )

    @admin.display(description=_("Role"))
    def role(self, user: User) -> str:
        return ", ".join(str(ROLES.get(group.name, group.name)) for group in user.groups.all())

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        users: QuerySet[User] = super().get_queryset(request)
        return users.prefetch_related("groups")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:  # noqa: ARG002
        return ("email",) if obj else ()

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        data, actor, now = form.cleaned_data, actor_of(request), timezone.now()
        role = Role(data["role"])
        if change:
            user = User.objects.get(pk=obj.pk)  # `obj` carries what the form says already
            actions.set_role(user=user, role=role, actor=actor, now=now)
            actions.set_active(user=user, active=data["is_active"], actor=actor, now=now)
        else:
            user = actions.invite(
                email=data["email"], name=data["name"], role=role, actor=actor, now=now
            )
            obj.pk = user.pk
            send_way_in(request, user)
        actions.edit_person(
            user=user,
            name=data["name"],
            locale=data["locale"],
            time_zone=data["time_zone"],
            actor=actor,
            now=now,
        )
        actions.place(
            user=user,
            organisation=data["organisation"],
            manager=data["is_organisation_manager"],
            actor=actor,
            now=now,
        )

    @action(description=_("Export their data"), url_path="export", permissions=["view"])  # type: ignore[untyped-decorator]
    def export_data(self, request: HttpRequest, object_id: str) -> HttpResponse:
        def export(user: User) -> HttpResponse:
            told = actions.export_person(user=user, actor=actor_of(request), now=timezone.now())
            text = json.dumps(told, indent=2, ensure_ascii=False)
            response = HttpResponse(text, content_type="application/json")
            response["Content-Disposition"] = f'attachment; filename="person-{user.ref}.json"'
            return response

        text = _("You get all that the desk keeps of this person, as a file. It is recorded.")
        return self.confirmed(request, object_id, button=_("Export"), text=text, then=export)

    @action(description=_("Anonymise"), url_path="anonymise", permissions=["view"])  # type: ignore[untyped-decorator]
    def anonymise(self, request: HttpRequest, object_id: str) -> HttpResponse:
        def forget(user: User) -> HttpResponse:
            actions.anonymise_person(user=user, actor=actor_of(request), now=timezone.now())
            messages.success(request, _("The desk has forgotten who this was."))
            return redirect("admin:accounts_user_change", user.pk)

        text = _(
            "Name, address, sign-in, tokens and mail copies are deleted for good. Tickets and what"
            " was written in them stay, under no name: redact there what names the person."
        )
        return self.confirmed(request, object_id, button=_("Anonymise"), text=text, then=forget)


@admin.register(Organisation)
class OrganisationAdmin(GuardedAdmin):
    needs = Permission.MANAGE_PEOPLE
    may_add = may_change = True
    form = OrganisationForm
    list_display = ("name", "shares_tickets", "people")
    search_fields = ("name", "domains__domain")

    @admin.display(description=_("People"))
    def people(self, organisation: Any) -> int:
        return int(organisation.people)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Organisation]:
        rows: QuerySet[Organisation] = super().get_queryset(request)
        return rows.annotate(people=Count("members"))

    def save_model(self, request: HttpRequest, obj: Organisation, form: Any, change: bool) -> None:
        data = form.cleaned_data
        saved = actions.save_organisation(
            organisation=obj if change else None,
            name=data["name"],
            shares_tickets=data["shares_tickets"],
            notes=data["notes"],
            domains=data["domains"],
            actor=actor_of(request),
            now=timezone.now(),
        )
        obj.pk = saved.pk


@admin.register(Team)
class TeamAdmin(GuardedAdmin):
    needs = Permission.MANAGE_PEOPLE
    may_add = may_change = True
    form = TeamForm
    list_display = ("name", "private", "assignment_policy", "capacity", "people")

    @admin.display(description=_("People"))
    def people(self, team: Any) -> int:
        return int(team.people)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Team]:
        rows: QuerySet[Team] = super().get_queryset(request)
        return rows.annotate(people=Count("memberships"))

    def save_model(self, request: HttpRequest, obj: Team, form: Any, change: bool) -> None:
        data = form.cleaned_data
        saved = actions.save_team(
            team=obj if change else None,
            name=data["name"],
            private=data["private"],
            members=data["members"],
            leads=data["leads"],
            actor=actor_of(request),
            now=timezone.now(),
        )
        actions.set_assignment(
            team=saved,
            policy=data["assignment_policy"],
            capacity=data["capacity"],
            actor=actor_of(request),
            now=timezone.now(),
        )
        obj.pk = saved.pk

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Not Django's way, which would set the members again, without the leads."""


@admin.register(ApiToken)
class ApiTokenAdmin(GuardedAdmin):
    needs = Permission.MANAGE_PEOPLE
    about = _("A token lets a program use the desk on somebody's behalf.")
    may_add = True
    form = TokenForm
    list_display = ("name", "prefix", "owner", "expires_at", "last_used_at", "revoked_at")
    list_select_related = ("owner",)
    actions = ("revoke",)

    @admin.display(description=_("May be used for"))
    def allows(self, token: ApiToken) -> str:
        return ", ".join(str(SCOPES.get(scope, scope)) for scope in token.scopes)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            return super().get_fields(request)
        dates = ("created_at", "expires_at", "last_used_at", "revoked_at")
        return ("name", "prefix", "owner", "allows", *dates)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:  # noqa: ARG002
        return ("allows",) if obj else ()

    @admin.action(description=_("Revoke"), permissions=["view"])
    def revoke(self, request: HttpRequest, chosen: QuerySet[ApiToken]) -> None:
        for token in chosen:
            actions.revoke_token(token=token, actor=actor_of(request), now=timezone.now())
        messages.success(request, _("Revoked: %d") % len(chosen))

    def save_model(self, request: HttpRequest, obj: ApiToken, form: Any, change: bool) -> None:  # noqa: ARG002
        data, now = form.cleaned_data, timezone.now()
        token, key = actions.issue_token(
            owner=data["owner_email"],
            name=data["name"],
            scopes=[Scope(scope) for scope in data["scopes"]],
            expires_at=now + timedelta(days=data["days"]),
            actor=actor_of(request),
            now=now,
        )
        obj.pk, obj.owner, obj.prefix = token.pk, token.owner, token.prefix
        messages.warning(request, _("Copy the key now, it is shown only this once: %s") % key)
