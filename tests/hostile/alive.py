"""What on a page could run, load or lead astray: found by the standard library's own parser."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from urllib.parse import urlsplit

_RUNNING = {
    "applet", "base", "embed", "form", "frame", "iframe", "link", "math", "meta", "object",
    "script", "style", "svg", "template",
}  # fmt: skip
_LOADING = {"action", "background", "data", "formaction", "poster", "src", "srcset", "xlink:href"}
_INERT = {"aria-label", "id", "nonce", "title"}
_HANDLERS = re.compile(r"on|x-|@|:|hx-|style$|srcdoc$|v-")
_CHANGING = re.compile(
    r"nonce-?|\b[0-9a-hjkmnp-tv-z]{16}\b|\b[0-9a-f-]{36}\b|\b[0-9a-f]{8,64}\b|\d+"
)
_HARMLESS = {"", "http", "https", "mailto", "tel"}


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.alive: set[str] = set()
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        for name, value in found.items():
            address = value.strip("\0\t\n\r ")
            scheme = re.sub(r"[\0-\x20]", "", address).partition(":")[0].lower()
            if _HANDLERS.match(name):
                self.alive.add(_still(f"<{tag} {name}={value!r}>"))
            if name in _LOADING and (urlsplit(address).netloc or address.startswith("data:")):
                self.alive.add(_still(f"<{tag} {name}={value!r}>"))
            if name == "href" and ":" in address and scheme not in _HARMLESS:
                self.alive.add(_still(f"<{tag} {name}={value!r}>"))
        if tag in _RUNNING and not (tag == "meta" and "http-equiv" not in found):
            told = " ".join(f"{k}={v!r}" for k, v in sorted(found.items()) if k not in _INERT)
            self.alive.add(_still(f"<{tag} {told}>"))

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def _still(told: str) -> str:
    """Without what differs between two loads of one page: numbers, refs, tokens."""
    return _CHANGING.sub("#", told)


def alive(page: str) -> set[str]:
    reader = _Reader()
    reader.feed(page)
    return reader.alive


def text(page: str) -> str:
    """The words on a page, with every entity resolved and white space made single."""
    reader = _Reader()
    reader.feed(page)
    return " ".join("".join(reader.text).split())
