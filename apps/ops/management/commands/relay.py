from __future__ import annotations

import logging
import signal
import threading
from argparse import ArgumentParser
from contextlib import nullcontext
from types import FrameType

from django.core.management.base import BaseCommand
from django.db import DatabaseError, close_old_connections
from django.utils import timezone
from kombu.exceptions import OperationalError

from apps.events import relay
from apps.events.bus import bus
from apps.events.stream.sending import Sender
from apps.insights.consumer import Consumer
from apps.ops import chores
from apps.ops.background import Background

logger = logging.getLogger(__name__)

IDLE = 0.3  # seconds between looks at an empty journal: one indexed query
AWAY = 2.0  # seconds before the database is asked again after it failed
CHORES_EVERY = 5.0  # seconds


class Command(BaseCommand):
    help = "Hand recorded facts to their subscribers and send the chores, until told to stop."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help="stop when nothing is due")

    def handle(self, *, once: bool, **options: object) -> None:
        stop = threading.Event()
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, _stopper(stop))
        rounds = {"stream": Sender().round, "figures": Consumer().round}
        logger.info("relay started")
        with nullcontext() if once else Background(stop, **rounds):
            self._pass_on_until(stop, once=once)
        for work in rounds.values() if once else ():
            while not work():
                pass
        logger.info("relay stopped")

    def _pass_on_until(self, stop: threading.Event, *, once: bool) -> None:
        ticked = timezone.now()
        busy = False
        while not stop.is_set():
            try:
                busy = pass_on()
                if (timezone.now() - ticked).total_seconds() >= CHORES_EVERY:
                    ticked = timezone.now()
                    chores.tick(now=ticked)
            except OperationalError:
                logger.exception("the broker is away: chores wait for their next time")
            except DatabaseError:
                logger.exception("the database is away")
                close_old_connections()
                stop.wait(AWAY)
                continue
            if not busy and once:
                return
            if not busy:
                stop.wait(IDLE)


def pass_on() -> bool:
    """One round: whether there was anything to hand over."""
    now = timezone.now()
    relay.park_the_deadly(now=now)
    return bus.get().carry_due(now=now) > 0


def _stopper(stop: threading.Event) -> signal._HANDLER:
    def on_signal(signum: int, frame: FrameType | None) -> None:
        stop.set()

    return on_signal
