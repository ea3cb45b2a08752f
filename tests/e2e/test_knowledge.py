"""A solved ticket becomes an article: an agent drafts, a lead publishes, a visitor rates it."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.browsing import sign_in, watched
from tests.e2e.desk import Desk
from tests.knowledge.shelf import png

pytestmark = pytest.mark.browser

_SOLVED = (
    "Ticket.objects.filter(status_category__in=['resolved', 'closed'], team__private=False)"
    ".order_by('-pk').values_list('pk', flat=True)[0]"
)
_DROP = """(text, [name, bytes]) => {
  const transfer = new DataTransfer();
  transfer.items.add(new File([new Uint8Array(bytes)], name, {type: "image/png"}));
  text.dispatchEvent(new DragEvent("drop", {dataTransfer: transfer, bubbles: true}));
}"""


def _draft(page: Page, desk: Desk) -> str:
    number = desk.ask(_SOLVED)
    page.goto(f"{desk.url}/admin/tickets/ticket/{number}/article/")
    page.get_by_label("Title").fill("A card that came too late")
    page.get_by_label("Summary").fill("What to do when the post is slow.")
    page.get_by_label("Category").select_option(label="Cards")
    page.get_by_role("button", name="Make the draft").click()
    expect(page.get_by_role("link", name=f"#{number}", exact=True)).to_be_visible()
    return page.url


def _write(page: Page) -> None:
    text = page.get_by_label("Text", exact=True)
    text.fill("## First\n\nLook in the app.\n\n")
    expect(page.locator("#preview h2")).to_have_text("First")
    text.evaluate(_DROP, ["app.png", list(png(120))])
    expect(page.locator("#preview img")).to_be_visible()
    page.get_by_label("What did you change?").fill("With a picture")
    page.get_by_role("button", name="Save revision").click()
    expect(page.get_by_text("Saved as a new revision.")).to_be_visible()
    expect(page.get_by_role("button", name="Publish now")).to_have_count(0)


def _publish(page: Page, where: str) -> None:
    page.goto(where)
    page.get_by_role("link", name="2 revisions").click()
    expect(page.locator(".kb-line.added").first).to_be_visible()
    page.goto(where)
    page.get_by_role("button", name="Publish now").click()
    expect(page.get_by_text("Readers see it now.")).to_be_visible()


def _find_and_rate(page: Page, desk: Desk) -> None:
    page.goto(f"{desk.url}/help/")
    page.get_by_role("link", name="Cards", exact=True).click()
    page.get_by_role("link", name="A card that came too late").click()
    expect(page.get_by_role("heading", name="A card that came too late")).to_be_visible()
    picture = page.locator(".prose img")
    expect(picture).to_be_visible()
    answer = page.request.get(f"{desk.url}{picture.get_attribute('src')}")
    assert answer.headers["content-type"] == "image/png"
    page.get_by_role("button", name="No", exact=True).click()
    page.get_by_label("What was missing or wrong?").fill("How long is too late?")
    page.get_by_role("button", name="Send comment").click()
    expect(page.get_by_text("You wrote: How long is too late?")).to_be_visible()


def test_a_solved_ticket_becomes_an_article_that_a_visitor_rates(
    shared_desk: Desk, browser: Browser
) -> None:
    complaints: list[str] = []
    agent = watched(browser.new_context(), complaints)
    lead = watched(browser.new_context(), complaints)
    # A visitor needs no script.
    visitor = watched(browser.new_context(java_script_enabled=False), complaints)

    sign_in(agent, shared_desk, "Agent")
    where = _draft(agent, shared_desk)
    _write(agent)
    sign_in(lead, shared_desk, "Team lead")
    _publish(lead, where)
    _find_and_rate(visitor, shared_desk)
    lead.goto(where)

    expect(lead.get_by_text("How long is too late?")).to_be_visible()
    assert complaints == []
