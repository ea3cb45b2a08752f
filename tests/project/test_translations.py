"""The catalogues in locale/: nothing doubtful in them, nothing missing, and they compile."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from django.conf import settings
from django.utils import translation
from django.utils.translation import trans_real

from apps.desk.errors import UnknownVariableError
from apps.ops.catalogues import catalogue_of, compile_all, found_in, load, update
from apps.tickets.models import Status

LOCALE = Path(settings.LOCALE_PATHS[0])
OTHERS = [code for code, _name in settings.LANGUAGES if code != settings.LANGUAGE_CODE]
COMPLETE = ["de"]  # Arabic has what customers see, and falls back to English on the desk
_PLACE = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\w+\}|</?\w+")


def catalogue(language: str) -> Catalog:
    return load(catalogue_of(LOCALE, language), language)


def pairs(message: Message) -> Iterator[tuple[str, str]]:
    """Each translation beside what it translates; plurals beside the plural."""
    if isinstance(message.id, str):
        yield message.id, str(message.string)
    else:
        for string in message.string or ():
            yield message.id[-1], string


@pytest.mark.parametrize("language", OTHERS)
def test_nothing_is_fuzzy_and_placeholders_are_those_of_the_source(language: str) -> None:
    wrong = [
        message.id
        for message in catalogue(language)
        if message.id
        for source, string in pairs(message)
        if message.fuzzy or (string and not _same_places(source, string))
    ]

    assert wrong == []


def _same_places(source: str, string: str) -> bool:
    """A plural form for none, one or two may leave out the number."""
    wanted, there = set(_PLACE.findall(source)), set(_PLACE.findall(string))
    return there == wanted or there == wanted - {
        "%(counter)s",
        "%(minutes)s",
        "%(count)s",
        "%(n)s",
    }


@pytest.mark.parametrize("language", COMPLETE)
def test_every_text_of_the_sources_is_translated(language: str) -> None:
    have = {(message.context, message.id) for message in catalogue(language) if _is_whole(message)}
    wanted = {(message.context, message.id) for message in found_in(LOCALE.parent) if message.id}

    assert wanted - have == set()


def _is_whole(message: Message) -> bool:
    return all(string for _source, string in pairs(message))


def test_what_the_sources_ask_for_is_found_in_code_and_templates(tmp_path: Path) -> None:
    for folder in ("apps", "project", "templates"):
        (tmp_path / folder).mkdir()
    (tmp_path / "apps/a.py").write_text('x = _("In code")\ny = ngettext("one", "many", 2)\n')
    (tmp_path / "templates/a.html").write_text(
        '{% load i18n %}{% translate "In a page" %}{% blocktranslate trimmed %}\n'
        "  Hello {{ name }}\n{% endblocktranslate %}"
        '\n    <p>\n  {% translate "Deeper" %}\n </p>'  # no indentation that Python knows
    )

    found = {message.id for message in found_in(tmp_path) if message.id}

    assert found == {"In code", ("one", "many"), "In a page", "Hello %(name)s", "Deeper"}


def test_a_catalogue_follows_the_sources_and_is_compiled(
    tmp_path: Path,
) -> None:
    first, second = Catalog(), Catalog()
    first.add("Gone")
    first.add("Kept")
    second.add("Kept")
    second.add("Came")
    update(tmp_path, "de", first)
    path = catalogue_of(tmp_path, "de")
    path.write_text(path.read_text().replace('msgid "Kept"\nmsgstr ""', KEPT))

    after = update(tmp_path, "de", second)
    written = compile_all(tmp_path)

    texts = {message.id: message.string or "" for message in after if message.id}
    assert texts == {"Kept": "Behalten", "Came": ""}
    assert written == [path.with_suffix(".mo")]
    assert compile_all(tmp_path) == []


KEPT = 'msgid "Kept"\nmsgstr "Behalten"'


def test_the_desk_speaks_them() -> None:
    compile_all(LOCALE)
    trans_real._translations.clear()  # type: ignore[attr-defined]

    with translation.override("de"):
        assert translation.gettext("My requests") == "Meine Anfragen"
        assert str(Status(agent_label="Pending")) == "Wartet"
        assert str(Status(agent_label="At the printer's")) == "At the printer's"  # an admin's own
        assert str(UnknownVariableError(["x"], ["y"])).startswith("Diese Variablen gibt es nicht")
        assert translation.gettext("You have signed out.").startswith("Sie ")  # allauth says du
    with translation.override("ar"):
        assert translation.get_language_bidi()
        assert translation.ngettext("Try again", "Try again", 2) == "Try again"
