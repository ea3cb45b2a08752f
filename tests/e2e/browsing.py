"""People of the demo in a browser whose complaints are written down."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page

from demo.reading import load_desk
from tests.e2e.desk import Desk


def watched(context: BrowserContext, complaints: list[str]) -> Page:
    """A page whose every console error, failed script and refused policy is written down."""
    page = context.new_page()
    page.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    return page


def visitor(browser: Browser, desk: Desk, complaints: list[str], **how: Any) -> Page:
    """A stranger's page; `how` is what Playwright's new_context() takes."""
    return watched(browser.new_context(base_url=desk.url, **how), complaints)


def email_of(label: str) -> str:
    """Of whom the demo's sign-in page names so, such as "Agent" or "Team lead"."""
    demo = load_desk()
    return next(demo.people[e.person].email for e in demo.sign_ins if e.label.startswith(label))


def sign_in(page: Page, desk: Desk, label: str) -> Page:
    page.goto(f"{desk.url}/account/login/")
    page.get_by_label("Email").fill(email_of(label))
    page.get_by_label("Password", exact=True).fill(load_desk().password)
    page.locator("main form button[type=submit]").first.click()
    page.wait_for_url(lambda url: "/login/" not in url)
    return page
