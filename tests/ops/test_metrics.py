"""Figures: what is counted, what a minute's lines hold, who takes them."""

from __future__ import annotations

import json
import os
import socket
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from allauth.account.models import EmailAddress
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from apps.events.models import Delivery
from apps.kernel import counting
from apps.notifications import actions as mails
from apps.notifications.models import OutgoingMail
from apps.ops import tasks
from apps.ops.metrics import recording, sinks
from apps.ops.metrics.emf import Origin, Series, documents
from apps.ops.metrics.gauges import measure
from apps.ops.metrics.pages import KINDS, kind_of
from apps.ops.metrics.recording import MOST_VALUES as MOST_OF_A_MINUTE
from apps.ops.metrics.recording import Recorder, recorder
from apps.ops.metrics.table import METRICS, PAGE, Kind
from apps.tickets import actions
from apps.tickets.models import Ticket
from tests.cast import PASSWORD, Cast
from tests.e2e.desk import Desk
from tests.support import NOON, transactional
from tests.tickets.desk import raised

BUILT = Origin(stage="staging", build="8f2c-1")
UNITS = {"Count", "Milliseconds", "Seconds", "None"}


class Kept:
    """A sink for tests: keeps what it got, and refuses while told to."""

    def __init__(self) -> None:
        self.lines: list[dict[str, Any]] = []
        self.refuses = False

    def write(self, documents: Sequence[str]) -> None:
        if self.refuses:
            raise ConnectionRefusedError("nobody is there")
        self.lines += [json.loads(line) for line in documents]

    def total(self, name: str) -> float:
        return sum(sum(_values(line, name)) for line in self.lines)

    def values(self, name: str) -> list[float]:
        return [value for line in self.lines for value in _values(line, name)]


def _values(line: dict[str, Any], name: str) -> list[float]:
    value = line.get(name, [])
    return value if isinstance(value, list) else [value]


@pytest.fixture
def kept(settings: Any) -> Iterator[Kept]:
    """This process counts, as with METRICS_URL set, and nobody waits for the minute's end."""
    settings.STAGE, settings.BUILD = BUILT.stage, BUILT.build
    made = Kept()
    recorder.after_fork()
    counting.counted_by(recorder.count)
    with sinks.override(made):
        yield made
    counting.counted_by(None)
    recorder.after_fork()


def told(figures: dict[Series, list[float]], origin: Origin = BUILT) -> list[dict[str, Any]]:
    return [json.loads(line) for line in documents(figures, origin=origin, at=1_700_000_040)]


class TestDocument:
    def test_says_whose_figures_these_are(self) -> None:
        (line,) = told({Series("Requests"): [3], Series("ServerErrors"): [1]})

        assert line["_aws"] == {
            "Timestamp": 1_700_000_040_000,
            "LogGroupName": "/tendril/staging/metrics",
            "CloudWatchMetrics": [
                {
                    "Namespace": "Tendril",
                    "Dimensions": [["Stage"], ["Stage", "Build"]],
                    "Metrics": [
                        {"Name": "Requests", "Unit": "Count"},
                        {"Name": "ServerErrors", "Unit": "Count"},
                    ],
                }
            ],
        }
        assert (line["Stage"], line["Build"]) == ("staging", "8f2c-1")
        assert (line["Requests"], line["ServerErrors"]) == (3, 1)
        assert PAGE not in line

    def test_a_page_is_a_dimension_of_its_own(self) -> None:
        (line,) = told({Series("Latency", "queue"): [10.04, 20.0]})

        sets = line["_aws"]["CloudWatchMetrics"][0]["Dimensions"]
        assert sets == [["Stage"], ["Stage", "Build"], ["Stage", "Page"]]
        assert (line["Page"], line["Latency"]) == ("queue", [10.0, 20.0])

    def test_without_a_build_nothing_is_by_build(self) -> None:
        (line,) = told({Series("Requests"): [3]}, Origin(stage="local"))

        assert line["_aws"]["CloudWatchMetrics"][0]["Dimensions"] == [["Stage"]]

    def test_many_values_take_several(self) -> None:
        lines = told({Series("JobWait"): [float(n) for n in range(250)]})

        assert [len(line["JobWait"]) for line in lines] == [100, 100, 50]

    def test_a_figure_that_the_table_lacks_is_refused(self) -> None:
        with pytest.raises(KeyError, match="Walrus"):
            told({Series("Walrus"): [1]})

    @given(
        st.dictionaries(
            st.builds(
                Series, st.sampled_from([m.name for m in METRICS]), st.sampled_from(["", *KINDS])
            ),
            st.lists(st.floats(0, 1e6).map(lambda x: round(x, 1)), min_size=1, max_size=350),
            max_size=8,
        )
    )
    def test_is_what_the_specification_asks_for_and_loses_nothing(
        self, figures: dict[Series, list[float]]
    ) -> None:
        lines = told(figures)

        for line in lines:
            _check(line)
        for series, values in figures.items():
            mine = [line for line in lines if line.get(PAGE, series.page) == series.page]
            found = [value for line in mine for value in _values(line, series.metric)]
            assert Counter(values) - Counter(found) == Counter()


