"""What the admin calls models, columns and fields: in German none of it is left in English."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib import admin
from django.contrib.admin.utils import label_for_field
from django.db.models import Model
from django.test import Client
from django.urls import get_resolver, reverse
from django.utils import formats, translation
from django.utils.translation import trans_real

from apps.accounts.models import Organisation, Team, User
from apps.events.facts import registered
from apps.ops.catalogues import compile_all
from tests.cast import Cast

get_resolver().url_patterns  # noqa: B018  project.urls takes some models out of the admin
MODELS = sorted(admin.site._registry, key=lambda model: model._meta.label)
# German says the same.
SAME = {"id", "name", "organisation", "status", "team", "teams", "text", "ticket", "tickets"}
SAME |= {"version", "agent", "system", "journal", "portal", "spam", "webhook", "webhooks"}
TOLD_IN = {"thead", "label", "legend", "h1", "h2", "h3", "title"}


@pytest.fixture(autouse=True)
def _languages() -> Iterator[None]:
    """The catalogues as they are; and no request's language stays for the next test."""
    compile_all(Path(settings.LOCALE_PATHS[0]))
    trans_real._translations.clear()  # type: ignore[attr-defined]
    with translation.override(settings.LANGUAGE_CODE):
        yield


def names_of(model: type[Model]) -> Iterator[str]:
    """The names that the admin has of a model: itself, its app, its columns and its filters."""
    shown, meta = admin.site._registry[model], model._meta
    yield from (str(meta.verbose_name), str(meta.verbose_name_plural))
    yield str(meta.app_config.verbose_name)
    for column in shown.list_display:
        if column not in {"__str__", "action_checkbox"}:
            yield str(label_for_field(str(column), model, shown))
    for chosen in shown.list_filter:
        named = chosen[0] if isinstance(chosen, tuple) else chosen
        title = getattr(named, "title", None) if isinstance(named, type) else None
        yield str(title or label_for_field(str(named), model, shown))


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_models_columns_and_filters_are_named_in_german(model: type[Model]) -> None:
    with translation.override("en"):
        english = list(names_of(model))
    with translation.override("de"):
        german = list(names_of(model))

    left = {name for name, said in zip(english, german, strict=True) if name == said}

    assert {name for name in left if name.lower() not in SAME} == set()


class Heads(HTMLParser):
    """The texts of heads of columns, of labels and of titles."""

    def __init__(self) -> None:
        super().__init__()
        self.inside: list[str] = []
        self.is_icon = False
        self.found: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.is_icon = "material-symbols-outlined" in (dict(attrs).get("class") or "")
        if tag in TOLD_IN:
            self.inside.append(tag)

    def handle_endtag(self, tag: str) -> None:
        self.is_icon = False
        if tag in TOLD_IN and tag in self.inside:
            self.inside.remove(tag)

    def handle_data(self, data: str) -> None:
        if self.inside and not self.is_icon:
            parts = (part.strip(" \n*:|") for part in data.split(" | "))  # a title has several
            self.found.update(part for part in parts if part)


def heads(client: Client, path: str) -> set[str]:
    answer = client.get(path)
    assert answer.status_code == 200, path
    parser = Heads()
    parser.feed(answer.content.decode())
    return {text for text in parser.found if re.search(r"[^\W\d_]{2}", text)}


def pages() -> Iterator[str]:
    for model, shown in admin.site._registry.items():
        name = f"{model._meta.app_label}_{model._meta.model_name}"
        yield f"{name}_changelist"
        has_add = any(getattr(url, "name", "") == f"{name}_add" for url in shown.get_urls())
        if has_add and getattr(shown, "may_add", False):
            yield f"{name}_add"


@pytest.mark.django_db
def test_lists_and_forms_are_german_to_whoever_reads_german(cast: Cast) -> None:
    client, left = Client(), {}
    client.force_login(cast.ada)
    data = {str(row) for kind in (User, Organisation, Team) for row in kind.objects.all()}
    data |= {settings.DESK_NAME, *registered()}  # one name in every language

    for page in pages():
        told = []
        for language in ("en", "de"):
            User.objects.filter(pk=cast.ada.pk).update(locale=language)
            told.append(heads(client, reverse(f"admin:{page}")))
        english, german = told
        assert german, page
        left[page] = {text for text in english & german - data if text.lower() not in SAME}

    assert {page: texts for page, texts in left.items() if texts} == {}


@pytest.mark.parametrize("language", [code for code, _name in settings.LANGUAGES])
@pytest.mark.parametrize("ours", ["NEAR_DATE_FORMAT", "NEAR_DATETIME_FORMAT"])
def test_every_language_has_our_formats_of_dates(language: str, ours: str) -> None:
    assert formats.get_format(ours, lang=language) != ours
