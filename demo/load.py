"""Load the demo into an empty desk."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from django.core.files.base import File
from django.db import transaction

from apps.tickets import files
from apps.tickets.files import StoredFile
from apps.tickets.models import Ticket
from demo import world as worlds
from demo.desk import PICTURES, Desk
from demo.rows import Writer
from demo.scenario import audience, load_desk, people, scripts
from demo.simulate import Simulation

CHUNK = 5_000  # tickets held in memory; ids follow the order of time within a chunk


class NotEmptyError(Exception):
    """The desk has tickets already."""


@transaction.atomic
def load(
    *,
    tickets: int,
    seed: int,
    end: datetime,
    told: Callable[[int], None],
) -> None:
    """Store the demo's desk and so many tickets, the last one shortly before `end`.

    The same seed and end give the same demo. Stores all of it or nothing; raises NotEmptyError.
    `told` hears how many tickets are done.
    """
    if Ticket.objects.exists():
        raise NotEmptyError
    desk, writer = load_desk(), Writer()
    world = worlds.build(desk)
    since = end - timedelta(days=400)
    worlds.bring_in(world, people(desk, count=audience(tickets)), writer, since=since)
    simulation = Simulation(world, writer, seed, store_picture, first_id=writer.next_id(Ticket))
    _play(simulation, desk, tickets=tickets, seed=seed, end=end, told=told)
    simulation.touch_survivors()
    writer.finish()


def _play(
    simulation: Simulation,
    desk: Desk,
    *,
    tickets: int,
    seed: int,
    end: datetime,
    told: Callable[[int], None],
) -> None:
    for done, script in enumerate(scripts(desk, tickets=tickets, seed=seed, end=end), start=1):
        simulation.play(script)
        if done % CHUNK == 0:
            simulation.settle()
            told(done)
    simulation.settle()
    told(tickets)


def store_picture(name: str) -> StoredFile:
    with (PICTURES / name).open("rb") as picture:
        return files.store(File(picture, name=name))
