from __future__ import annotations

from django import forms
from django.contrib.auth import login
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone

from floor.models import Person, Row

OWNER, WRITER = 1, 2


class RowForm(forms.Form):
    title = forms.CharField(max_length=200)
    text = forms.CharField(widget=forms.Textarea)


def sign_in(request: HttpRequest) -> HttpResponse:
    reader, _ = User.objects.get_or_create(username="reader")
    login(request, reader)  # type: ignore[arg-type]  # the floor's users are Django's own
    return redirect("rows", 1)


@login_required
def rows(request: HttpRequest, count: int) -> HttpResponse:
    owner = Person.objects.get(pk=OWNER)
    found = Row.objects.filter(owner=owner).order_by("-updated_at")[:count]
    return render(request, "list.html", {"owner": owner, "rows": found})


@login_required
def row(request: HttpRequest, pk: int) -> HttpResponse:
    return render(request, "list.html", {"rows": [get_object_or_404(Row, pk=pk)]})


@login_required
def insert(request: HttpRequest) -> HttpResponse:
    form = RowForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        made = Row.objects.create(
            owner_id=WRITER, state="new", updated_at=timezone.now(), **form.cleaned_data
        )
        return redirect("row", made.pk)
    return render(request, "form.html", {"form": form})