def _check(line: dict[str, Any]) -> None:
    """The rules of the specification that apps.ops.metrics names."""
    assert isinstance(line["_aws"]["Timestamp"], int)
    assert len(json.dumps(line)) < 256 * 1024
    for directive in line["_aws"]["CloudWatchMetrics"]:
        assert 1 <= len(directive["Namespace"]) <= 255
        assert len(directive["Metrics"]) <= 100
        for one in directive["Dimensions"]:
            assert len(one) <= 9
            assert all(isinstance(line[name], str) and line[name] for name in one)
        for metric in directive["Metrics"]:
            value = line[metric["Name"]]
            assert metric["Unit"] in UNITS
            assert isinstance(value, int | float) or 1 < len(value) <= 100


class TestRecorder:
    def test_tells_a_minute_once(self, kept: Kept) -> None:
        counting.count("TicketsRaised")
        counting.count("TicketsRaised", 2)

        recorder.flush()
        recorder.flush()

        assert kept.values("TicketsRaised") == [3]

    def test_tells_of_the_minute_that_has_ended(self, kept: Kept) -> None:
        mine = Recorder(clock=lambda: 1_700_000_040.0)
        mine.count("TicketsRaised")

        mine.flush()

        assert kept.lines[0]["_aws"]["Timestamp"] == 1_699_999_980_000

    def test_refuses_what_the_table_lacks(self, kept: Kept) -> None:
        with pytest.raises(KeyError, match="Walrus"):
            counting.count("Walrus")

    def test_many_threads_lose_nothing(self, kept: Kept) -> None:
        def work() -> None:
            for _ in range(500):
                recorder.count("Requests")
                recorder.observe("JobWait", 1)

        threads = [threading.Thread(target=work) for _ in range(4)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        recorder.flush()

        assert kept.total("Requests") == kept.total("JobWait") == 2000

    def test_of_too_many_values_some_are_told_all_alike(self, kept: Kept) -> None:
        for value in range(3 * MOST_OF_A_MINUTE):
            recorder.observe("JobWait", value)
        recorder.flush()

        values = sorted(kept.values("JobWait"))
        assert len(values) == MOST_OF_A_MINUTE
        assert abs(values[len(values) // 2] / (1.5 * MOST_OF_A_MINUTE) - 1) < 0.15

    def test_what_nobody_takes_is_told_later(
        self, kept: Kept, caplog: pytest.LogCaptureFixture
    ) -> None:
        kept.refuses = True
        for _ in range(3):
            recorder.count("Requests")
            recorder.flush()

        kept.refuses = False
        recorder.flush()

        assert kept.total("Requests") == 3
        assert [record.getMessage() for record in caplog.records] == [
            "nobody takes figures: nobody is there"
        ]

    def test_a_child_counts_for_itself(self, kept: Kept, tmp_path: Path) -> None:
        recorder.count("Requests", 5)
        pid = os.fork()
        if pid == 0:
            recorder.after_fork()
            recorder.count("Requests", 1)
            recorder.flush()
            (tmp_path / "child").write_text(str(kept.total("Requests")))
            os._exit(0)
        os.waitpid(pid, 0)
        recorder.flush()

        assert (tmp_path / "child").read_text() == "1.0"
        assert kept.total("Requests") == 5

    def test_where_nobody_listens_nothing_is_counted(self, settings: Any) -> None:
        settings.METRICS_URL = "none:"
        before = len(threading.enumerate())

        recording.begin()
        counting.count("Walrus")

        assert not counting.is_counting()
        assert len(threading.enumerate()) == before


class TestSink:
    """The contract: every document arrives, whole and in order."""

    LINES = ('{"a":1}', '{"b":"' + "x" * 3000 + '"}', '{"c":3}')

    def test_a_file(self, tmp_path: Path) -> None:
        sink = sinks.build(f"lines:{tmp_path}/new/figures")

        sink.write(self.LINES[:1])
        sink.write(self.LINES[1:])

        assert (tmp_path / "new" / "figures").read_text().splitlines() == list(self.LINES)

    def test_standard_output(self, capfd: pytest.CaptureFixture[str]) -> None:
        sinks.build("emf:").write(self.LINES)

        assert capfd.readouterr().out.splitlines() == list(self.LINES)

    def test_the_agent(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as server:
            sinks.build(f"emf+tcp://127.0.0.1:{server.getsockname()[1]}").write(self.LINES)
            connection, _ = server.accept()
            with connection, connection.makefile() as read:
                assert read.read().splitlines() == list(self.LINES)

    def test_an_agent_that_is_away_is_an_error_of_the_system(self) -> None:
        with pytest.raises(OSError, match="refused"):
            sinks.build("emf+tcp://127.0.0.1:1").write(self.LINES)

    def test_nowhere(self, capfd: pytest.CaptureFixture[str]) -> None:
        sinks.build("none:").write(self.LINES)

        assert capfd.readouterr().out == ""

    @pytest.mark.parametrize("url", ["lines:figures", "emf+tcp://", "emf+tcp://x/y", "statsd:"])
    def test_a_bad_address_says_how_it_is_written(self, url: str) -> None:
        with pytest.raises(ImproperlyConfigured, match="METRICS_URL="):
            sinks.build(url)


class TestRequest:
    @pytest.mark.django_db
    def test_is_counted_with_its_time_and_its_page(self, cast: Cast, kept: Kept) -> None:
        client = Client()
        client.force_login(cast.rachel)

        client.get("/help/")
        client.get("/nowhere/")
        client.get("/healthz/")
        recorder.flush()

        assert kept.total("Requests") == 2
        assert kept.total("ServerErrors") == 0
        pages = {line[PAGE] for line in kept.lines if PAGE in line}
        assert pages == {"knowledge", "other"}
        assert all(0 < value < 60_000 for value in kept.values("Latency"))

    @pytest.mark.django_db
    def test_that_fails_is_an_error(self, kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("apps.portal.views.home.render", None)
        client = Client(raise_request_exception=False)

        assert client.get("/").status_code == 500
        recorder.flush()

        assert kept.total("ServerErrors") == kept.total("Requests") == 1

    def test_every_kind_of_page_has_a_route(self) -> None:
        assert kind_of("admin/tickets/ticket/<int:pk>/change/") == "workspace"
        assert kind_of("admin/tickets/ticket/") == "queue"
        assert kind_of("requests/<str:ref>/news/") == "live"
        assert kind_of("") == kind_of("no page)") == "other"
        assert len(KINDS) < 20  # each is paid for


@transactional
class TestFacts:
    def test_raising_solving_and_coming_back(self, cast: Cast, kept: Kept) -> None:
        ticket = raised(cast)
        actions.solve(ticket=ticket, actor=cast.actor(cast.rachel), now=NOON)
        actions.reopen(ticket=ticket, actor=cast.actor(cast.rachel), now=NOON)
        recorder.flush()

        for name in ("TicketsRaised", "TicketsSolved", "TicketsReopened"):
            assert kept.total(name) == 1

    def test_what_is_rolled_back_is_not_counted(self, cast: Cast, kept: Kept) -> None:
        with transaction.atomic():
            raised(cast)
            transaction.set_rollback(True)
        recorder.flush()

        assert kept.lines == []

    def test_the_first_response_is_timed_and_the_second_is_not(
        self, cast: Cast, kept: Kept
    ) -> None:
        ticket, alice = raised(cast), cast.actor(cast.alice)
        for minutes in (30, 40):
            then = ticket.raised_at + timedelta(minutes=minutes)
            actions.reply(ticket=ticket, text="We look.", actor=alice, now=then)
        recorder.flush()

        assert kept.values("FirstResponseTime") == [1800]

    def test_a_rating_is_counted_with_its_score(self, cast: Cast, kept: Kept) -> None:
        ticket = actions.solve(ticket=raised(cast), actor=cast.actor(cast.rachel), now=NOON)
        for score in (4, 2):
            actions.rate(ticket=ticket, score=score, actor=cast.actor(cast.rachel), now=NOON)
        recorder.flush()

        assert kept.values("RatingScore") == [4]


@pytest.mark.django_db
def test_a_sign_in_is_counted_and_a_wrong_password_is_not(cast: Cast, kept: Kept) -> None:
    EmailAddress.objects.create(
        user=cast.rachel, email=cast.rachel.email, verified=True, primary=True
    )
    for password in ("wrong", PASSWORD):
        Client().post("/account/login/", {"login": cast.rachel.email, "password": password})
    recorder.flush()

    assert kept.total("SignIns") == 1


class TestGauge:
    @pytest.mark.django_db
    def test_an_empty_desk_waits_for_nothing(self) -> None:
        found = measure(now=timezone.now())

        assert set(found) == {m.name for m in METRICS if m.kind is Kind.GAUGE}
        assert set(found.values()) == {0}

    @pytest.mark.django_db
    def test_what_waits_has_its_age(self, cast: Cast) -> None:
        ticket = raised(cast)
        Ticket.objects.filter(pk=ticket.pk).update(waiting_since=NOON)
        Delivery.objects.update(due_at=NOON)
        mails.queue_mail(key="k", to="a@example.com", subject="S", text="T", html="T", now=NOON)
        OutgoingMail.objects.update(due_at=NOON)

        found = measure(now=NOON + timedelta(minutes=10))

        for name in ("OldestUnanswered", "JournalLag", "MailLag"):
            assert found[name] == 600, name
        assert found["StreamLag"] >= 0

    @pytest.mark.django_db
    def test_what_was_given_up_is_counted(self, cast: Cast) -> None:
        raised(cast)
        Delivery.objects.update(parked_at=NOON)

        assert measure(now=NOON)["ParkedDeliveries"] == Delivery.objects.count() > 0

    @pytest.mark.django_db
    def test_a_job_tells_once_a_minute(self, kept: Kept) -> None:
        tasks.measure()

        assert kept.values("JournalLag") == [0]
        assert kept.total("Backlog") == 0

    @pytest.mark.django_db
    def test_where_nobody_listens_nothing_is_asked(self, django_assert_num_queries: Any) -> None:
        with django_assert_num_queries(0):
            tasks.measure()


def test_a_process_tells_what_it_counted_before_it_ends(
    tmp_path: Path, released_url: str | None
) -> None:
    lines = tmp_path / "figures"
    desk = Desk(tmp_path, database_url=released_url, METRICS_URL=f"lines:{lines}", BUILD="b-7")
    client = requests.Session()
    try:
        desk.start_one("web")
        desk.wait_until_ready()
        for _ in range(20):
            client.get(f"{desk.url}/help/", timeout=20)
    finally:
        desk.stop()

    found = [json.loads(line) for line in lines.read_text().splitlines()]
    assert sum(sum(_values(line, "Requests")) for line in found) == 20
    assert {line["Build"] for line in found} == {"b-7"}
