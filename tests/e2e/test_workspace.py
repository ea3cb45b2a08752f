"""Two agents and a customer on one ticket, in real browsers."""

from __future__ import annotations

import re
import uuid

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.browsing import sign_in, watched
from tests.e2e.desk import Desk

pytestmark = pytest.mark.browser

SOON = 30_000  # milliseconds: an undo's ten seconds and a busy machine


def _signed_in(browser: Browser, desk: Desk, label: str, complaints: list[str]) -> Page:
    return sign_in(watched(browser.new_context(), complaints), desk, label)


def _raise(page: Page, desk: Desk, subject: str) -> int:
    page.goto(f"{desk.url}/new/other/")
    page.get_by_label("Subject").fill(subject)
    page.get_by_label("Message").fill("Please help me with this.")
    page.get_by_role("button", name="Send request").click()
    expect(page.get_by_role("heading", name=subject)).to_be_visible()
    return int(desk.ask(f"Ticket.objects.get(subject={subject!r}).pk"))


def _open(page: Page, desk: Desk, number: int) -> None:
    page.goto(f"{desk.url}/admin/tickets/ticket/{number}/change/")


def test_answers_appear_by_themselves_and_can_be_taken_back(
    shared_desk: Desk, browser: Browser
) -> None:
    complaints: list[str] = []
    customer = _signed_in(browser, shared_desk, "Customer", complaints)
    agent = _signed_in(browser, shared_desk, "Agent", complaints)
    number = _raise(customer, shared_desk, f"Live {uuid.uuid4().hex[:6]}")
    _open(agent, shared_desk, number)
    reply = agent.get_by_label("Your reply")

    reply.fill("Too early")
    agent.keyboard.press("Control+Enter")
    expect(agent.get_by_text(re.compile(r"Sending in \d+ s"))).to_be_visible()
    agent.get_by_role("button", name="Undo").click()
    expect(reply).to_have_value("Too early")
    reply.fill("What is your number?")
    agent.get_by_role("button", name="Send reply").click()
    sent = agent.locator("#conversation .message.out.public")
    expect(sent).to_have_count(1, timeout=SOON)
    customer.reload()
    expect(customer.get_by_text("What is your number?")).to_be_visible()
    assert customer.get_by_text("Too early").count() == 0

    reply.fill("I am still writing")
    customer.get_by_label("Message").fill("It is 42.")
    customer.get_by_role("button", name="Send reply").click()

    expect(agent.locator("#conversation .message.in").last).to_contain_text("42", timeout=SOON)
    expect(agent.locator("#composer-warning")).to_contain_text("while you were writing")
    expect(reply).to_have_value("I am still writing")
    expect(agent.get_by_text(re.compile("Draft kept"))).to_be_visible()
    agent.reload()
    expect(reply).to_have_value("I am still writing")
    assert complaints == []


def test_a_reply_that_was_held_back_returns_to_the_open_page(
    shared_desk: Desk, browser: Browser
) -> None:
    complaints: list[str] = []
    customer = _signed_in(browser, shared_desk, "Customer", complaints)
    agent = _signed_in(browser, shared_desk, "Agent", complaints)
    number = _raise(customer, shared_desk, f"Held {uuid.uuid4().hex[:6]}")
    _open(agent, shared_desk, number)
    reply = agent.get_by_label("Your reply")
    reply.fill("Your card is on its way.")

    agent.get_by_role("button", name="Send reply").click()
    expect(agent.get_by_text(re.compile(r"Sending in"))).to_be_visible()
    reply.fill("And one thing more")
    customer.get_by_label("Message").fill("I have found it.")
    customer.get_by_role("button", name="Send reply").click()

    notice = agent.locator("form.composer.reply .notice")
    expect(notice).to_contain_text("Not sent: there was a new message", timeout=SOON)
    expect(reply).to_have_value("Your card is on its way.\n\nAnd one thing more")
    agent.get_by_role("button", name="Send reply").click()
    answer = agent.locator("#conversation .message.out.public")
    expect(answer).to_contain_text("And one thing more", timeout=SOON)
    expect(answer).to_have_count(1)
    assert complaints == []


def test_a_note_mentions_a_colleague_who_sees_the_others_writing(
    shared_desk: Desk, browser: Browser
) -> None:
    complaints: list[str] = []
    customer = _signed_in(browser, shared_desk, "Customer", complaints)
    agent = _signed_in(browser, shared_desk, "Agent", complaints)
    lead = _signed_in(browser, shared_desk, "Team lead", complaints)
    number = _raise(customer, shared_desk, f"Note {uuid.uuid4().hex[:6]}")
    _open(agent, shared_desk, number)
    _open(lead, shared_desk, number)

    agent.locator("label[for=ws-note]").click()
    note = agent.get_by_label("Your work note")
    note.press_sequentially("Look at this, @")
    option = agent.locator(".composer.note .composer-suggest li").first
    name = option.evaluate("option => option.firstChild.textContent")
    option.click()
    expect(lead.get_by_text(re.compile("is writing a note"))).to_be_visible(timeout=SOON)
    agent.get_by_role("button", name="Add work note").click()

    expect(agent.locator(".message.internal .mention")).to_have_text(f"@{name}")
    expect(lead.locator(".message.internal")).to_have_count(1, timeout=SOON)
    customer.reload()
    assert customer.get_by_text("Look at this").count() == 0
    assert complaints == []


def test_a_merge_is_shown_before_it_is_done_and_can_be_undone(
    shared_desk: Desk, browser: Browser
) -> None:
    complaints: list[str] = []
    customer = _signed_in(browser, shared_desk, "Customer", complaints)
    agent = _signed_in(browser, shared_desk, "Agent", complaints)
    first = _raise(customer, shared_desk, f"First {uuid.uuid4().hex[:6]}")
    second = _raise(customer, shared_desk, f"Second {uuid.uuid4().hex[:6]}")
    _open(agent, shared_desk, second)

    agent.get_by_text("More", exact=True).click()
    agent.get_by_role("link", name="Merge into another ticket").click()
    dialog = agent.get_by_role("dialog")
    dialog.get_by_role("link", name=re.compile(f"#{first}")).click()
    expect(dialog.get_by_text("It can be undone at any time.")).to_be_visible()
    dialog.get_by_role("button", name="Merge").click()

    expect(agent).to_have_url(re.compile(f"/{first}/change/"))
    expect(agent.locator("#conversation .message")).to_have_count(2)
    agent.get_by_role("link", name="Undo", exact=True).click()
    agent.get_by_role("button", name="Unmerge").click()
    expect(agent.locator("#conversation .message")).to_have_count(1)
    assert complaints == []
