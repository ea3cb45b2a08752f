"""What was given up: the same of both brokers, read, put back or dropped."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

import pytest
from celery import Celery, current_app, shared_task
from django.test import Client

from apps.events.jobs import chore
from apps.events.models import Event
from apps.kernel.errors import ForbiddenError
from apps.ops import actions, broker
from apps.ops.broker.queue import LeaseQueue
from apps.ops.broker.queues import QUEUES
from apps.ops.chores import CHORES
from apps.ops.dead_jobs import DeadJobs, UnavailableError, dead_jobs, sqs
from apps.ops.dead_jobs.reading import read
from apps.ops.doctor import Ailment, carrying
from apps.ops.jobs import CausedTask, Jobs
from apps.ops.models import JobFailure
from tests.cast import Cast
from tests.ops.brokers import Sqs
from tests.refusing import Gate
from tests.refusing import gate as standing_before
from tests.support import NOON


class Given(Protocol):
    """A broker on which jobs can be given up at will."""

    url: str

    def give_up(self, queue: str, *args: object, **kwargs: object) -> str:
        """The job's id."""

    def waiting(self, queue: str) -> int: ...


def sender(url: str) -> Celery:
    broker.register()
    app = Jobs("test", task_cls=CausedTask, set_as_current=False)
    at, options = broker.connection(url, lease=60)
    app.conf.update(broker_url=at, broker_transport_options=options)
    app.conf.task_queues = {name: {} for name in QUEUES}
    app.conf.task_default_queue = "default"
    return app


def send(url: str, queue: str, args: tuple[object, ...], kwargs: dict[str, object]) -> str:
    app = sender(url)
    try:
        return str(app.send_task("desk.export", args, kwargs, queue=queue).id)
    finally:
        app.close()


class OnEmbedded:
    def __init__(self, folder: Path) -> None:
        self.path = folder / "jobs.sqlite3"
        self.url = f"lease://localhost{self.path}"

    def give_up(self, queue: str, *args: object, **kwargs: object) -> str:
        job = send(self.url, queue, args, kwargs)
        leases = LeaseQueue(self.path, lease=0, times=lambda name: QUEUES[name].times)
        for _ in range(QUEUES[queue].times):
            assert leases.claim(queue)
        assert leases.claim(queue) is None
        return job

    def waiting(self, queue: str) -> int:
        return LeaseQueue(self.path, lease=60).size(queue)


class OnSqs:
    def __init__(self, environment: dict[str, str]) -> None:
        self.sqs = Sqs(environment)
        self.url = self.sqs.env["BROKER_URL"]

    def give_up(self, queue: str, *args: object, **kwargs: object) -> str:
        job, url = send(self.url, queue, args, kwargs), self.sqs.urls[queue]
        for _ in range(QUEUES[queue].times):
            (raw,) = self.sqs.client.receive_message(QueueUrl=url)["Messages"]
            self.sqs.client.change_message_visibility(
                QueueUrl=url, ReceiptHandle=raw["ReceiptHandle"], VisibilityTimeout=0
            )
        assert "Messages" not in self.sqs.client.receive_message(QueueUrl=url, WaitTimeSeconds=0)
        return job

    def waiting(self, queue: str) -> int:
        return self.sqs.size(queue)


@pytest.fixture(params=["embedded", "sqs"])
def given(request: pytest.FixtureRequest, tmp_path: Path) -> Given:
    if request.param == "embedded":
        return OnEmbedded(tmp_path)
    return OnSqs(request.getfixturevalue("aws"))


def adapter(given: Given) -> DeadJobs:
    return dead_jobs.build(given.url)


def test_there_are_none(given: Given) -> None:
    found = adapter(given).read()

    assert (found.jobs, found.total) == ([], 0)


def test_they_say_what_they_are(given: Given) -> None:
    before = datetime.now().astimezone()
    job = given.give_up("mail", 7, "Grüße", to={"a": [1]})

    found = adapter(given).read()

    (told,) = found.jobs
    assert (told.job_id, told.task, told.queue) == (job, "desk.export", "mail")
    assert told.arguments == '7, "Grüße", to={"a": [1]}'
    assert (told.times, found.total) == (QUEUES["mail"].times, 1)
    assert told.sent_at is not None
    assert abs(told.sent_at - before) < timedelta(minutes=5)


