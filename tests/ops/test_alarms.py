"""An alarm is one ticket of the desk's own, in whatever order its notices come."""

from __future__ import annotations

import itertools
import json
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from django.db import connection
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from apps.accounts.models import User
from apps.events.inbox import MessageRefusedError, receive
from apps.kernel.actors import SYSTEM
from apps.notifications import tasks as mail
from apps.notifications.models import Notification, OutgoingMail
from apps.ops import tasks
from apps.ops.alarms import actions, words
from apps.ops.alarms.deciding import QUIET, TIMES, Known, Step, decide
from apps.ops.alarms.reading import State, Told, UnreadableError, read
from apps.ops.models import Alarm
from apps.tickets import actions as tickets
from apps.tickets.models import Category, CategoryField, Link, Message, Ticket
from apps.tickets.statuses import StatusCategory
from deploy import stacks
from tests.cast import Cast
from tests.notifications.post import hear
from tests.support import transactional
from tests.worker_tier import Tier

BEGAN = datetime(2026, 5, 4, 12, tzinfo=UTC)
ARN = "arn:aws:cloudwatch:eu-central-1:111122223333:alarm:tendril-local-mail-late"
# As CloudWatch writes it, but for what nobody reads.
NOTICE: dict[str, Any] = {
    "AlarmName": "tendril-local-mail-late",
    "AlarmDescription": "Mail has been waiting for a quarter of an hour. docs/alarms.md#mail-late",
    "AWSAccountId": "111122223333",
    "AlarmConfigurationUpdatedTimestamp": "2026-05-01T10:00:00.000+0000",
    "NewStateValue": "ALARM",
    "NewStateReason": "Threshold Crossed: 5 out of the last 5 datapoints [1200.0] were `over`.",
    "StateChangeTime": "2026-05-04T12:00:00.123+0000",
    "Region": "EU (Frankfurt)",
    "AlarmArn": ARN,
    "OldStateValue": "OK",
    "OKActions": [],
    "AlarmActions": ["arn:aws:sns:eu-central-1:111122223333:tendril-local-alarms"],
    "Trigger": {"MetricName": "MailLag", "Namespace": "Tendril"},
}


def notice(state: str, minute: float = 0, **said: Any) -> dict[str, Any]:
    at = (BEGAN + timedelta(minutes=minute)).isoformat(timespec="milliseconds")
    return {**NOTICE, "NewStateValue": state, "StateChangeTime": at, **said}


def told(state: str, minute: float = 0) -> Told:
    return read(notice(state, minute))


def say(state: str, minute: float = 0, **said: Any) -> None:
    receive(notice(state, minute, **said))


def only_ticket() -> Ticket:
    return Ticket.objects.get()


class TestReading:
    def test_a_notice_is_told_in_our_words(self) -> None:
        found = read(NOTICE)

        assert found.fingerprint == ARN
        assert found.state is State.ALARM
        assert found.at == datetime(2026, 5, 4, 12, 0, 0, 123_000, tzinfo=UTC)
        assert found.page == (
            "https://eu-central-1.console.aws.amazon.com/cloudwatch/home?region=eu-central-1"
            "#alarmsV2:alarm/tendril-local-mail-late"
        )

    def test_without_an_arn_account_region_and_name_tell_it_apart(self) -> None:
        bare = {name: value for name, value in NOTICE.items() if name != "AlarmArn"}

        assert read(bare).fingerprint == "111122223333:EU (Frankfurt):tendril-local-mail-late"
        assert read(bare).page == ""

    @pytest.mark.parametrize("name", ["AlarmName", "NewStateValue", "StateChangeTime"])
    def test_what_lacks_something_is_none(self, name: str) -> None:
        for wrong in ({}, {name: None}, {name: "x\ny"} if name != "AlarmName" else {name: 7}):
            broken = {key: value for key, value in NOTICE.items() if key != name} | wrong
            with pytest.raises(UnreadableError):
                read(broken)

    def test_what_is_no_alarm_is_refused(self) -> None:
        with pytest.raises(MessageRefusedError, match="no notice of an alarm"):
            receive({"NewStateValue": "ALARM"})


