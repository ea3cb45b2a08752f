"""Looks and language are changed where one is, signed in or not."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.axe import assert_accessible
from tests.e2e.browsing import visitor
from tests.e2e.desk import Desk

pytestmark = pytest.mark.browser


def test_looks_and_language_change_where_one_is(browser: Browser, shared_desk: Desk) -> None:
    told: list[str] = []
    page = visitor(browser, shared_desk, told)
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
