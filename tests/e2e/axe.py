"""Accessibility of a page in the browser, by axe-core: nothing serious or critical."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

GRAVE = {"serious", "critical"}


def grave(page: Page) -> list[str]:
    """Each rule that is broken gravely, and where."""
    found = Axe().run(page, options={"resultTypes": ["violations"]})
    return [
        f"{one['id']}: {one['help']}: {[node['target'] for node in one['nodes']][:5]}"
        for one in found.response["violations"]
        if one["impact"] in GRAVE
    ]


def assert_accessible(page: Page) -> None:
    """Raises AssertionError that names each rule and where it is broken."""
    assert grave(page) == [], page.url
