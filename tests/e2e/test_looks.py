"""Every main page, on a desktop and a phone, light and dark.

Each passes axe, fits its width, and its console complains of nothing. `make screenshots` keeps
pictures in docs/screenshots, in both schemes at both sizes; else each page is looked at twice.
"""

from __future__ import annotations

import io
import json
import os
from pathlib import Path
from typing import Literal

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, ViewportSize

from tests.e2e.axe import grave
from tests.e2e.browsing import email_of, sign_in, visitor
from tests.e2e.desk import Desk

pytestmark = pytest.mark.browser

KEPT_IN = os.environ.get("SCREENSHOTS", "")
NARROWEST = 320  # WCAG 1.4.10: a desktop at 400 %
Scheme = Literal["light", "dark"]
SIZES = {"desktop": (1440, 900), "phone": (390, 844)}
LOOKS: list[tuple[str, Scheme]] = [("desktop", "light"), ("phone", "dark")]
if KEPT_IN:
    LOOKS += [("desktop", "dark"), ("phone", "light")]

# Who looks, and at what: name of the picture, address. Names in braces are found in the demo.
PAGES: dict[str, dict[str, str]] = {
    "": {
        "portal-welcome": "/",
        "portal-sign-in": "/account/login/",
        "portal-sign-up": "/account/signup/",
        "password-reset": "/account/password/reset/",
        "sign-in-refused": "/account/3rdparty/login/error/",
        "sign-in-cancelled": "/account/3rdparty/login/cancelled/",
        "help-centre": "/help/",
        "help-category": "/help/{shelf}/",
        "help-article": "/help/articles/{article}/",
        "styles": "/styles/",
        "error-not-found": "/nothing/here/",
    },
    "Business customer": {
        "portal-home": "/",
        "portal-search": "/search/?q=card",
        "portal-search-empty": "/search/?q=zeppelin",
        "portal-new": "/new/",
        "portal-new-form": "/new/{topic}/",
        "portal-list": "/requests/?state=all",
        "portal-list-empty": "/requests/?q=zeppelin",
        "portal-organisation": "/requests/?state=all&whose=ours",
        "portal-ticket": "/requests/{request}/",
        "portal-rating": "/rate/{rating}/",
        "notifications": "/notifications/",
        "preferences": "/notifications/preferences/",
        "profile": "/account/",
        "addresses": "/account/email/",
        "password": "/account/password/change/",
        "devices": "/account/sessions/",
        "second-factor": "/account/2fa/",
        "linked-accounts": "/account/3rdparty/",
        "data": "/account/data/",
        "error-forbidden": "/admin/tickets/ticket/",
    },
    "Team lead": {
        "desk-today": "/admin/",
        "desk-queue": "/admin/tickets/ticket/?view=active",
        "desk-queue-empty": "/admin/tickets/ticket/?tag=zeppelin",
        "desk-search": "/admin/tickets/ticket/?q=card",
        "desk-ticket": "/admin/tickets/ticket/{number}/change/",
        "desk-merge": "/admin/tickets/ticket/{number}/merge/do/?number={other}",
        "desk-split": "/admin/tickets/ticket/{number}/split/do/",
        "desk-new": "/admin/tickets/ticket/add/?category={topic}",
        "desk-views": "/admin/tickets/ticket/views/",
        "desk-article-from-ticket": "/admin/tickets/ticket/{number}/article/",
        "desk-availability": "/admin/availability/",
        "desk-replies": "/admin/desk/savedreply/",
        "desk-reply": "/admin/desk/savedreply/{reply}/change/",
        "desk-articles": "/admin/knowledge/article/",
        "desk-article": "/admin/knowledge/article/{article_pk}/change/",
        "desk-revisions": "/admin/knowledge/article/{article_pk}/revisions/",
    },
    "Administrator": {
        "admin-people": "/admin/accounts/user/",
        "admin-person": "/admin/accounts/user/{person}/change/",
        "admin-team": "/admin/accounts/team/{team}/change/",
        "admin-categories": "/admin/tickets/category/",
        "admin-category": "/admin/tickets/category/{category}/change/",
        "admin-journal": "/admin/events/event/",
        "admin-dead-jobs": "/admin/dead-jobs/",
        "admin-dead-jobs-sure": "/admin/dead-jobs/",
        "admin-dead-messages": "/admin/dead-messages/",
        "admin-mail": "/admin/notifications/outgoingmail/",
        "admin-mail-back": "/admin/notifications/recipient/",
        "admin-mail-back-one": "/admin/notifications/recipient/{recipient}/change/",
        "admin-mail-back-again": "/admin/notifications/recipient/{recipient}/again/",
        "admin-mail-back-empty": "/admin/notifications/recipient/?q=zeppelin",
        "admin-mail-in": "/admin/mail/incomingmail/",
        "admin-mail-in-one": "/admin/mail/incomingmail/{incoming}/change/",
        "admin-mail-in-missing": "/admin/mail/incomingmail/{incoming_missing}/change/",
        "admin-doctor": "/admin/doctor/",
        "admin-doctor-report": "/admin/doctor/",
        "admin-webhooks": "/admin/webhooks/endpoint/",
        "admin-webhook": "/admin/webhooks/endpoint/add/",
        "admin-webhook-change": "/admin/webhooks/endpoint/{webhook}/change/",
        "admin-webhook-off": "/admin/webhooks/endpoint/{webhook_off}/change/",
        "admin-webhook-ping": "/admin/webhooks/endpoint/{webhook}/ping/",
        "admin-webhook-deliveries": "/admin/webhooks/webhookdelivery/",
        "admin-webhook-delivery": "/admin/webhooks/webhookdelivery/{delivery}/change/",
        "admin-api-tokens": "/admin/accounts/apitoken/",
        "outbox": "/outbox/",
    },
}
# What is looked at after a button of the page was pressed.
PRESSED = {"admin-doctor-report": "Look at everything", "admin-dead-jobs-sure": "Try again"}
_MAKE = """
import json
from tests.e2e.exhibits import places
print(json.dumps(places(customer={customer!r}, administrator={administrator!r})))
"""


