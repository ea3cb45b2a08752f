"""An agent's day by keyboard alone, many tickets at once, and a view that is kept."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.axe import assert_accessible
from tests.e2e.browsing import email_of, sign_in, watched
from tests.e2e.desk import Desk

pytestmark = pytest.mark.browser

QUEUE = "/admin/tickets/ticket/"


def arrive(browser: Browser, desk: Desk, label: str, complaints: list[str]) -> Page:
    page = watched(browser.new_context(viewport={"width": 1440, "height": 900}), complaints)
    return sign_in(page, desk, label)


def here(page: Page) -> str:
    """The ticket on which the keyboard stands."""
    found: str = page.evaluate("document.activeElement.closest('[data-row]')?.dataset.row ?? ''")
    return found


def test_an_agent_works_by_keyboard_alone(shared_desk: Desk, browser: Browser) -> None:
    complaints: list[str] = []
    page = arrive(browser, shared_desk, "Administrator", complaints)
    page.goto(f"{shared_desk.url}/admin/")
    expect(page.locator(".today-box").first).to_be_visible()
    assert_accessible(page)

    page.keyboard.press("g")
    page.keyboard.press("u")
    page.wait_for_url("**/ticket/?view=unassigned")
    assert_accessible(page)
    page.keyboard.press("j")
    first = here(page)
    page.keyboard.press("j")
    second = here(page)
    page.keyboard.press("k")
    assert here(page) == first != second
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/ticket/{second}/change/**")
    page.keyboard.press("n")
    expect(page.locator("form.composer.note textarea")).to_be_focused()
    page.go_back()
    page.wait_for_function(
        f"document.activeElement.closest('[data-row]')?.dataset.row === '{second}'"
    )

    page.keyboard.press("s")
    expect(page.get_by_role("combobox", name="Set status")).to_be_focused()
    page.keyboard.type("ope")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Set status Open: 1 ticket", exact=True)).to_be_visible()
    row = page.locator(f"[data-row='{second}']")
    expect(row.locator(".q-status")).to_have_text("Open")

    page.locator(f"#t{second}").focus()
    page.keyboard.press("a")
    page.keyboard.type("(me)")
    page.keyboard.press("Enter")
    expect(page.get_by_text(re.compile("Assign to .*: 1 ticket"))).to_be_visible()
    expect(row).to_have_count(0)  # it has somebody now

    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard")).to_be_visible()
    page.get_by_label("Single keys do something").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    assert here(page) == ""
    page.keyboard.press("/")
    expect(page.get_by_label("Search tickets")).not_to_be_focused()
    assert complaints == []


def test_many_are_closed_at_once_and_a_view_is_kept(shared_desk: Desk, browser: Browser) -> None:
    complaints: list[str] = []
    page = arrive(browser, shared_desk, "Administrator", complaints)
    page.goto(f"{shared_desk.url}{QUEUE}?view=active&order=oldest")
    boxes = page.locator(".q-row input[type=checkbox]")
    numbers = [boxes.nth(place).get_attribute("value") for place in range(3)]
    boxes.nth(0).check()
    boxes.nth(2).click(modifiers=["Shift"])
    expect(page.get_by_text("3 chosen")).to_be_visible()
    page.get_by_role("button", name="Close", exact=True).click()
    expect(page.get_by_text("Close: 3 tickets", exact=True)).to_be_visible()
    for number in numbers:
        expect(page.locator(f"[data-row='{number}']")).to_have_count(0)

    panel = page.locator(".q-filter .q-panel")
    page.keyboard.press("f")
    expect(panel).to_be_visible()
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    expect(page.locator(".q-filter summary")).to_be_focused()
    page.keyboard.press("f")
    page.locator("#header-inner h1").click()
    expect(panel).to_be_hidden()
    page.keyboard.press("f")
    page.locator(".q-filter label", has_text="P3").click()
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page.locator(".q-phrase", has_text="P3")).to_be_visible()
    page.wait_for_function("'live' in document.querySelector('.queue').dataset")
    page.keyboard.press("v")
    expect(page.get_by_role("heading", name="Keep as a view")).to_be_visible()
    assert_accessible(page)
    page.locator("#new-name").fill("Middling")
    page.get_by_role("button", name="Keep", exact=True).first.click()
    expect(page.get_by_role("link", name="Middling").first).to_have_attribute(
        "aria-current", "page"
    )
    expect(page.get_by_role("heading", name="Middling")).to_be_visible()
    assert complaints == []


def test_a_caller_is_found_while_typing(shared_desk: Desk, browser: Browser) -> None:
    complaints: list[str] = []
    page = arrive(browser, shared_desk, "Agent", complaints)
    page.goto(f"{shared_desk.url}{QUEUE}add/?category=card-not-arrived")
    email = email_of("Customer")

    page.get_by_label("Requester's e-mail").press_sequentially(email[:4])

    expect(page.locator(f"#people-like option[value='{email}']")).to_have_count(1)
    assert complaints == []


@pytest.mark.parametrize("at", ["", "tickets/ticket/", "accounts/user/", "availability/"])
def test_the_keyboard_skips_the_side(shared_desk: Desk, browser: Browser, at: str) -> None:
    complaints: list[str] = []
    page = arrive(browser, shared_desk, "Administrator", complaints)
    page.goto(f"{shared_desk.url}/admin/{at}")
    skip = page.get_by_role("link", name="Skip to the content")

    page.keyboard.press("Tab")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")

    assert page.evaluate("!!document.activeElement.closest('#content')")
    assert complaints == []
