"""The workspace's parts that are rendered once are what their templates say of each ticket."""

from __future__ import annotations

import re
from typing import Any
from typing import cast as cast_to

import pytest
from django.template.loader import render_to_string
from django.test.utils import ContextList
from django.utils import translation

from apps.tickets import actions
from apps.tickets.models import Ticket
from tests.cast import Cast, client_of
from tests.tickets.desk import LATER, raised, standing

pytestmark = pytest.mark.django_db
PART = "admin/tickets/ticket/{}.html"


def level(html: str) -> str:
    """Without what is new each time: form tokens and numbers of submissions."""
    return re.sub(r'(csrfmiddlewaretoken|submission)" value="[^"]*"', r"\1", html).strip()


def tickets(cast: Cast) -> list[Ticket]:
    """A new one, one that was taken and tagged, and a solved one."""
    new, taken, solved = raised(cast), raised(cast), standing(cast, "resolved")
    by: dict[str, Any] = {"actor": cast.actor(cast.alice), "now": LATER}
    actions.take(ticket=taken, **by)
    actions.tag(ticket=taken, add=["vip", "two words"], remove=[], **by)
    return [new, taken, solved]


@pytest.mark.parametrize("language", ["en", "de"])
def test_parts_are_what_their_templates_say(cast: Cast, language: str) -> None:
    cast.alice.locale = language
    cast.alice.save(update_fields=["locale"])
    client = client_of(cast.alice)
    for ticket in tickets(cast):
        response = client.get(f"/admin/tickets/ticket/{ticket.pk}/change/")

        page = level(response.content.decode())
        contexts = reversed(list(cast_to(ContextList, response.context)))
        said = {key: value for one in contexts for key, value in one.flatten().items()}
        with translation.override(language):
            for name in ("properties", "more"):
                told = {**said, "status_id": said["ticket"].status_id}
                assert level(render_to_string(PART.format(name), told)) in page
            for kind in ("reply", "note"):
                told = {**said, "form": said[kind], "kind": kind}
                assert level(render_to_string(PART.format("write"), told)) in page
