"""Translations: found in the sources, kept in locale/, compiled. Pure Python: no gettext needed."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

PYTHON = ("apps", "project")
TEMPLATES = ("templates",)
_KEYWORDS: dict[str, tuple[int | tuple[int, str], ...] | None] = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
    "npgettext_lazy": ((1, "c"), 2, 3),
}


def found_in(root: Path) -> Catalog:
    """Every text of the sources that gettext is asked for."""
    catalog = Catalog(project="Tendril", charset="utf-8")
    for path, source in _sources(root):
        content = io.BytesIO(source.encode())
        for line, texts, comments, context in extract(
            "python", content, keywords=_KEYWORDS, comment_tags=["Translators:"]
        ):
            del line  # numbers of lines would change the catalogue with every commit
            text = tuple(texts) if isinstance(texts, (list, tuple)) else texts
            catalog.add(text, locations=[(path, 0)], auto_comments=comments, context=context)
    return catalog


def _sources(root: Path) -> Iterator[tuple[str, str]]:
    for folder in PYTHON:
        for path in sorted((root / folder).rglob("*.py")):
            if "migrations" not in path.parts:
                yield path.relative_to(root).as_posix(), path.read_text()
    for folder in TEMPLATES:
        for path in sorted((root / folder).rglob("*")):
            if path.suffix in {".html", ".txt"}:
                yield path.relative_to(root).as_posix(), _flat(str(templatize(path.read_text())))


def _flat(source: str) -> str:
    """Without indentation, which is a page's own: to Python's tokenizer it would be an error."""
    return "\n".join(line.strip() for line in source.splitlines())


def catalogue_of(folder: Path, language: str) -> Path:
    return folder / language / "LC_MESSAGES" / "django.po"


def load(path: Path, language: str) -> Catalog:
    """A catalogue; an empty one if there is none yet."""
    if not path.exists():
        return Catalog(locale=language, charset="utf-8", fuzzy=False)
    with path.open("rb") as file:
        return read_po(file, locale=language)


def update(folder: Path, language: str, found: Catalog) -> Catalog:
    """Bring a catalogue up to the sources: new texts are empty, those that are gone leave."""
    path = catalogue_of(folder, language)
    catalog = load(path, language)
    catalog.update(found, no_fuzzy_matching=True, update_creation_date=False)
    catalog.obsolete.clear()
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".draft")
    with draft.open("wb") as file:
        write_po(
            file, catalog, width=100, sort_output=True, include_lineno=False, omit_header=False
        )
    draft.rename(path)
    return catalog


def compile_all(folder: Path) -> list[Path]:
    """Write a .mo beside each .po that is newer, whole or not at all. Returns those written."""
    written = []
    for path in sorted(folder.glob("*/LC_MESSAGES/*.po")):
        compiled = path.with_suffix(".mo")
        if compiled.exists() and compiled.stat().st_mtime >= path.stat().st_mtime:
            continue
        draft = compiled.with_suffix(f".{os.getpid()}.draft")
        with path.open("rb") as source, draft.open("wb") as file:
            write_mo(file, read_po(source, locale=path.parts[-3]))
        draft.rename(compiled)
        written.append(compiled)
    return written
