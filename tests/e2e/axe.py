"""Accessibility of a page in the browser, by axe-core: nothing serious or critical."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

GRAVE = {"serious", "critical"}


def assert_accessible(page: Page, *, without: str = "") -> None:
    """Raises AssertionError that names each rule and where it is broken.

    `without` is a selector of what isn't ours, such as the admin's frame.
    """
    context = {"exclude": [[without]]} if without else None
    found = Axe().run(page, context=context, options={"resultTypes": ["violations"]})
    grave = [
        f"{one['id']}: {one['help']}: {[node['target'] for node in one['nodes']][:5]}"
        for one in found.response["violations"]
        if one["impact"] in GRAVE
    ]
    assert grave == [], f"{page.url}\n" + "\n".join(grave)
