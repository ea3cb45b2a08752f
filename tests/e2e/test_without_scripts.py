"""An agent whose browser runs no scripts sees the desk, and works on it."""

from __future__ import annotations

import re
import time
import uuid

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.browsing import sign_in, visitor
from tests.e2e.desk import PATIENCE, Desk

pytestmark = pytest.mark.browser


def _raised(desk: Desk, subject: str) -> int:
    script = (
        "from django.utils import timezone\n"
        "from apps.accounts.models import User\n"
        "from apps.kernel.actors import SYSTEM\n"
        "from apps.tickets import actions\n"
        "customer = User.objects.filter(is_staff=False, is_active=True)[0]\n"
        f"print(actions.raise_ticket(requester=customer, subject={subject!r}, text='Help.',"
        " actor=SYSTEM, now=timezone.now()).pk)"
    )
    return int(desk.run(script))


def _expect_after_reloads(page: Page, selector: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not page.locator(selector).count() and time.monotonic() < deadline:
        time.sleep(1)
        page.reload()
    expect(page.locator(selector)).to_be_visible()


@pytest.mark.parametrize("width", [1440, 390])
def test_an_agent_answers_and_changes_a_ticket(
    shared_desk: Desk, browser: Browser, width: int
) -> None:
    complaints: list[str] = []
    subject = f"Plain {uuid.uuid4().hex[:6]}"
    number = _raised(shared_desk, subject)
    page = visitor(
        browser,
        shared_desk,
        complaints,
        java_script_enabled=False,
        viewport={"width": width, "height": 900},
    )
    sign_in(page, shared_desk, "Administrator")

    page.goto("/admin/")
    expect(page.locator(".today-box").first).to_be_visible()
    expect(page.get_by_role("button", name="Log out")).to_be_visible()
    page.get_by_role("link", name=re.compile("^.*All active")).first.click()
    expect(page.locator("[data-row]").first).to_be_visible()
    page.goto(f"/admin/tickets/ticket/{number}/change/")
    expect(page.get_by_role("heading", name=subject)).to_be_visible()
    page.get_by_label("Your reply").fill("We are looking into it.")
    page.get_by_role("button", name="Send reply").click()

    _expect_after_reloads(page, "#conversation .message.out.public")
    page.get_by_label("Tags").fill("plain")
    page.locator("form.prop:has(#prop-tags) .prop-save").click()
    expect(page.locator(".ws-tags")).to_contain_text("plain")
    page.get_by_text("More", exact=True).click()
    page.get_by_role("link", name="Major incident").click()
    page.get_by_label("Major incident").check()
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".chip.major")).to_have_text("Major incident")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert complaints == []
