"""Medians of the search's questions on a desk that is full already, in milliseconds.

    DATABASE_URL=postgresql://… SECRET_KEY=x python manage.py demo --tickets 1000000
    python benchmarks/search.py postgresql://… [rounds]

Every question is asked as a page asks it, hits and snippets included, with the next round's
questions in between so that no answer is the last one's. The first round is not counted.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

AGENT_ASKS = {
    "rare word": "quarantine",
    "common word": "card",
    "two common words": "card payment",
    "phrase": '"top up"',
    "filter and word": "status:open team:cards card",
    "filters alone": "status:open assignee:none",
    "word but not another": "refund -card",
    "word and day": "card created:30d",
    "typo": "paymnet declinde",
    "nothing": "xylophone",
}


def main(url: str, rounds: int) -> None:
    os.environ |= {"DATABASE_URL": url, "SECRET_KEY": "x"}
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
    sys.path.insert(0, str(ROOT))
    import django

    django.setup()
    asks = questions()
    taken: dict[str, list[float]] = {name: [] for name in asks}
    sizes = {}
    for lap in range(rounds + 1):
        for name, ask in asks.items():
            start = time.perf_counter()
            sizes[name] = ask()
            if lap:
                taken[name].append((time.perf_counter() - start) * 1000)
    print(f"| {tickets():,} tickets | found | median ms | worst ms |\n|---|---|---|---|")
    for name, times in taken.items():
        print(f"| {name} | {sizes[name]} | {statistics.median(times):.1f} | {max(times):.1f} |")


def tickets() -> int:
    from apps.tickets.models import Ticket

    return Ticket.objects.count()


def questions() -> dict[str, Callable[[], str]]:
    from apps.accounts.access import actor_for
    from apps.accounts.models import User
    from apps.kernel.actors import ANONYMOUS, Actor
    from apps.search import find
    from apps.tickets.models import Ticket

    def person(email: str) -> Actor:
        users = User.objects.select_related("organisation")
        return actor_for(users.get(email__startswith=email))

    agent, customer, manager = person("tom."), person("nadia."), person("callum.")
    middle = Ticket.objects.filter(pk__gt=tickets() // 2, merged_into=None).order_by("pk")[0].pk

    def asked(text: str, actor: Actor, cursor: str = "") -> Callable[[], str]:
        def ask() -> str:
            page = find.tickets(text, actor=actor, cursor=cursor)
            return f"{page.total:,}{'+' * page.total_is_capped}"

        return ask

    second = find.tickets("card", actor=agent).following
    return {
        **{f"agent: {name}": asked(text, agent) for name, text in AGENT_ASKS.items()},
        "agent: common word, page 2": asked("card", agent, second),
        "agent: #number": asked(f"#{middle}", agent),
        "agent: number": asked(str(middle), agent),
        "customer: common word": asked("card", customer),
        "customer: common word, an organisation's": asked("card", manager),
        "customer: typo": asked("paymnet", customer),
        "agent: people, mistyped": lambda: str(len(find.people("nadja rahmann", actor=agent))),
        "anybody: suggest": lambda: str(
            len(find.suggest("my card payment was declined", actor=ANONYMOUS))
        ),
    }


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 15)
