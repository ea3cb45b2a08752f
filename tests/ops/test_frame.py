"""What is kept of a page's head and foot, and of the desk's frame, is what their templates say."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib import admin, messages
from django.contrib.auth.models import AnonymousUser
from django.contrib.messages.storage.cookie import CookieStorage
from django.http import HttpRequest
from django.template import Context, RequestContext, Template
from django.template.context_processors import csrf
from django.test import RequestFactory
from django.utils import timezone, translation

from apps.accounts.models import User
from apps.ops.context import desk
from tests.cast import Cast

pytestmark = pytest.mark.django_db

HEADS = "{% page_head %}", '{% include "components/header.html" %}'
FEET = "{% page_foot %}", '{% include "components/footer.html" %}'
PATHS = ["/", "/requests/", "/requests/?state=all", "/help/", "/new/", '/search/?q="><script>']


def rendered(source: str, user: Any, path: str, **more: Any) -> str:
    request = RequestFactory().get(path)
    request.META["CSRF_COOKIE"] = "a" * 32
    request.user = user
    context = Context({"request": request, "user": user, "icons": "/icons.svg"})
    context.update(desk(request))
    context.update({"csrf_token": str(csrf(request)["csrf_token"]), "unread": lambda: 0, **more})
    html: str = Template("{% load frame %}" + source).render(context)
    return html.replace(context["csrf_token"], "TOKEN")


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(("kept", "plain"), [HEADS, FEET])
def test_a_kept_part_is_what_its_template_says(
    cast: Cast, kept: str, plain: str, path: str
) -> None:
    strangest = User.objects.create(email="o'b@example.com", name='<b> & "{{ user }}" \ue000x')
    for user in (AnonymousUser(), cast.rachel, cast.alice, cast.monica, strangest):
        for language in ("en", "de", "ar"):
            with translation.override(language):
                assert rendered(kept, user, path) == rendered(plain, user, path)


@pytest.mark.parametrize("more", [{"theme": "dark"}, {"failure": True}, {"is_demo": True}])
@pytest.mark.parametrize(("kept", "plain"), [HEADS, FEET])
def test_looks_failures_and_the_demo_have_their_own(
    cast: Cast, kept: str, plain: str, more: dict[str, Any]
) -> None:
    for said in (more, {}, more):
        assert rendered(kept, cast.rachel, "/", **said) == rendered(plain, cast.rachel, "/", **said)


@pytest.mark.parametrize("count", [0, 1, 3, 99, 100])
def test_the_bell_says_how_many_are_unread(cast: Cast, count: int) -> None:
    kept, plain = (rendered(one, cast.rachel, "/", unread=lambda: count) for one in HEADS)

    assert kept == plain


DESK = """{% extends "admin/desk/frame.html" %}
{% block modules %}<script src="m.js"></script>{% endblock %}
{% block content %}<p>{{ title }}</p>{% endblock %}"""
PLAIN = """{% extends "admin/desk/whole.html" %}
{% block title %}{{ title }} | {{ desk_name }}{% endblock %}
{% block extrahead %}{{ block.super }}<script src="m.js"></script>{% endblock %}
{% block content %}<p>{{ title }}</p>{% endblock %}"""


class Desk:
    """The desk's pages for one person: in the frame that is kept, and as the templates say."""

    def __init__(self, user: User, title: str, *told: tuple[int, str]) -> None:
        self.user, self.title, self.told = user, title, told

    def kept(self) -> str:
        return self._page(DESK, {})

    def plain(self) -> str:
        return self._page(PLAIN, admin.site.each_context(self._request()))

    def _request(self) -> HttpRequest:
        request = RequestFactory().get("/admin/tickets/ticket/")
        request.META["CSRF_COOKIE"] = "a" * 32
        request.user = self.user
        request._messages = CookieStorage(request)  # type: ignore[attr-defined]
        for level, text in self.told:
            messages.add_message(request, level, text)
        return request

    def _page(self, source: str, values: dict[str, Any]) -> str:
        request = self._request()
        html: str = Template(source).render(
            RequestContext(request, {**values, "title": self.title})
        )
        html = re.sub(r'(csrfmiddlewaretoken" value=")[^"]*', r"\1TOKEN", html)
        return "\n".join(line.strip() for line in html.splitlines() if line.strip())


TITLES = ["Queue", "nobody's", '"><script>alert(1)</script>', "{{ user.password }}", "\ue000x"]


@pytest.mark.parametrize("title", TITLES)
def test_the_desks_frame_is_what_the_admins_templates_say(cast: Cast, title: str) -> None:
    strangest = cast.alice
    strangest.name, strangest.locale = '<b> & "{{ title }}" \ue000x', "de"
    for user in (cast.bob, strangest, cast.ada):
        for language in ("en", "de", "ar"):
            with translation.override(language):
                desk_of = Desk(user, title)

                assert desk_of.kept() == desk_of.plain()


def test_what_is_told_once_is_shown_once(cast: Cast) -> None:
    told = (messages.SUCCESS, "Saved <b>"), (messages.ERROR, "Refused")
    for desk_of in (Desk(cast.alice, "Queue", *told), Desk(cast.alice, "Queue")):
        assert desk_of.kept() == desk_of.plain()
        assert desk_of.kept().count("Refused") == len(desk_of.told) // 2


def test_the_frame_tells_its_scripts_the_readers_own_zone(cast: Cast) -> None:
    for zone in ("Asia/Tokyo", "America/Lima", "Asia/Tokyo"):
        with timezone.override(zone):
            desk_of = Desk(cast.alice, "Queue")

            assert desk_of.kept() == desk_of.plain()


def test_nobody_is_shown_anybody_elses_name(cast: Cast) -> None:
    pages = {user.email: Desk(user, "Queue").kept() for user in (cast.alice, cast.bob)}

    assert cast.alice.email not in pages[cast.bob.email]
    assert cast.bob.email not in pages[cast.alice.email]
