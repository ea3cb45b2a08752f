"""Behind an edge the desk answers nobody else: whoever asks its load balancer is sent away."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db

OLD, NEW = "a-secret-of-last-year", "a-secret-of-this-year"


def status(path: str = "/", **headers: str) -> int:
    """Of a client made now: middleware is put together when it is made."""
    return Client(headers=headers).get(path).status_code


def test_who_comes_through_the_edge_is_answered(settings: Any) -> None:
    settings.ORIGIN_SECRET = NEW

    assert status(**{"X-Origin-Secret": NEW}) == HTTPStatus.OK


@pytest.mark.parametrize("shown", ["", OLD, NEW[:-1], f"{NEW} ", "*"])
def test_who_does_not_is_told_where_the_desk_is(settings: Any, shown: str) -> None:
    settings.ORIGIN_SECRET = NEW

    answer = Client(headers={"X-Origin-Secret": shown}).get("/")

    assert answer.status_code == HTTPStatus.FORBIDDEN
    assert settings.SITE_URL in answer.text
    assert NEW not in answer.text


def test_a_balancer_still_hears_how_it_is(settings: Any) -> None:
    settings.ORIGIN_SECRET = NEW

    assert status("/healthz/") == HTTPStatus.OK


def test_while_it_is_changed_both_are_taken(settings: Any) -> None:
    settings.ORIGIN_SECRET = f"{NEW} {OLD}"

    assert status(**{"X-Origin-Secret": OLD}) == HTTPStatus.OK
    assert status(**{"X-Origin-Secret": NEW}) == HTTPStatus.OK
    assert status(**{"X-Origin-Secret": f"{NEW} {OLD}"}) == HTTPStatus.FORBIDDEN


def test_without_an_edge_anybody_is_answered(settings: Any) -> None:
    settings.ORIGIN_SECRET = ""

    assert status() == HTTPStatus.OK


def test_a_worker_hears_its_own_machine(settings: Any) -> None:
    settings.ORIGIN_SECRET, settings.ROLE = NEW, "worker"

    assert status() == HTTPStatus.OK
