"""What the desk's pages cost at any size, beside what bare Django costs on the same server.

    python benchmarks/pages.py [--sizes 1000 100000 1000000] [--server postgresql://…] [--keep]
                               [--scenario NAME …] [--json FILE]

One database a size, filled by the demo; gunicorn with two workers of four threads before each. All
sizes and the floor take turns, round after round, so that ratios hold on a machine that does other
things besides. For each page: requests a second, median and 99th percentile at eight clients; the
median for a client alone; queries a request. `/floor` is the rate beside a bare Django page with as
many rows, or beside one INSERT. With --keep the databases stay, and the next run finds them loaded.
"""

from __future__ import annotations

import argparse
import json
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from driving import Sample, drive
from scenarios import SCENARIOS, Scenario, World
from servers import desks, own_postgres

CLIENTS, MOST = 8, 100_000


@dataclass(slots=True)
class Figures:
    """One page on one size."""

    together: Sample = field(default_factory=Sample)
    alone: Sample = field(default_factory=Sample)
    queries: int = 0


def measure(
    scenario: Scenario, worlds: list[World], floor: World, *, rounds: int, seconds: float
) -> dict[str, Figures]:
    everybody = [*worlds, floor] if scenario.floor else worlds
    found = {world.desk.name: Figures() for world in everybody}
    for turn in range(rounds + 1):
        for world in everybody:
            figures, is_warm_up = found[world.desk.name], turn == 0
            who = scenario.who if world is not floor else ""
            requests = world.requests(scenario)
            cookies = world.cookies.get(who, {})
            for clients, sample in ((CLIENTS, figures.together), (1, figures.alone)):
                length = seconds if clients > 1 else seconds / 2
                driven = drive(
                    world.desk.base, cookies, requests,
                    clients=clients, seconds=length, most=MOST,
                )  # fmt: skip
                if not is_warm_up:
                    sample.add(driven)
    for world in worlds:
        asked = [
            {"email": world.told["people"][scenario.who], "path": one.path, "fields": one.fields}
            for one in world.requests(scenario)[:1]
        ]
        found[world.desk.name].queries = world.desk.inside("count", asked)[0]
    return found


def row_of(name: str, size: str, figures: Figures, floor: Figures | None) -> dict[str, Any]:
    together, alone = figures.together, figures.alone
    return {
        "scenario": name,
        "tickets": size,
        "rate": round(together.rate, 1),
        "p50": round(together.median, 1),
        "p99": round(together.percentile(0.99), 1),
        "alone_p50": round(alone.median, 1),
        "queries": figures.queries,
        "of_floor": round(together.rate / floor.together.rate, 2) if floor else None,
        "answers": len(together.times),
    }


def show(row: dict[str, Any]) -> None:
    share = "" if row["of_floor"] is None else f"{row['of_floor']:.2f}"
    print(
        f"{row['scenario']:<22}{row['tickets']:>10}{row['rate']:>9.1f}{row['p50']:>9.1f}"
        f"{row['p99']:>9.1f}{row['alone_p50']:>9.1f}{row['queries'] or '':>9}{share:>8}",
        flush=True,
    )


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--server", help="a PostgreSQL server; by default one of its own")
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000, 100_000, 1_000_000])
    parser.add_argument("--scenario", nargs="+", choices=[s.name for s in SCENARIOS])
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=2.0, help="of each turn")
    parser.add_argument("--prefix", default="tendril_bench", help="of the databases' names")
    parser.add_argument("--keep", action="store_true", help="leave the databases for the next run")
    parser.add_argument("--json", type=Path, help="write the figures here too")
    return parser.parse_args()


def main() -> None:
    asked = arguments()
    chosen = [s for s in SCENARIOS if not asked.scenario or s.name in asked.scenario]
    rows: list[dict[str, Any]] = []
    with ExitStack() as stack:
        server = asked.server or stack.enter_context(own_postgres())
        running, bare = stack.enter_context(
            desks(server, asked.sizes, asked.prefix, keep=asked.keep)
        )
        worlds, floor = [World.of(desk) for desk in running], World.of_floor(bare)
        print(
            f"{'page':<22}{'tickets':>10}{'/s':>9}{'p50 ms':>9}{'p99 ms':>9}"
            f"{'alone ms':>9}{'queries':>9}{'/floor':>8}"
        )
        for scenario in chosen:
            found = measure(scenario, worlds, floor, rounds=asked.rounds, seconds=asked.seconds)
            bottom = found.get(bare.name)
            for name, figures in found.items():
                rows.append(row_of(scenario.name, name, figures, bottom))
                show(rows[-1])
    if asked.json:
        at = datetime.now(UTC).isoformat(timespec="seconds")
        asked.json.write_text(json.dumps({"at": at, "rows": rows}, indent=2) + "\n")


if __name__ == "__main__":
    main()
