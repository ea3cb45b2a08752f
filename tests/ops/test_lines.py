"""The Procfile's workers: what one is busy with holds up nothing of another's."""

from __future__ import annotations

import shlex

from apps.ops.broker.queues import QUEUES
from tests.e2e.desk import commands
from tests.ops.test_killed_workers import Running, jobs, wait_for

__all__ = ["jobs"]


def _workers() -> dict[str, list[str]]:
    """What celery is given on each line that is a worker."""
    lines = {name: shlex.split(line) for name, line in commands().items()}
    return {
        name: words[words.index("celery") + 1 :]
        for name, words in lines.items()
        if "celery" in words
    }


def _queues(words: list[str]) -> list[str]:
    return words[words.index("-Q") + 1].split(",")


def test_each_queue_has_one_line_and_the_heavy_one_a_line_for_itself() -> None:
    served = {name: _queues(words) for name, words in _workers().items()}

    assert sorted(queue for queues in served.values() for queue in queues) == sorted(QUEUES)
    assert served["heavy"] == ["heavy"]


def test_mail_and_the_rest_go_on_while_heavy_jobs_take_their_hour(jobs: Running) -> None:
    for words in _workers().values():
        as_ours = ["tests.ops.counting" if word == "project" else word for word in words]
        jobs.start("celery", *as_ours)
    for number in range(4):
        jobs.send(f"held.apply_async(('heavy {number}', 600), queue='heavy')")
    wait_for(lambda: "heavy 0 begun" in jobs.marks(), jobs.log)

    jobs.send("mark.apply_async(('mail',), queue='mail'); mark.delay('default')")

    wait_for(lambda: {"mail", "default"} <= set(jobs.marks()), jobs.log)
    # One at a time, and the others are free for another machine's worker.
    assert set(jobs.marks()) == {"heavy 0 begun", "mail", "default"}
