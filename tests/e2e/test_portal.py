"""A customer's journeys: files and answers, a draft that survives, and no scripts at all."""

from __future__ import annotations

import io
import re
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, FilePayload, Page, Route, expect

from tests.e2e.browsing import email_of, sign_in, watched
from tests.e2e.desk import Desk

pytestmark = pytest.mark.browser

_ARTICLE = """
from django.utils import timezone
from apps.accounts.access import actor_for
from apps.accounts.models import User
from apps.knowledge import actions
now = timezone.now()
lead = actor_for(User.objects.get(email={email!r}))
shelf = actions.save_category(category=None, name="Walruses", slug="walruses", parent=None,
    description="", icon="book", position=99, actor=lead, now=now)
article = actions.draft(title="Feeding a walrus", source="Clams, **twice** a day.", actor=lead,
    now=now, category=shelf)
actions.publish(article=article, actor=lead, now=now)
"""
_SOLVED = """
from django.utils import timezone
from apps.accounts.access import actor_for
from apps.accounts.models import User
from apps.tickets import actions, ratings
now, person = timezone.now(), User.objects.get(email={email!r})
ticket = actions.raise_ticket(requester=person, subject="Solved", text="T",
    actor=actor_for(person), now=now)
print(ratings.token_for(actions.solve(ticket=ticket, actor=actor_for(person), now=now)))
"""
# What a browser does with files that are dropped or pasted, which Playwright can't do by itself.
_HAND_OVER = """([form, kind, name]) => {
  const transfer = new DataTransfer();
  transfer.items.add(new File(["words in " + name], name, { type: "text/plain" }));
  const options = { bubbles: true, cancelable: true };
  const event = kind === "paste"
    ? new ClipboardEvent("paste", { ...options, clipboardData: transfer })
    : new DragEvent("drop", { ...options, dataTransfer: transfer });
  document.querySelector(form).dispatchEvent(event);
}"""


@pytest.fixture
def complaints() -> Iterator[list[str]]:
    """Console errors, failed scripts and refused policies: there are none in the end."""
    found: list[str] = []
    yield found
    assert found == []


def _picture(name: str) -> FilePayload:
    data = io.BytesIO()
    Image.new("RGB", (320, 200), "teal").save(data, "PNG")
    return {"name": name, "mimeType": "image/png", "buffer": data.getvalue()}


def _row(page: Page, name: str, state: str) -> None:
    row = page.locator(".upload-row", has_text=name)
    expect(row).to_have_attribute("data-state", state)


def test_files_are_dropped_pasted_retried_and_removed(
    shared_desk: Desk, browser: Browser, complaints: list[str]
) -> None:
    page = watched(browser.new_context(), complaints)
    sign_in(page, shared_desk, "Customer")
    page.goto(f"{shared_desk.url}/new/other/")
    page.get_by_label("Subject").fill("Files of all kinds")
    page.get_by_label("Message").fill("See **them**.")
    page.get_by_role("button", name="Preview").click()
    expect(page.locator("#preview strong")).to_have_text("them")
    page.evaluate(_HAND_OVER, ["form.raise", "drop", "dropped.txt"])
    page.evaluate(_HAND_OVER, ["form.raise", "paste", "pasted.txt"])
    _row(page, "dropped.txt", "done")
    _row(page, "pasted.txt", "done")

    page.route("**/uploads/", lambda route: route.abort())
    page.get_by_label("Files").set_input_files([_picture("card.png")])
    _row(page, "card.png", "failed")
    page.get_by_role("button", name="Send request").click()
    expect(page.get_by_text("Not uploaded.").first).to_be_visible()
    assert page.url.endswith("/new/other/")
    page.unroute("**/uploads/")
    page.get_by_role("button", name="Retry: card.png").click()
    _row(page, "card.png", "done")
    page.get_by_role("button", name="Remove: dropped.txt").click()
    expect(page.locator(".upload-row")).to_have_count(2)
    complaints[:] = [text for text in complaints if "ERR_FAILED" not in text]  # the failure we made
    page.get_by_role("button", name="Send request").click()

    expect(page.get_by_role("heading", name="Files of all kinds")).to_be_visible()
    expect(page.locator(".file-name")).to_have_text(["pasted.txt", "card.png"])
    image = page.locator(".file-grid img")
    image.scroll_into_view_if_needed()
    expect(image).to_have_js_property("naturalWidth", 320)