@pytest.fixture(scope="module")
def places(shared_desk: Desk) -> dict[str, str]:
    """What the braces in PAGES stand for: in the demo, and made for these pages."""
    script = _MAKE.format(
        customer=email_of("Business customer"), administrator=email_of("Administrator")
    )
    found: dict[str, str] = json.loads(shared_desk.run(script))
    return found


@pytest.mark.parametrize("look", LOOKS, ids="-".join)
@pytest.mark.parametrize("who", PAGES)
def test_pages_are_fit_to_be_seen(
    shared_desk: Desk,
    browser: Browser,
    places: dict[str, str],
    who: str,
    look: tuple[str, Scheme],
) -> None:
    size, scheme = look
    complaints: list[str] = []
    width, height = SIZES[size]
    viewport: ViewportSize = {"width": width, "height": height}
    page = visitor(browser, shared_desk, complaints, viewport=viewport, color_scheme=scheme)
    if who:
        sign_in(page, shared_desk, who)
    wrong = []
    for name, path in PAGES[who].items():
        page.goto(path.format(**places))
        if name in PRESSED:
            _press(page, PRESSED[name])
        page.evaluate("document.fonts.ready")
        wrong += [f"{name}: {one}" for one in grave(page)]
        for narrow in (NARROWEST, width) if size == "phone" else (width,):
            page.set_viewport_size({"width": narrow, "height": height})
            if page.evaluate("document.documentElement.scrollWidth") > narrow:
                wrong.append(f"{name}: scrolls sideways at {narrow} px")
        if KEPT_IN:
            _keep(page, f"{name}-{size}-{scheme}")

    assert not wrong, "\n".join(wrong)
    # The browser itself writes down that a page was an error's.
    assert [told for told in complaints if "Failed to load resource" not in told] == []


def _press(page: Page, button: str) -> None:
    """Tick what there is to tick first, if anything is."""
    for box in page.locator("input[type=checkbox][name=key]").all():
        box.check()
    with page.expect_navigation(timeout=60_000):
        page.get_by_role("button", name=button).click()


def _keep(page: Page, name: str) -> None:
    """A picture of few colours: a page has no more, and the repository grows less."""
    picture = Image.open(io.BytesIO(page.screenshot()))
    small = picture.convert("RGB").quantize(128, dither=Image.Dither.NONE)
    small.save(Path(KEPT_IN) / f"{name}.png", optimize=True)
