"""The account in a real browser: every page of it passes axe, in both schemes and right to left."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from demo.reading import load_desk
from tests.e2e.axe import assert_accessible
from tests.e2e.desk import Desk

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("e2e")]

PAGES = (
    "/account/",
    "/account/email/",
    "/account/password/change/",
    "/account/2fa/",
    "/account/sessions/",
    "/account/data/",
    "/notifications/",
    "/notifications/preferences/",
    "/nothing/here/",
)
STRANGERS = ("/account/login/", "/account/signup/", "/account/password/reset/", "/styles/")


def watched(browser: Browser, desk: Desk, **how: object) -> tuple[Page, list[str]]:
    """A page that notes what its console complains of."""
    page = browser.new_context(base_url=desk.url, **how).new_page()  # type: ignore[arg-type]
    told: list[str] = []
    page.on("pageerror", lambda error: told.append(str(error)))
    page.on(
        "console",
        lambda line: (
            told.append(line.text) if line.type == "error" and "404" not in line.text else None
        ),
    )
    return page, told


def sign_in(page: Page) -> None:
    demo = load_desk()
    page.goto("/account/login/")
    page.get_by_label("Email").fill(demo.people["nadia"].email)
    page.get_by_label("Password", exact=True).fill(demo.password)
    page.locator("main form button[type=submit]").first.click()
    page.wait_for_url("/")


def test_pages_pass_axe_on_a_desktop_and_a_dark_phone(browser: Browser, shared_desk: Desk) -> None:
    desktop, told = watched(browser, shared_desk, color_scheme="light")
    for path in STRANGERS:
        desktop.goto(path)
        assert_accessible(desktop)
    phone, told_phone = watched(
        browser, shared_desk, color_scheme="dark", viewport={"width": 390, "height": 844}
    )
    phone.goto("/styles/")
    assert_accessible(phone)
    sign_in(phone)
    for path in PAGES:
        phone.goto(path)
        assert_accessible(phone)
        assert phone.evaluate("document.documentElement.scrollWidth <= innerWidth"), path

    assert told + told_phone == []


def test_looks_and_language_change_where_one_is(browser: Browser, shared_desk: Desk) -> None:
    page, told = watched(browser, shared_desk)
    page.goto("/account/signup/")

    page.get_by_role("button", name="Dark").click()
    expect(page).to_have_url(f"{shared_desk.url}/account/signup/")
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.get_by_label("Language").select_option("ar")
    page.wait_for_function("document.documentElement.dir === 'rtl'")

    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == dark
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert_accessible(page)
    assert told == []
