"""The main job of the desk, in a real browser: ask, answer, read, ask again."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass

import pytest
from PIL import Image
from playwright.sync_api import Browser, FilePayload, Page, expect

from tests.e2e.browsing import sign_in, watched
from tests.e2e.desk import Desk

pytestmark = pytest.mark.browser

PASSWORD = "a long enough password"


@dataclass(frozen=True, slots=True)
class Customer:
    """Somebody new, and what she asks: others' tickets and mails are on the same desk."""

    email: str
    subject: str


WANDA = Customer("wanda.moss@example.net", "My card came broken")
WITHOUT_SCRIPTS = Customer("wanda.fern@example.net", "My card came bent")


def _picture() -> FilePayload:
    data = io.BytesIO()
    Image.new("RGB", (320, 200), "teal").save(data, "PNG")
    return {"name": "broken card.png", "mimeType": "image/png", "buffer": data.getvalue()}


def _mail(page: Page, desk: Desk, subject: str, to: str) -> str:
    """The text of the newest mail to this address with this in its subject, once it is there."""
    link = page.get_by_role("link", name=re.compile(re.escape(subject))).filter(has_text=to).first
    for _ in range(60):
        page.goto(f"{desk.url}/outbox/")
        if link.count():
            break
        page.wait_for_timeout(500)
    link.click()
    source = page.get_by_role("link", name="Download").get_attribute("href")
    return page.request.get(f"{desk.url}{source}").text()


def _sign_up(page: Page, desk: Desk, email: str) -> None:
    page.goto(f"{desk.url}/account/signup/")
    page.get_by_label("Your name").fill("Wanda Moss")
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign up").click()
    expect(page.get_by_label("Code")).to_be_visible()
    reading = page.context.new_page()
    mail = _mail(reading, desk, "Your code for Tendril", email)
    reading.close()
    code = re.search(r"^([A-Z0-9]{4}-[A-Z0-9]{4})\s*$", mail, re.MULTILINE)
    assert code, mail
    page.get_by_label("Code").fill(code[1])
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("heading", name="Hello Wanda")).to_be_visible()


def _raise_with_a_picture(page: Page, subject: str) -> str:
    page.get_by_role("link", name="New request").first.click()
    page.get_by_role("link", name="Card has not arrived").click()
    page.get_by_label("Subject").fill(subject)
    page.get_by_label("Message").fill("It is in **two** pieces. See the picture.")
    page.get_by_label("Files").set_input_files([_picture()])
    for field in page.locator("main select[required]").all():
        field.select_option(index=1)
    for field in page.locator("main input[required]:not([name=subject])").all():
        field.fill("2026-11-20" if field.get_attribute("type") == "date" else "1234")
    page.get_by_role("button", name="Send request").click()
    expect(page.get_by_role("heading", name=subject)).to_be_visible()
    # It has its place on the page before its bytes have come.
    expect(page.locator(".file-grid img")).to_have_js_property("naturalWidth", 320)
    return page.url


def _answer(page: Page, desk: Desk) -> None:
    sign_in(page, desk, "Agent")
    page.get_by_role("link", name="Desk").click()
    page.get_by_role("link", name="All active").first.click()
    page.get_by_role("link", name=WANDA.subject).click()
    expect(page.locator(".message strong").first).to_have_text("Wanda Moss")
    expect(page.locator(".files img")).to_be_visible()
    page.get_by_role("button", name="Take it").click()
    expect(page.get_by_role("button", name="Take it")).to_have_count(0)
    page.locator("label[for=ws-note]").click()
    page.get_by_label("Your work note").fill("She is polite, but the card was bent by hand.")
    page.get_by_role("button", name="Add work note").click()
    expect(page.locator(".message.internal")).to_have_count(1)
    expect(page.get_by_role("button", name="Send reply")).to_be_visible()  # no draft of the note
    page.get_by_label("Your reply").fill("A new card is on its way.\n\nSorry about that!")
    page.get_by_label("Send and set a status").click()
    page.get_by_role("button", name="Send and set Pending").click()
    expect(page.locator("#conversation .message.out.public")).to_have_count(1, timeout=30_000)
    expect(page.locator(".chips .chip").first).to_have_text("Pending")


def test_a_customer_asks_and_an_agent_answers(shared_desk: Desk, browser: Browser) -> None:
    desk = shared_desk
    complaints: list[str] = []
    customer = watched(browser.new_context(), complaints)
    agent = watched(browser.new_context(), complaints)

    _sign_up(customer, desk, WANDA.email)
    where = _raise_with_a_picture(customer, WANDA.subject)
    _answer(agent, desk)
    mail = _mail(customer, desk, WANDA.subject, WANDA.email)
    customer.goto(where)
    expect(customer.get_by_text("A new card is on its way.")).to_be_visible()
    customer.get_by_label("Message").fill("Thank you, it came.")
    customer.get_by_role("button", name="Send reply").click()
    expect(customer.get_by_text("Thank you, it came.")).to_be_visible()
    agent.reload()

    expect(agent.locator(".message").last).to_contain_text("Thank you, it came.")
    expect(agent.locator(".chips .chip").first).to_have_text("Open")
    assert customer.get_by_text("bent by hand").count() == 0
    assert "bent by hand" not in mail
    assert complaints == []


def test_a_customer_without_javascript_asks_too(shared_desk: Desk, browser: Browser) -> None:
    page = browser.new_context(java_script_enabled=False).new_page()

    _sign_up(page, shared_desk, WITHOUT_SCRIPTS.email)
    _raise_with_a_picture(page, WITHOUT_SCRIPTS.subject)
    page.get_by_role("button", name="It's solved").click()
    page.get_by_role("button", name="Reopen").click()

    expect(page.get_by_role("button", name="It's solved")).to_be_visible()