ARRIVALS = st.lists(
    st.tuples(st.sampled_from(list(State)), st.integers(0, 300)), min_size=1, max_size=12
)


def run(arrivals: list[tuple[State, int]]) -> tuple[Known | None, StatusCategory | None]:
    """What is known in the end, and how the ticket stands, if each step is done."""
    known: Known | None = None
    ticket: StatusCategory | None = None
    for state, minute in arrivals:
        known, step = decide(known, told(state, minute), ticket)
        if step in {Step.RAISE, Step.REOPEN}:
            ticket = StatusCategory.OPEN
        elif step is Step.SOLVE:
            ticket = StatusCategory.RESOLVED
    return known, ticket


class TestDeciding:
    @given(ARRIVALS, st.randoms(use_true_random=False))
    def test_the_last_change_is_right_in_whatever_order_it_comes(
        self, arrivals: list[tuple[State, int]], random: Any
    ) -> None:
        unique = list({minute: (state, minute) for state, minute in arrivals}.values())
        newest = max(unique, key=lambda each: each[1])
        shuffled = unique + random.sample(unique, k=random.randint(0, len(unique)))
        random.shuffle(shuffled)

        known, ticket = run(shuffled)

        assert known is not None
        assert (known.state, known.changed_at) == (newest[0], told(*newest).at)
        if newest[0] is State.ALARM:
            assert ticket is StatusCategory.OPEN

    @given(ARRIVALS)
    def test_the_same_again_changes_nothing(self, arrivals: list[tuple[State, int]]) -> None:
        known, ticket = run(arrivals)
        assert known is not None
        again = told(known.state.value)

        same = Told(
            **{
                name: getattr(again, name)
                for name in ("fingerprint", "name", "says", "why", "page", "state")
            },
            at=known.changed_at,
        )

        assert decide(known, same, ticket) == (known, Step.NOTHING)

    @given(st.integers(1, 40), st.floats(0.1, 6))
    def test_one_that_flaps_is_no_storm(self, times: int, minutes: float) -> None:
        """Within an hour at most so many notices, however often it comes and goes."""
        known: Known | None = None
        ticket: StatusCategory | None = None
        steps: list[tuple[float, Step]] = []
        for place, state in enumerate([State.ALARM, State.OK] * times):
            known, step = decide(known, told(state, place * minutes), ticket)
            steps.append((place * minutes, step))
            ticket = {
                Step.RAISE: StatusCategory.OPEN,
                Step.REOPEN: StatusCategory.OPEN,
                Step.SOLVE: StatusCategory.RESOLVED,
            }.get(step, ticket)

        for began, _ in steps:
            within = [s for at, s in steps if began <= at < began + 60 and s is not Step.NOTHING]
            assert len(within) <= 4 * TIMES


