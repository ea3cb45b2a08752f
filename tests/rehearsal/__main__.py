"""A whole release on one machine: `make rehearse`.

Old and new version of the desk, each with the hooks, the nginx and the gunicorn that it has on
Beanstalk, behind a balancer that splits the requests; bad builds are judged and taken back, good
ones take over, all under load. Fails when a claim does not hold.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click

from deploy.judgement import Decision
from tests.e2e.desk import Desk
from tests.rehearsal.load import Crowd
from tests.rehearsal.scenarios import FULL, MIGRATION, Outcome, Pace, Rehearsal
from tests.rehearsal.site import Balancer, Instance, Site

CUSTOMERS, READERS = 2, 3


@contextmanager
def prepared(folder: Path, database_url: str | None, pace: Pace) -> Iterator[Rehearsal]:
    """Two instances of the old version behind a balancer, on a demo that is there already."""
    site = Site(folder, database_url, Balancer(folder / "balancer"))
    try:
        old = [Instance(site, f"old-{n}").deploy() for n in range(2)]
        site.balancer.share({"old": old})
        crowd = Crowd(old[0].desk, site.balancer.url, customers=CUSTOMERS, readers=READERS)
        yield Rehearsal(site, crowd, pace, old)
    finally:
        site.stop()


def play(rehearsal: Rehearsal) -> None:
    site = rehearsal.site
    _say("a rolling restart")
    rehearsal.restart(count=1)
    _say("a rolling update with a migration")
    rehearsal.rolling([Instance(site, f"next-{n}", migration=MIGRATION) for n in range(2)])
    for name, fault, expected in (
        ("2 % of requests fail", "failing:0.02", Decision.ABORT),
        ("0.4 s slower", "slow:0.4", Decision.ABORT),
        ("a good build", "", Decision.PROMOTE),
    ):
        _say(f"canary: {name}")
        rehearsal.canary(Instance(site, name, fault=fault), expected=expected)
    for name, fault, expected in (
        ("2 % of requests fail", "failing:0.02", Decision.ABORT),
        ("a good build", "", Decision.PROMOTE),
    ):
        _say(f"blue/green: {name}")
        rehearsal.blue_green(Instance(site, name, fault=fault), expected=expected)


def table(outcomes: Sequence[Outcome]) -> str:
    head = (
        f"{'':4} {'scenario':36} {'seconds':>7} {'asked':>6} {'failed':>6} {'raised':>6}  verdict"
    )
    rows = [
        f"{'FAIL' if each.wrong else 'ok':4} {each.name:36} {each.seconds:7.0f} {each.asked:6}"
        f" {each.failed:6} {each.raised:6}  {each.said}"
        for each in outcomes
    ]
    why = [f"     {each.name}: {wrong}" for each in outcomes for wrong in each.wrong]
    return "\n".join([head, *rows, *why])


def _say(text: str) -> None:
    click.echo(f"{time.strftime('%H:%M:%S')}  {text}", err=True)


@click.command(help=__doc__)
@click.option("--keep", is_flag=True, help="leave the folder with all logs")
def main(*, keep: bool) -> None:
    folder = Path(tempfile.mkdtemp(prefix="rehearsal-"))
    url = os.environ.get("DATABASE_URL")
    _say(f"preparing, on {'PostgreSQL' if url else 'SQLite'} ...")
    desk = Desk(folder, database_url=url, SECRET_KEY="of a rehearsal")
    outcomes: list[Outcome] = []
    try:
        desk.manage("release", "--verbosity", "0")
        desk.manage("demo", "--tickets", "20")
        with prepared(folder, url, FULL) as rehearsal:
            outcomes = rehearsal.outcomes
            play(rehearsal)
    finally:
        if outcomes:
            click.echo(table(outcomes))
        if keep:
            _say(f"kept in {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)
    if any(each.wrong for each in outcomes):
        sys.exit(1)


if __name__ == "__main__":
    main()
