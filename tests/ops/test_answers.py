"""What every answer of the web process has: health, ids, policies, and errors as pages."""

from __future__ import annotations

import json
import logging
import uuid

import pytest
from django.test import Client

from apps.events.models import Event
from apps.ops.logs import JsonFormatter
from tests.cast import Cast


@pytest.mark.parametrize("path", ["/healthz/", "/livez", "/readyz"])
@pytest.mark.django_db
def test_health_is_told_whatever_the_host(path: str) -> None:
    assert Client(HTTP_HOST="10.0.0.7").get(path).status_code == 200


@pytest.mark.django_db
def test_a_foreign_host_is_refused() -> None:
    assert Client(HTTP_HOST="evil.example").get("/").status_code == 400


@pytest.mark.parametrize(
    "path", ["/requests/%00/", "/files/a%00b/", "/new/%00/", "/requests/?before=%00"]
)
@pytest.mark.django_db
def test_an_address_with_a_nul_is_nowhere(cast: Cast, path: str) -> None:
    client = Client()
    client.force_login(cast.rachel)

    assert client.get(path).status_code == 404


@pytest.mark.django_db
def test_the_portals_policy_is_strict_and_the_admins_says_what_it_needs(cast: Cast) -> None:
    client = Client()
    portal = client.get("/")["Content-Security-Policy"]
    client.force_login(cast.alice)
    admin = client.get("/admin/tickets/ticket/")["Content-Security-Policy"]

    assert "unsafe" not in portal
    assert "default-src 'none'" in portal
    assert "'unsafe-eval'" in admin
    assert "frame-ancestors 'none'" in admin


@pytest.mark.django_db
def test_a_request_and_its_facts_share_an_id(cast: Cast) -> None:
    client = Client()
    client.force_login(cast.rachel)

    answer = client.post(
        "/new/other/", {"subject": "S", "text": "T", "submission": str(uuid.uuid4())}
    )

    correlations = set(Event.objects.values_list("correlation_id", flat=True))
    assert {str(correlation) for correlation in correlations} == {answer["X-Request-Id"]}


@pytest.mark.django_db
def test_what_is_hidden_and_what_is_absent_look_alike(cast: Cast) -> None:
    client = Client()
    client.force_login(cast.rachel)

    answer = client.get("/requests/0000000000000000/")

    assert answer.status_code == 404
    assert b"nothing that you may see" in answer.content


def test_a_log_line_is_one_line_of_json() -> None:
    text, told = "two\nlines %s", ("here",)
    record = logging.LogRecord("apps.desk", logging.INFO, "x.py", 1, text, told, None)
    record.__dict__["code"] = "ticket.final"

    line = JsonFormatter().format(record)

    assert "\n" not in line
    assert json.loads(line)["message"] == "two\nlines here"
    assert json.loads(line)["code"] == "ticket.final"
