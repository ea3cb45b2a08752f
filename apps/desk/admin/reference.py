"""What the desk is set up with: administrators edit it straight; tickets refer to it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.accounts.guarded import GuardedAdmin, GuardedInline
from apps.accounts.middleware import actor_of
from apps.accounts.permissions import Permission
from apps.tickets import actions
from apps.tickets.errors import StatusRefusedError
from apps.tickets.models import Category, CategoryField, PriorityRule, Status


class ReferenceAdmin(GuardedAdmin):
    """Saving calls the action, for the row and for those below it."""

    needs = Permission.MANAGE_DESK
    may_change = True

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:  # noqa: ARG002
        actions.save_reference(row=obj, actor=actor_of(request), now=timezone.now())

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:  # noqa: ARG002
        for row in formset.save(commit=False):
            actions.save_reference(row=row, actor=actor_of(request), now=timezone.now())


class StatusForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = Status
        fields = (
            "agent_label",
            "customer_label",
            "slug",
            "category",
            "position",
            "is_default",
            "archived",
        )
        labels = {
            "agent_label": _("Agents read"),
            "customer_label": _("Customers read"),
            "slug": _("Name in addresses"),
            "category": _("Meaning"),
            "position": _("Place in the list"),
            "is_default": _("Usual one of its meaning"),
            "archived": _("No longer in use"),
        }

    def clean_archived(self) -> bool:
        archived: bool = self.cleaned_data["archived"]
        if archived and (self.instance.is_default or self.cleaned_data.get("is_default")):
            raise forms.ValidationError(StatusRefusedError.message)
        return archived


class FieldForm(forms.ModelForm):  # type: ignore[type-arg]
    """`options` as people write a list: one entry a line."""

    options = forms.CharField(
        label=_("Entries"),
        help_text=_("For “One of a list”: one a line."),
        widget=forms.Textarea(attrs={"rows": 3}),
        required=False,
    )

    class Meta:
        model = CategoryField
        fields = (
            "label",
            "key",
            "kind",
            "required",
            "options",
            "help_text",
            "position",
            "archived",
        )
        labels = {
            "label": _("Label"),
            "key": _("Key"),
            "kind": _("Kind"),
            "required": _("Required"),
            "help_text": _("Hint"),
            "position": _("Place in the list"),
            "archived": _("No longer in use"),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["options"] = "\n".join(map(str, self.instance.options))
        for field in self.fields.values():  # the heads of the table's columns are far away
            field.widget.attrs.setdefault("aria-label", str(field.label))

    def clean_options(self) -> list[str]:
        lines = [line.strip() for line in self.cleaned_data["options"].splitlines()]
        return list(dict.fromkeys(line for line in lines if line))

    def clean(self) -> None:
        super().clean()
        is_choice = self.cleaned_data.get("kind") == CategoryField.Kind.CHOICE
        if is_choice and not self.cleaned_data.get("options"):
            self.add_error("options", _("Write the entries of the list, one a line."))


class CategoryForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = Category
        fields = (
            "name",
            "slug",
            "parent",
            "description",
            "team",
            "impact",
            "urgency",
            "position",
            "archived",
        )
        labels = {
            "name": _("Name"),
            "slug": _("Name in addresses"),
            "parent": _("Below"),
            "description": _("Description"),
            "team": _("Team"),
            "impact": _("Impact"),
            "urgency": _("Urgency"),
            "position": _("Place in the list"),
            "archived": _("No longer in use"),
        }

    def clean_parent(self) -> Category | None:
        parent: Category | None = self.cleaned_data["parent"]
        above, seen = parent, set[int]()
        while above is not None and above.pk not in seen:
            if above.pk == self.instance.pk:
                raise forms.ValidationError(_("A category can't stand below itself."))
            seen.add(above.pk)
            above = above.parent
        return parent


class FieldInline(GuardedInline):
    model = CategoryField
    form = FieldForm
    needs = Permission.MANAGE_DESK
    may_add = may_change = True
    prepopulated_fields = {"key": ("label",)}


@admin.register(Category)
class CategoryAdmin(ReferenceAdmin):
    """Archived instead of deleted: tickets keep their category."""

    may_add = True
    form = CategoryForm
    inlines = (FieldInline,)
    list_display = ("name", "parent", "team", "impact", "urgency", "archived")
    list_filter = ("archived", "team")
    list_select_related = ("parent", "team")
    search_fields = ("name",)
    prepopulated_fields = {"slug": ("name",)}


@admin.register(Status)
class StatusAdmin(ReferenceAdmin):
    """Labels may change at any time; what a status means may not, once tickets have it."""

    may_add = True
    form = StatusForm
    list_display = ("agents_read", "customers_read", "category", "is_default", "archived")

    # As readers of this language see them; the form has what is kept.
    @admin.display(description=_("Agents read"))
    def agents_read(self, status: Status) -> str:
        return gettext(status.agent_label)

    @admin.display(description=_("Customers read"))
    def customers_read(self, status: Status) -> str:
        return gettext(status.customer_label)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:  # noqa: ARG002
        return ("slug", "category", "is_default") if obj else ()


@admin.register(PriorityRule)
class PriorityRuleAdmin(ReferenceAdmin):
    """The matrix. A change holds for what is prioritised from then on."""

    titled = _("Priority matrix")
    list_display = ("cell", "priority")
    fields = ("priority",)

    @admin.display(description=_("Impact x urgency"))
    def cell(self, rule: PriorityRule) -> str:
        return f"{rule.get_impact_display()} x {rule.get_urgency_display()}"