def test_reading_changes_nothing(given: Given) -> None:
    given.give_up("default")
    jobs = adapter(given)

    assert [job.key for job in jobs.read().jobs] == [job.key for job in jobs.read().jobs] != []


def test_one_goes_back_to_its_queue_and_is_dead_no_more(given: Given) -> None:
    jobs = adapter(given)
    kept, chosen = given.give_up("heavy", 1), given.give_up("heavy", 2)
    key = next(job.key for job in jobs.read().jobs if job.job_id == chosen)

    assert [job.job_id for job in jobs.retry([key])] == [chosen]

    assert [job.job_id for job in jobs.read().jobs] == [kept]
    assert (given.waiting("heavy"), given.waiting("default")) == (1, 0)


def test_what_goes_back_is_the_same_job_with_a_clean_slate(given: Given) -> None:
    job = given.give_up("heavy", "x")
    jobs = adapter(given)
    list(jobs.retry([dead.key for dead in jobs.read().jobs]))

    with sender(given.url).connection_for_read() as connection:
        message = connection.SimpleQueue("heavy").get(timeout=10)

    assert message.headers["id"] == job
    assert message.payload[0] == ["x"]


def test_several_are_dropped_at_once(given: Given) -> None:
    jobs = adapter(given)
    sent = {given.give_up("default", number) for number in range(12)}  # more than SQS takes at once

    dropped = {job.job_id for job in jobs.drop([job.key for job in jobs.read().jobs])}

    assert dropped == sent
    assert adapter(given).read().total == 0
    assert given.waiting("default") == 0


def test_what_is_gone_is_no_error(given: Given) -> None:
    given.give_up("default")
    jobs = adapter(given)
    (key,) = (job.key for job in jobs.read().jobs)
    list(jobs.drop([key]))

    assert list(jobs.retry([key])) == []
    assert list(jobs.drop([key, "nonsense"])) == []


class TestSqs:
    """What only a queue service can do to a page."""

    @pytest.fixture
    def gate(self, aws: dict[str, str]) -> Iterator[Gate]:
        with standing_before(aws["AWS_ENDPOINT_URL"]) as made:
            yield made

    @pytest.fixture
    def jobs(self, aws: dict[str, str], gate: Gate) -> DeadJobs:
        """Three that were given up, asked for through the gate."""
        given = OnSqs(aws)
        for number in range(3):
            given.give_up("default", number)
        host = urlsplit(gate.url).netloc
        return dead_jobs.build(f"sqs+http://{host}/{aws['AWS_ACCESS_KEY_ID']}/test-")

    def test_that_takes_nothing_back_has_told_all_the_same(
        self, jobs: DeadJobs, gate: Gate, caplog: pytest.LogCaptureFixture
    ) -> None:
        gate.refused = {"ChangeMessageVisibilityBatch": "InternalError"}

        found = jobs.read()

        assert len(found.jobs) == found.total == 3
        assert "stay hidden for 60 s" in caplog.text

    def test_that_fails_after_an_act_has_done_it(self, jobs: DeadJobs, gate: Gate) -> None:
        chosen = jobs.read().jobs[0].key
        gate.refused = {"ChangeMessageVisibilityBatch": "InternalError"}

        assert [job.key for job in jobs.drop([chosen])] == [chosen]

    def test_is_not_looked_through_for_longer_than_a_page_may_take(
        self, jobs: DeadJobs, gate: Gate, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sqs, "A_LOOK", 0)
        keys = [job.key for job in jobs.read().jobs]
        gate.asked.clear()

        assert list(jobs.drop([*keys, "gone"])) == []

        assert gate.asked["ReceiveMessage"] == 1
        monkeypatch.undo()
        assert len(jobs.read().jobs) == 3  # given back at once

    def test_hides_a_job_for_longer_than_its_looker_may_take(self) -> None:
        requests, attempts, patience = 2, 2, 5  # of the last act: sqs._client
        connecting = 5

        assert sqs.A_LOOK + requests * attempts * (patience + connecting) <= sqs.HIDDEN


