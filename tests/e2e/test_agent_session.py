"""An agent's day by keyboard alone, many tickets at once, and a view that is kept."""

from __future__ import annotations

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from demo.reading import load_desk
from tests.e2e.desk import Desk

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("e2e")]

SHOTS = Path(__file__).resolve().parents[2] / "docs" / "screenshots"
QUEUE = "/admin/tickets/ticket/"


def enter(page: Page, desk: Desk, label: str) -> None:
    demo = load_desk()
    person = next(demo.people[entry.person] for entry in demo.sign_ins if label in entry.label)
    page.goto(f"{desk.url}/account/login/")
    page.get_by_label("Email").fill(person.email)
    page.get_by_label("Password").fill(demo.password)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "/login/" not in url)


def watched(browser: Browser, complaints: list[str]) -> Page:
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    return page


def serious(page: Page) -> list[str]:
    """What axe finds serious in our part of the page; the frame around it is django-unfold's."""
    found = Axe().run(page, context={"include": [[".queue"]]}).response["violations"]
    return [f"{v['id']}: {v['nodes'][0]['html'][:200]}" for v in found
            if v["impact"] in {"serious", "critical"}]  # fmt: skip


def here(page: Page) -> str:
    """The ticket on which the keyboard stands."""
    found: str = page.evaluate("document.activeElement.closest('[data-row]')?.dataset.row ?? ''")
    return found


def test_an_agent_works_by_keyboard_alone(shared_desk: Desk, browser: Browser) -> None:
    complaints: list[str] = []
    page = watched(browser, complaints)
    enter(page, shared_desk, "Administrator")
    page.goto(f"{shared_desk.url}/admin/")
    expect(page.locator(".today-box").first).to_be_visible()
    assert serious(page) == []

    page.keyboard.press("g")
    page.keyboard.press("u")
    page.wait_for_url("**/ticket/?view=unassigned")
    assert serious(page) == []
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
    expect(page.get_by_text("1 ticket done.")).to_be_visible()
    row = page.locator(f"[data-row='{second}']")
    expect(row.locator(".q-status")).to_have_text("Open")

    page.locator(f"#t{second}").focus()
    page.keyboard.press("a")
    page.keyboard.type("(me)")
    page.keyboard.press("Enter")
    expect(page.get_by_text("1 ticket done.")).to_be_visible()
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
    page = watched(browser, complaints)
    enter(page, shared_desk, "Administrator")
    page.goto(f"{shared_desk.url}{QUEUE}?view=active&order=oldest")
    boxes = page.locator(".q-row input[type=checkbox]")
    numbers = [boxes.nth(place).get_attribute("value") for place in range(3)]
    boxes.nth(0).check()
    boxes.nth(2).click(modifiers=["Shift"])
    expect(page.get_by_text("3 chosen")).to_be_visible()
    page.get_by_role("button", name="Close", exact=True).click()
    expect(page.get_by_text("3 tickets done.")).to_be_visible()
    for number in numbers:
        expect(page.locator(f"[data-row='{number}']")).to_have_count(0)

    page.keyboard.press("f")
    page.locator(".q-filter label", has_text="P3").click()
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page.locator(".q-phrase", has_text="P3")).to_be_visible()
    page.wait_for_function("'live' in document.querySelector('.queue').dataset")
    page.keyboard.press("v")
    expect(page.get_by_role("heading", name="Keep as a view")).to_be_visible()
    assert serious(page) == []
    page.locator("#new-name").fill("Middling")
    page.get_by_role("button", name="Keep", exact=True).first.click()
    expect(page.get_by_role("link", name="Middling").first).to_have_attribute(
        "aria-current", "page"
    )
    expect(page.get_by_role("heading", name="Middling")).to_be_visible()
    assert complaints == []


@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (390, "dark"), (390, "light")])
def test_the_pages_are_shown(shared_desk: Desk, browser: Browser, width: int, scheme: str) -> None:
    """Also the pictures of docs/screenshots."""
    context = browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme=scheme,  # type: ignore[arg-type]
    )
    page = context.new_page()
    enter(page, shared_desk, "Team lead")
    for name, path in (("queue", f"{QUEUE}?view=active"), ("today", "/admin/")):
        page.goto(f"{shared_desk.url}{path}")
        page.wait_for_load_state("networkidle")
        assert serious(page) == []
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= width, f"{path} scrolls sideways"
        size = "desktop" if width > 1000 else "phone"
        page.screenshot(path=SHOTS / f"desk-{name}-{size}-{scheme}.png")
