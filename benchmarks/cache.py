"""Pages a second with Redis against each process's memory, on one database.

python benchmarks/cache.py --server postgresql://… --redis redis://…

The same desk twice, before the same database: once with CACHE_URL=memory: (sessions in the
database), once with Redis (sessions in it too). Both take turns, so that what else the machine does
falls on both. Rates of a busy machine: read the ratio.
"""

from __future__ import annotations

import argparse
import tempfile
from contextlib import ExitStack
from pathlib import Path

from driving import Request, Sample, drive, sign_in
from servers import Desk, database, environment, free_port, load, own_postgres, serving

NAME = "bench_cache"
PAGES = {
    "portal list": ("nadia", Request(path="/requests/?state=all")),
    "queue": ("tom", Request(path="/admin/tickets/ticket/")),
    "dashboard": ("tom", Request(path="/admin/")),
    "pulse": ("tom", Request(path="/admin/tickets/ticket/pulse/")),
    "last hour": ("tom", Request(path="/admin/tickets/ticket/hour/")),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--server", help="PostgreSQL to use; one of its own without")
    parser.add_argument("--redis", default="redis://127.0.0.1:6379/15")
    parser.add_argument("--tickets", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--clients", type=int, default=4)
    told = parser.parse_args()
    with ExitStack() as stack:
        server = told.server or stack.enter_context(own_postgres())
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        url = database(server, NAME)
        load(environment(url, folder / "load", free_port()), told.tickets)
        desks = {}
        for name, cache in (("memory", "memory:"), ("Redis", told.redis)):
            port = free_port()
            env = environment(url, folder / name, port) | {"CACHE_URL": cache}
            desks[name] = stack.enter_context(serving(name, "project.wsgi", env, port))
        measure(desks, told)


def measure(desks: dict[str, Desk], told: argparse.Namespace) -> None:
    world = next(iter(desks.values())).inside("prepare")
    cookies = {
        (name, who): sign_in(desk.base, world["people"][who], world["password"])
        for name, desk in desks.items()
        for who in ("nadia", "tom")
    }
    print(f"{'page':12} {'memory /s':>10} {'Redis /s':>10} {'ratio':>6} {'p50 ms':>14}")
    for page, (who, request) in PAGES.items():
        found = {name: Sample() for name in desks}
        for _ in range(told.rounds):
            for name, desk in desks.items():
                found[name].add(
                    drive(
                        desk.base, cookies[name, who], [request],
                        clients=told.clients, seconds=told.seconds, most=10_000,
                    )
                )  # fmt: skip
        memory, redis = found["memory"], found["Redis"]
        ratio = redis.rate / memory.rate if memory.rate else 0.0
        middle = f"{memory.median:.1f} / {redis.median:.1f}"
        print(f"{page:12} {memory.rate:10.0f} {redis.rate:10.0f} {ratio:6.2f} {middle:>14}")


if __name__ == "__main__":
    main()
