from __future__ import annotations

import uuid

from django import forms
from django.contrib.admin.widgets import AdminSplitDateTime
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from apps.accounts.models import Team, User
from apps.tickets.forms import FilesField
from apps.tickets.models import Category, Level, Status


class ComposerForm(forms.Form):
    """A reply or a work note; `version` is the ticket as its writer saw it."""

    text = forms.CharField(label=_("Message"), widget=UnfoldAdminTextareaWidget(attrs={"rows": 6}))
    internal = forms.BooleanField(
        label=_("Work note: only staff read it"), required=False, widget=UnfoldBooleanSwitchWidget
    )
    status = forms.ModelChoiceField(
        Status.objects.filter(archived=False).exclude(category="merged"),
        label=_("Then set the status to"),
        required=False,
        widget=UnfoldAdminSelectWidget,
    )
    attachments = FilesField(label=_("Files"), required=False)
    submission = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)
    version = forms.IntegerField(widget=forms.HiddenInput)


class StatusForm(forms.Form):
    status = forms.ModelChoiceField(
        Status.objects.filter(archived=False).exclude(category="merged"),
        label=_("Status"),
        widget=UnfoldAdminSelectWidget,
    )
    until = forms.SplitDateTimeField(
        label=_("Scheduled until"), required=False, widget=AdminSplitDateTime
    )


class AssignForm(forms.Form):
    team = forms.ModelChoiceField(
        Team.objects.all(), label=_("Team"), required=False, widget=UnfoldAdminSelectWidget
    )
    assignee = forms.ModelChoiceField(
        User.objects.filter(is_staff=True, is_active=True).order_by("name"),
        label=_("Assignee"),
        required=False,
        widget=UnfoldAdminSelectWidget,
    )


class SortForm(forms.Form):
    category = forms.ModelChoiceField(
        Category.objects.filter(archived=False),
        label=_("Category"),
        required=False,
        widget=UnfoldAdminSelectWidget,
    )
    impact = forms.TypedChoiceField(
        label=_("Impact"), choices=Level.choices, coerce=int, widget=UnfoldAdminSelectWidget
    )
    urgency = forms.TypedChoiceField(
        label=_("Urgency"), choices=Level.choices, coerce=int, widget=UnfoldAdminSelectWidget
    )


class MergeForm(forms.Form):
    number = forms.IntegerField(
        label=_("Number of the ticket that goes on"),
        min_value=1,
        widget=UnfoldAdminTextInputWidget,
    )