def test_a_broker_that_is_away_is_said_so(tmp_path: Path, aws: dict[str, str]) -> None:
    (tmp_path / "jobs.sqlite3").mkdir()
    urls = [
        f"lease://localhost{tmp_path}/jobs.sqlite3",
        "sqs+http://127.0.0.1:9/000000000000/test-",
        f"sqs+http://{urlsplit(aws['AWS_ENDPOINT_URL']).netloc}/{aws['AWS_ACCESS_KEY_ID']}/none-",
    ]
    for url in urls:
        jobs = dead_jobs.build(url)

        with pytest.raises(UnavailableError):
            jobs.read()
        with pytest.raises(UnavailableError):
            list(jobs.retry(["1"]))


@pytest.mark.parametrize(
    "body", ["", "{", "[]", "nonsense", '{"body": 3}', '{"body": "!!", "headers": 1}', "e30="]
)
def test_what_is_no_job_can_be_read(body: str) -> None:
    job = read(body, key="k", queue="elsewhere")

    assert (job.key, job.job_id, job.task, job.queue) == ("k", "k", "", "default")


class Broken(Exception):
    pass


@pytest.mark.django_db
def test_why_a_job_failed_is_kept_and_counted(cast: Cast) -> None:
    for number in (1, 2):
        actions.note_failure(job_id="j", task="desk.export", error=Broken(f"no {number}"))

    (failure,) = JobFailure.objects.all()
    assert (failure.task, failure.error, failure.times) == ("desk.export", "Broken: no 2", 2)

    actions.forget_failures(now=failure.failed_at + timedelta(days=15))
    assert JobFailure.objects.exists()
    actions.forget_failures(now=failure.failed_at + timedelta(days=15, seconds=1))
    assert not JobFailure.objects.exists()


class Shaky:
    """A chore and a job that fail as long as they are told to."""

    def __init__(self) -> None:
        self.fails = True

        def work() -> None:
            if self.fails:
                raise Broken("the disk is full")

        self.chore = chore(work)
        self.job = shared_task(name="tests.shaky_job")(work)


@pytest.fixture
def shaky() -> Iterator[Shaky]:
    made = Shaky()
    yield made
    for task in (made.chore, made.job):
        current_app.tasks.unregister(task.name)


@pytest.mark.django_db
class TestAChoreThatFails:
    def test_is_one_failure_until_it_succeeds(self, shaky: Shaky) -> None:
        for _ in range(3):
            shaky.chore.apply()

        (failure,) = JobFailure.objects.of_chores()
        assert (failure.task, failure.times) == (shaky.chore.name, 3)
        assert failure.error == "Broken: the disk is full"

        shaky.fails = False
        shaky.chore.apply()
        assert not JobFailure.objects.exists()

        shaky.fails = True
        shaky.chore.apply()
        assert JobFailure.objects.get().times == 1

    def test_is_shown_though_no_job_was_given_up(self, page: Client, shaky: Shaky) -> None:
        for _ in range(2):
            shaky.chore.apply()

        text = page.get(PAGE).text

        assert "Chores that fail" in text
        assert shaky.chore.name in text
        assert "failed 2 times since it last succeeded" in text
        assert "Broken: the disk is full" in text
        assert "No job was given up" in text

    def test_is_told_by_the_doctor(self, shaky: Shaky) -> None:
        assert "no chore failed" in carrying.chores()
        shaky.chore.apply()

        with pytest.raises(Ailment, match=r"1 chore fails: \S+ \(1x\): Broken: the disk is full"):
            carrying.chores()

    def test_has_a_name_that_the_table_takes(self) -> None:
        current_app.loader.import_default_modules()
        longest = JobFailure._meta.get_field("job_id").max_length
        assert longest is not None

        assert [each.task for each in CHORES if len(each.task) > longest] == []


@pytest.mark.django_db
class TestAnotherJobThatFails:
    def test_is_known_by_its_own_id(self, page: Client, shaky: Shaky) -> None:
        first, second = shaky.job.apply(), shaky.job.apply()

        assert set(JobFailure.objects.values_list("job_id", flat=True)) == {first.id, second.id}
        assert "Chores that fail" not in page.get(PAGE).text

        shaky.fails = False
        shaky.job.apply(task_id=first.id)
        assert JobFailure.objects.get().job_id == second.id

    def test_costs_one_that_never_failed_a_look_and_no_write(
        self, shaky: Shaky, django_assert_num_queries: Any
    ) -> None:
        shaky.fails = False

        with django_assert_num_queries(1):
            shaky.job.apply()


