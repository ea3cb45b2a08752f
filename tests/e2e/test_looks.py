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
        "admin-mail": "/admin/notifications/outgoingmail/",
        "admin-mail-back": "/admin/notifications/recipient/",
        "admin-mail-in": "/admin/mail/incomingmail/",
        "admin-doctor": "/admin/doctor/",
        "admin-webhooks": "/admin/webhooks/endpoint/",
        "admin-webhook": "/admin/webhooks/endpoint/add/",
        "outbox": "/outbox/",
    },
}
_FIND = """
import json
from django.db.models import Count
from django.utils import timezone
from apps.accounts.access import actor_for
from apps.accounts.models import Team, User
from apps.desk.models import SavedReply
from apps.knowledge.models import Article
from apps.tickets import actions, ratings
from apps.tickets.models import Category, Ticket
customer, now = User.objects.get(email={customer!r}), timezone.now()
me = actor_for(customer)
solved = actions.raise_ticket(requester=customer, subject="Our second card reader",
    text="It arrived, and it works. Thank you!", actor=me, now=now)
solved = actions.solve(ticket=solved, actor=me, now=now)
mine = Ticket.objects.raised_by(customer.pk).annotate(said=Count("messages")).order_by("-said")
busy = Ticket.objects.active().filter(team__name="Cards").annotate(said=Count("messages"))
busy = busy.order_by("-said", "pk")[0]
article = Article.objects.annotate(written=Count("revisions")).order_by("-written", "pk")[0]
print(json.dumps({{
    "topic": "card-not-arrived",
    "request": mine[0].ref,
    "rating": ratings.token_for(solved),
    "number": busy.pk,
    "other": Ticket.objects.active().filter(team=busy.team).exclude(pk=busy.pk)[0].pk,
    "article": article.slug,
    "article_pk": article.pk,
    "shelf": article.category.slug,
    "reply": SavedReply.objects.filter(owner=None, team=None)[0].pk,
    "person": customer.pk,
    "team": Team.objects.get(name="Cards").pk,
    "category": Category.objects.get(slug="card-not-arrived").pk,
}}))
"""


@pytest.fixture(scope="module")
def places(shared_desk: Desk) -> dict[str, str]:
    """What the braces in PAGES stand for."""
    script = _FIND.format(customer=email_of("Business customer"))
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


def _keep(page: Page, name: str) -> None:
    """A picture of few colours: a page has no more, and the repository grows less."""
    picture = Image.open(io.BytesIO(page.screenshot()))
    small = picture.convert("RGB").quantize(128, dither=Image.Dither.NONE)
    small.save(Path(KEPT_IN) / f"{name}.png", optimize=True)
