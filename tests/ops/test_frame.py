"""What is kept of a page's head and foot is what their templates say."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.template import Context, Template
from django.template.context_processors import csrf
from django.test import RequestFactory
from django.utils import translation

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