class Storage:
    """S3 and the desk's questions about it, played by the browser's network: a page is looked at.

    The first file is taken and never answered for; what then is confirmed is told by `hear`.
    """

    def __init__(self, page: Page, desk: str) -> None:
        self.seen: list[str] = []
        self._answer: dict[str, Any] | None = None
        bucket = f"{desk}/a-bucket/"
        confirm = {"url": "/uploads/confirm/", "fields": {"token": "t"}}
        grant = {"url": bucket, "fields": {"key": "k"}, "confirm": confirm}
        page.route("**/uploads/", lambda route: route.fulfill(json=grant))
        page.route(bucket, self._take)
        page.route("**/uploads/confirm/", self._confirm)

    def _take(self, route: Route) -> None:
        self.seen.append("file")
        if self.seen.count("file") > 1:
            route.fulfill(status=204)

    def _confirm(self, route: Route) -> None:
        self.seen.append("confirmation")
        if self._answer is None:
            route.abort()
        else:
            route.fulfill(**self._answer)

    def hear(self, answer: dict[str, Any] | None) -> None:
        """An answer for each confirmation from now on; None: the line breaks."""
        self._answer = answer


KEPT = {"json": {"ref": "r", "name": "card.png", "size": 1, "remove": "/uploads/r/remove/"}}
NEVER_ARRIVED = {
    "status": 409,
    "json": {"code": "files.never-arrived", "message": "It did not arrive."},
}
AWAY = {"status": 503, "json": {"code": "files.away", "message": "Files can't be reached."}}


class TestASilentStorage:
    @pytest.fixture
    def page(self, shared_desk: Desk, browser: Browser, complaints: list[str]) -> Iterator[Page]:
        page = watched(browser.new_context(), complaints)
        sign_in(page, shared_desk, "Customer")
        page.clock.install()
        page.goto(f"{shared_desk.url}/new/other/")
        yield page
        made = ("ERR_FAILED", "409", "503")  # by ourselves
        complaints[:] = [text for text in complaints if not any(one in text for one in made)]

    @pytest.fixture
    def storage(self, page: Page, shared_desk: Desk) -> Storage:
        """It has been silent for a while."""
        storage = Storage(page, shared_desk.url)
        with page.expect_request("**/a-bucket/"):
            page.get_by_label("Files").set_input_files([_picture("card.png")])
        page.clock.run_for(44_000)
        _row(page, "card.png", "sending")
        page.clock.run_for(2_000)
        _row(page, "card.png", "failed")
        return storage

    def _again(self, page: Page, state: str) -> None:
        page.get_by_role("button", name="Retry: card.png").click()
        _row(page, "card.png", state)

    def test_holds_no_form_and_has_the_file_sent_once_if_it_took_it(
        self, page: Page, storage: Storage
    ) -> None:
        storage.hear(None)
        self._again(page, "failed")
        storage.hear(AWAY)
        self._again(page, "failed")
        expect(page.get_by_text("Files can't be reached.").first).to_be_visible()
        storage.hear(KEPT)
        self._again(page, "done")

        assert storage.seen == ["file", *["confirmation"] * 3]

    def test_is_sent_the_file_anew_if_it_did_not_take_it(
        self, page: Page, storage: Storage
    ) -> None:
        storage.hear(NEVER_ARRIVED)
        self._again(page, "failed")

        assert storage.seen == ["file", "confirmation", "file", "confirmation"]


def test_a_rating_is_one_click_of_a_person(
    shared_desk: Desk, browser: Browser, complaints: list[str]
) -> None:
    page = watched(browser.new_context(), complaints)
    email = email_of("Customer")
    link = shared_desk.manage("shell", "--no-imports", "--command", _SOLVED.format(email=email))
    page.goto(f"{shared_desk.url}/rate/{link.strip()}/?score=4")
    expect(page.get_by_label("Good", exact=True)).to_be_checked()
    page.wait_for_timeout(500)
    expect(page.get_by_role("heading", name="How was our help?")).to_be_visible()

    page.mouse.move(5, 300)
    page.mouse.move(50, 500)

    expect(page.get_by_role("heading", name="Thank you")).to_be_visible()
    page.get_by_label("Very good").check(force=True)
    page.get_by_role("button", name="Change it").click()
    expect(page.get_by_label("Very good")).to_be_checked()