@pytest.mark.django_db
def test_only_administrators_may(cast: Cast) -> None:
    with pytest.raises(ForbiddenError):
        actions.note_dropped(job=read("", key="j"), actor=cast.actor(cast.alice), now=NOON)


PAGE = "/admin/dead-jobs/"


@pytest.fixture
def page(given: Given, cast: Cast) -> Iterator[Client]:
    client = Client()
    client.force_login(cast.ada)
    with dead_jobs.override(adapter(given)):
        yield client


def keys(given: Given) -> list[str]:
    return [job.key for job in adapter(given).read().jobs]


@pytest.mark.django_db
def test_the_page_says_that_there_are_none(page: Client) -> None:
    assert "No job was given up" in page.get(PAGE).text


@pytest.mark.django_db
def test_the_page_shows_what_and_why(page: Client, given: Given) -> None:
    job = given.give_up("heavy", "<b>4711</b>")
    actions.note_failure(job_id=job, task="desk.export", error=Broken("the disk is full"))

    text = page.get(PAGE).text

    assert "desk.export" in text
    assert "Broken: the disk is full" in text
    assert "&lt;b&gt;4711&lt;/b&gt;" in text
    assert f"taken {QUEUES['heavy'].times} times" in text


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("do", "fact", "waiting"), [("retry", "retried", 2), ("drop", "dropped", 0)]
)
def test_several_at_once_are_asked_for_and_recorded(  # noqa: PLR0917 - fixtures
    page: Client, given: Given, cast: Cast, do: str, fact: str, waiting: int
) -> None:
    chosen = {given.give_up("default", 1), given.give_up("default", 2)}
    ticked = keys(given)
    left = given.give_up("default", 3)

    asked = page.post(PAGE, {"do": do, "key": ticked})
    assert "sure" in asked.text
    assert not Event.objects.filter(name=f"job.{fact}").exists()
    done = page.post(PAGE, {"do": do, "key": ticked, "sure": "1"}, follow=True)

    assert "2 jobs" in done.text
    assert [job.job_id for job in adapter(given).read().jobs] == [left]
    assert given.waiting("default") == waiting
    facts = Event.objects.filter(name=f"job.{fact}")
    assert {event.subject for event in facts} == {f"job:{job}" for job in chosen}
    assert {(event.actor_id, event.data["task"]) for event in facts} == {
        (cast.ada.pk, "desk.export")
    }


@pytest.mark.django_db
def test_all_that_are_shown_can_be_chosen_in_one(page: Client, given: Given) -> None:
    for number in range(3):
        given.give_up("default", number)
    shown = keys(given)

    asked = page.post(PAGE, {"do": "drop", "all": "1", "shown": shown})

    assert all(f'value="{key}"' in asked.text for key in shown)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("sent", "told"),
    [
        ({"do": "drop"}, "Choose jobs first."),
        ({"do": "explode", "key": "1"}, "Choose jobs first."),
        ({"do": "retry", "key": "gone", "sure": "1"}, "1 job was not found"),
    ],
)
def test_odd_choices_are_answered(page: Client, sent: dict[str, str], told: str) -> None:
    assert told in page.post(PAGE, sent, follow=True).text


@pytest.mark.django_db
def test_a_queue_service_that_is_away_is_no_broken_page(cast: Cast, aws: dict[str, str]) -> None:
    client = Client()
    client.force_login(cast.ada)
    with dead_jobs.override(dead_jobs.build("sqs+http://127.0.0.1:9/000000000000/test-")):
        shown = client.get(PAGE)
        done = client.post(PAGE, {"do": "drop", "key": "1", "sure": "1"}, follow=True)

    assert shown.status_code == 503
    assert "The queue service can&#x27;t be reached" in shown.text
    assert "The queue service can&#x27;t be reached" in done.text
    assert "No job was given up" not in done.text
