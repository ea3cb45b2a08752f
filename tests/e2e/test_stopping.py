"""Whatever is stopped, at whatever moment: nothing is lost and nothing happens twice."""

from __future__ import annotations

import email
import email.policy
import random
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from tests.e2e.customers import PATIENCE, raising
from tests.e2e.desk import Desk

KILLS = 12
CUSTOMERS = 2


def _wait_for(what: str, condition: Callable[[], bool], desk: Desk) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if condition():
            return
        time.sleep(0.3)
    raise AssertionError(f"{what}\n{desk.logs()}")


def _subjects_mailed(folder: Path) -> Counter[str]:
    """Subjects of the receipts in the outbox, each as often as it was mailed."""
    found: Counter[str] = Counter()
    for path in folder.rglob("*.eml"):
        mail = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        found[str(mail["Subject"])] += 1
    return found


def test_stopping_anything_loses_nothing(desk: Desk) -> None:
    chance = random.Random(7)

    with raising(desk, many=CUSTOMERS) as customers:
        for turn in range(KILLS):
            time.sleep(chance.uniform(0.2, 0.8))
            victim = ("web", "worker", "relay", "heavy")[turn % 4]
            desk.kill(victim)
            desk.start_one(victim)
        desk.wait_until_ready()
    raised = [subject for customer in customers for subject in customer.raised]

    assert [customer.trouble for customer in customers] == [[]] * CUSTOMERS
    assert len(raised) >= CUSTOMERS
    _wait_for("some deliveries stay", lambda: desk.count("pending") == 0, desk)
    _wait_for("some mail stays", lambda: desk.count("mail") == 0, desk)
    mailed = _subjects_mailed(desk.folder / "var" / "mail")
    seen = Counter(desk.tickets("Stopping"))
    assert seen == Counter(raised)
    assert desk.count("facts") == len(raised)
    for subject in raised:
        receipts = [n for told, n in mailed.items() if told.startswith(f"{subject} [")]
        assert receipts == [1], (subject, receipts)