def test_an_article_ends_the_visit_and_is_counted(
    shared_desk: Desk, browser: Browser, complaints: list[str]
) -> None:
    email = email_of("Team lead")
    shared_desk.manage("shell", "--no-imports", "--command", _ARTICLE.format(email=email))
    page = watched(browser.new_context(), complaints)
    sign_in(page, shared_desk, "Customer")
    page.goto(f"{shared_desk.url}/new/other/")
    link = page.locator("#suggested").get_by_role("link", name="Feeding a walrus")
    for _ in range(60):  # until the index has heard of it
        page.get_by_label("Subject").fill(f"walrus {uuid.uuid4().hex[:4]}")
        page.wait_for_timeout(1000)
        if link.count():
            break
    link.click()
    reading = page.locator("#reading")
    expect(reading.get_by_role("heading", name="Feeding a walrus")).to_be_focused()
    expect(reading.locator("strong")).to_have_text("twice")
    reading.get_by_role("button", name="This answered it").click()

    expect(page.get_by_text("We have sent nothing.")).to_be_visible()
    counted = "from apps.portal.models import Deflection; print(Deflection.objects.get().outcome)"
    shown = shared_desk.manage("shell", "--no-imports", "--command", counted)
    assert shown.strip() == "said"
    page.goto(f"{shared_desk.url}/new/other/")
    expect(page.get_by_label("Subject")).to_have_value("")


def test_a_draft_survives_a_reload_and_ends_with_its_sending(
    shared_desk: Desk, browser: Browser, complaints: list[str]
) -> None:
    page = watched(browser.new_context(), complaints)
    sign_in(page, shared_desk, "Customer")
    page.goto(f"{shared_desk.url}/new/other/")
    page.get_by_label("Subject").fill("A long story")
    page.get_by_label("Message").fill("It began on a Monday.")
    page.get_by_label("Files").set_input_files([_picture("story.png")])
    _row(page, "story.png", "done")
    page.wait_for_timeout(400)  # it is kept once the typing pauses
    page.reload()
    expect(page.get_by_text("We kept your draft.")).to_be_visible()
    _row(page, "story.png", "done")
    expect(page.get_by_label("Message")).to_have_value("It began on a Monday.")
    page.get_by_role("button", name="Send request").click()
    expect(page.get_by_role("heading", name="A long story")).to_be_visible()
    expect(page.locator(".file-grid img")).to_have_count(1)
    page.goto(f"{shared_desk.url}/new/other/")
    expect(page.get_by_label("Subject")).to_have_value("")
    expect(page.locator(".upload-row")).to_have_count(0)

    page.get_by_label("Subject").fill("Another one")
    page.wait_for_timeout(400)
    page.reload()
    page.get_by_role("button", name="Discard").click()
    expect(page.get_by_label("Subject")).to_have_value("")
    page.get_by_label("Subject").fill("A secret")
    page.wait_for_timeout(400)
    page.get_by_label("Account").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("link", name="Sign in", exact=True)).to_be_visible()
    assert page.evaluate("Object.keys(localStorage).filter(k => /draft/.test(k))") == []


def test_a_customer_without_scripts_gets_all_of_it(shared_desk: Desk, browser: Browser) -> None:
    page = browser.new_context(java_script_enabled=False).new_page()
    sign_in(page, shared_desk, "Customer")
    page.get_by_role("link", name="New request").first.click()
    page.get_by_label("Find a topic").fill("arrived")
    page.get_by_role("button", name="Find").click()
    page.get_by_role("link", name="Card has not arrived").click()
    page.get_by_label("Subject").fill("Where is it")
    page.get_by_label("Message").fill("My card, I mean.")
    page.get_by_label("Files").set_input_files([_picture("letter.png")])
    page.get_by_role("button", name="Check for answers first").click()
    expect(page.get_by_label("letter.png")).to_be_checked()
    expect(page.get_by_label("Message")).to_have_value("My card, I mean.")
    page.get_by_role("button", name="Send request").click()

    expect(page.get_by_role("heading", name="Where is it")).to_be_visible()
    expect(page.locator(".file-name")).to_have_text("letter.png")
    expect(page.get_by_text("Somebody will read it soon")).to_be_visible()
    page.get_by_label("Message").fill("It came this minute.")
    page.get_by_role("button", name="Send reply").click()
    expect(page.locator(".talk")).to_have_count(2)
    page.get_by_role("button", name="It's solved").click()
    expect(page.get_by_text("This is solved.")).to_be_visible()
    page.get_by_label("Good", exact=True).check(force=True)
    page.get_by_label("What should we know?").fill("Thank you")
    page.get_by_role("button", name="Send rating").click()
    expect(page.get_by_role("heading", name="Your rating")).to_be_visible()
    page.get_by_role("link", name="My requests").first.click()
    page.get_by_role("link", name="Solved").click()
    expect(page.get_by_role("link", name=re.compile("Where is it"))).to_be_visible()
