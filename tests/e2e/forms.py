"""A customer without a browser: reads a page's form and sends it, as a browser would."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin

import requests

from tests.e2e.desk import Desk


class _Forms(HTMLParser):
    """The forms of a page, each with its action and what its fields hold."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[tuple[str, dict[str, str]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append((found.get("action", ""), {}))
        elif tag in {"input", "textarea", "select"} and self.forms and "name" in found:
            ticked = found.get("type") not in {"checkbox", "radio"} or "checked" in found
            if ticked:
                self.forms[-1][1][found["name"]] = found.get("value", "")


def page_form(text: str, *names: str) -> dict[str, str]:
    """What the form that has all these fields holds."""
    parser = _Forms()
    parser.feed(text)
    for _action, fields in parser.forms:
        if set(names) <= set(fields):
            return fields
    raise AssertionError(f"no form with {sorted(names)}: {text[:2000]}")


def submit(session: requests.Session, url: str, **values: Any) -> requests.Response:
    """Open a page and send the form on it that has all these fields."""
    page = session.get(url, timeout=20)
    parser = _Forms()
    parser.feed(page.text)
    for action, fields in parser.forms:
        if set(values) <= set(fields):
            return session.post(
                urljoin(page.url, action),
                data=fields | values,
                headers={"Referer": page.url},
                timeout=20,
            )
    raise AssertionError(f"no form with {sorted(values)} at {page.url}: {page.text[:3000]}")


def sign_in(desk: Desk, email: str, password: str) -> requests.Session:
    session = requests.Session()
    answer = submit(session, f"{desk.url}/account/login/", login=email, password=password)
    assert "sessionid" in session.cookies, answer.text[:3000]
    return session
