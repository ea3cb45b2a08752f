"""Pages of the admin: the way to each, what a list is called, and one in which nothing is."""

from __future__ import annotations

import re
from html import unescape

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from apps.accounts.guarded import GuardedAdmin
from apps.ops import sidebar
from apps.webhooks import actions
from apps.webhooks.models import Endpoint
from tests.cast import Cast, client_of
from tests.support import NOON

LISTS = [
    (str(title), reverse(f"admin:{view}"))
    for _title, _permission, entries in sidebar._GROUPS
    for title, _icon, view in entries
    if view.endswith("_changelist")
]
WEBHOOKS = "/admin/webhooks/endpoint/"


@pytest.fixture
def page(cast: Cast) -> Client:
    return client_of(cast.ada)


@pytest.fixture
def endpoint(cast: Cast) -> Endpoint:
    return actions.save_endpoint(
        endpoint=None,
        name="till",
        url="https://till.example.com/",
        facts=["ticket.raised"],
        internal=False,
        organisation=None,
        actor=cast.actor(cast.ada),
        now=NOON,
    )


def text_of(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def heading(html: str) -> list[str]:
    """The parts of the way to the page."""
    (found,) = re.findall(r"<h1[^>]*>(.*?)</h1>", html, re.DOTALL)
    return text_of(found).split(" chevron_right ")


def title(html: str) -> str:
    (found,) = re.findall(r"<title>(.*?)</title>", html, re.DOTALL)
    return text_of(found)


@pytest.mark.django_db
@pytest.mark.parametrize(("name", "path"), LISTS)
def test_a_list_is_called_as_the_sidebar_calls_it(page: Client, name: str, path: str) -> None:
    html = page.get(path).text

    assert heading(html)[0] == name
    assert title(html).startswith(f"{name} | ")


@pytest.mark.django_db
def test_the_way_ends_at_the_page_itself(page: Client, endpoint: Endpoint) -> None:
    own = f"{WEBHOOKS}{endpoint.pk}/"

    assert heading(page.get(f"{WEBHOOKS}add/").text) == ["Webhooks", "New"]
    assert heading(page.get(f"{own}change/").text) == ["Webhooks", "till"]
    assert heading(page.get(f"{own}ping/").text) == ["Webhooks", "till", "Send a ping"]
    assert title(page.get(f"{own}ping/").text) == "Send a ping | till | Webhooks | Tendril"


@pytest.mark.django_db
def test_an_empty_list_says_what_comes_there(page: Client) -> None:
    text = text_of(page.get(WEBHOOKS).text)

    assert "Nothing here yet A webhook tells another system at once" in text
    assert "Add webhook" in text
    assert "Reset filters" not in text
    assert "Show all" not in text
    assert "0 entries" not in text


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("?q=zeppelin", "Nothing is like this Try other words, or fewer of them. Show all"),
        (
            "?state__exact=paused",
            "Nothing is like this Try other filters, or fewer of them. Reset filters",
        ),
    ],
)
def test_a_search_that_finds_nothing_says_so(
    page: Client, endpoint: Endpoint, asked: str, told: str
) -> None:
    text = text_of(page.get(WEBHOOKS + asked).text)

    assert told in text
    assert "0 found" in text
    assert "Nothing here yet" not in text


@pytest.mark.django_db
def test_only_what_was_searched_for_is_counted_above(page: Client, endpoint: Endpoint) -> None:
    assert "1 found" not in text_of(page.get(WEBHOOKS).text)
    assert "1 entry" in text_of(page.get(WEBHOOKS).text)
    assert "1 found" in text_of(page.get(f"{WEBHOOKS}?q=till").text)


@pytest.mark.django_db
def test_what_asks_once_more_leads_back(page: Client, endpoint: Endpoint) -> None:
    own = f"{WEBHOOKS}{endpoint.pk}/"

    assert f'href="{own}change/"' in page.get(f"{own}switch/").text
    assert page.get(f"{WEBHOOKS}4711/switch/").status_code == 404


def test_lists_say_what_comes_there_where_a_new_desk_has_none() -> None:
    empty_at_first = {
        "apitoken",
        "delivery",
        "endpoint",
        "feedback",
        "incomingmail",
        "outgoingmail",
        "recipient",
        "savedreply",
        "webhookdelivery",
    }
    telling = {
        model._meta.model_name
        for model, page in admin.site._registry.items()
        if isinstance(page, GuardedAdmin) and page.about
    }

    assert telling == empty_at_first