@pytest.mark.django_db
class TestTicket:
    def test_is_opened_once(self) -> None:
        for _ in range(3):
            say("ALARM")

        ticket = only_ticket()
        assert ticket.subject == "Mail has been waiting for a quarter of an hour"
        assert ticket.requester.email == actions.ADDRESS
        assert ticket.category is not None
        assert ticket.category.slug == "alarms"
        assert (ticket.kind, ticket.status_category) == ("incident", "new")
        text = Message.objects.get().source
        assert "Threshold Crossed: 5 out of the last 5 datapoints" in text
        assert "- mend what it says; mail goes by itself then" in text
        assert "In CloudWatch: <https://eu-central-1.console" in text

    def test_of_another_alarm_is_another(self) -> None:
        say("ALARM")
        say("ALARM", AlarmArn=f"{ARN}-2", AlarmName="somebody's own")

        assert Ticket.objects.count() == Alarm.objects.count() == 2
        assert Ticket.objects.order_by("pk")[1].subject == "somebody's own"

    def test_is_solved_when_it_is_over_and_reopened_when_it_is_back(self) -> None:
        stages = []
        for minute, state in ((0, "ALARM"), (90, "OK"), (180, "ALARM"), (270, "OK")):
            say(state, minute)
            stages.append(only_ticket().status_category)

        assert stages == ["new", "resolved", "open", "resolved"]
        notes = Message.objects.filter(visibility="internal").order_by("pk")
        assert [note.source.partition("\n")[0] for note in notes] == [
            "The alarm is over.",
            "The alarm is back.",
            "The alarm is over.",
        ]

    @pytest.mark.parametrize("order", list(itertools.permutations([0, 1, 2])))
    def test_ends_as_the_last_change_says(self, order: tuple[int, int, int]) -> None:
        notices = [("ALARM", 0), ("OK", 10), ("ALARM", 20)]

        for place in order:
            say(*notices[place])

        assert only_ticket().status_category in {"new", "open"}

    def test_an_alarm_that_is_over_before_it_is_heard_of_opens_none(self) -> None:
        say("OK", 10)
        say("ALARM", 0)

        assert Ticket.objects.count() == 0

    def test_no_data_changes_nothing(self) -> None:
        say("ALARM")
        say("INSUFFICIENT_DATA", 10)

        assert only_ticket().status_category == "new"
        assert Message.objects.count() == 1

    def test_one_that_comes_and_goes_stays_open_until_it_is_quiet(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for minute, state in enumerate(["ALARM", "OK"] * 6):
            say(state, minute)
        assert only_ticket().status_category == "open"
        notes = Message.objects.filter(visibility="internal").count()

        for later, expected in ((timedelta(minutes=10), "open"), (QUIET, "resolved")):
            now = BEGAN + timedelta(minutes=12) + later
            monkeypatch.setattr("django.utils.timezone.now", lambda now=now: now)
            tasks.settle_alarms()
            assert only_ticket().status_category == expected

        assert notes <= 2 * TIMES
        last = Message.objects.order_by("pk").last()
        assert last is not None
        assert last.source == words.QUIET

    def test_that_somebody_closed_is_followed_by_another(self, cast: Cast) -> None:
        say("ALARM")
        say("OK", 10)
        first = only_ticket()
        tickets.close(
            ticket=first,
            actor=SYSTEM,
            now=BEGAN,
            unchanged_since=datetime.now(UTC) + timedelta(days=1),
        )

        say("ALARM", 90)

        second = Ticket.objects.exclude(pk=first.pk).get()
        assert Link.objects.get(source=second).target == first
        assert Alarm.objects.get().ticket == second

    def test_goes_to_the_team_of_its_category(self, cast: Cast) -> None:
        Category.objects.create(slug=actions.SLUG, name="Platform", team=cast.cards)

        say("ALARM")

        assert only_ticket().team == cast.cards

    @pytest.mark.parametrize("how", ["archived", "asks"])
    def test_is_opened_whatever_became_of_its_category(self, how: str) -> None:
        category = Category.objects.create(
            slug=actions.SLUG, name="Alarms", archived=how == "archived"
        )
        if how == "asks":
            CategoryField.objects.create(
                category=category, key="iban", label="IBAN", kind="text", required=True
            )

        say("ALARM")

        assert only_ticket().category is None

    def test_what_customers_feel_is_urgent(self) -> None:
        say("ALARM", AlarmArn=f"{ARN}-e", AlarmName="tendril-local-errors")

        assert only_ticket().priority == 1

    def test_nobody_mails_the_requester(self, cast: Cast) -> None:
        Category.objects.create(slug=actions.SLUG, name="Alarms", team=cast.cards)
        for minute, state in ((0, "ALARM"), (90, "OK"), (180, "ALARM")):
            say(state, minute)

        hear()
        Notification.objects.update(due_at=BEGAN)
        mail.compose_due()

        robot = User.objects.get(email=actions.ADDRESS)
        assert not robot.has_usable_password()
        assert not robot.is_staff
        addresses = set(OutgoingMail.objects.values_list("to", flat=True))
        assert actions.ADDRESS not in addresses
        assert addresses == {"alice@example.com", "lena@example.com"}

    def test_staff_read_it(self, cast: Cast) -> None:
        say("ALARM")
        client = Client()
        client.force_login(cast.alice)

        page = client.get(f"/admin/tickets/ticket/{only_ticket().pk}/change/")

        assert page.status_code == 200
        assert "Threshold Crossed" in page.content.decode()

    def test_a_desk_that_speaks_german_is_told_in_german(self, settings: Any) -> None:
        settings.LANGUAGE_CODE = "de"
        say("ALARM")
        say("OK", 90)

        last = Message.objects.order_by("pk").last()
        assert last is not None
        assert last.source.startswith("Der Alarm ist vorbei.")


@transactional
def test_workers_with_the_same_notice_do_one_thing(cast: Cast) -> None:
    at_once("ALARM", 0)
    say("OK", 90)
    at_once("ALARM", 180)

    assert Ticket.objects.count() == 1
    notes = Message.objects.filter(visibility="internal").order_by("pk")
    assert [note.source.partition("\n")[0] for note in notes] == [words.OVER, words.BACK]


def at_once(state: str, minute: int) -> None:
    """Four workers are told at the same moment."""
    failures: list[BaseException] = []
    start = threading.Barrier(4)

    def work() -> None:
        try:
            start.wait(10)
            say(state, minute)
        except BaseException as error:  # noqa: BLE001 - told below
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert failures == []


@transactional
def test_a_real_alarm_becomes_a_ticket_and_solves_it(tier: Tier) -> None:
    """All the way: a figure, an alarm, the stack's topic, the worker tier's queue and its page."""
    stacks.apply("observability", stage="local", parameters={})
    cloudwatch = boto3.client("cloudwatch")
    cloudwatch.put_metric_alarm(  # as the stack's, but for a period that a test can wait for
        AlarmName="tendril-local-jobs-dead",
        Namespace="Tendril",
        MetricName="DeadJobs",
        Dimensions=[{"Name": "Stage", "Value": "local"}],
        Statistic="Maximum",
        Period=1,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
        TreatMissingData="notBreaching",
        AlarmActions=[_topic()],
        OKActions=[_topic()],
    )

    def measured(dead: int) -> None:
        cloudwatch.put_metric_data(
            Namespace="Tendril",
            MetricData=[
                {
                    "MetricName": "DeadJobs",
                    "Dimensions": [{"Name": "Stage", "Value": "local"}],
                    "Value": dead,
                }
            ],
        )

    measured(3)
    _until(tier, Ticket.objects.exists)
    ticket = only_ticket()
    measured(0)
    _until(tier, lambda: only_ticket().status_category == "resolved", again=lambda: measured(0))

    assert ticket.subject == "A job was given up"
    assert "Desk → Jobs given up" in Message.objects.order_by("pk")[0].source
    assert only_ticket().pk == ticket.pk


def _topic() -> str:
    topics = [each["TopicArn"] for each in boto3.client("sns").list_topics()["Topics"]]
    (found,) = (arn for arn in topics if arn.endswith("-local-alarms"))
    return found


def _until(tier: Tier, is_so: Callable[[], bool], again: Callable[[], None] = lambda: None) -> None:
    deadline = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < deadline, json.dumps(list(Alarm.objects.values_list("state")))
        again()
        boto3.client("cloudwatch").describe_alarms()  # the local AWS evaluates when it is asked
        assert set(tier.post()) <= {200}
        time.sleep(0.3)
