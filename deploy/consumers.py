"""Who used a contract lately, as the desk that is live says: whom a change of it would reach.

An instance is asked, as for the doctor: what it says is of now, and nothing about who uses what
lies in a bucket or behind a page. What it can't say counts as used (ADR 53).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from deploy import instances
from deploy.beanstalk import Beanstalk, BeanstalkError

_VERSION = re.compile(r" v\d+$")


@dataclass(frozen=True, slots=True)
class Use:
    contract: str  # as contracts/ names it, or "api: work" after what a token may
    consumer: str
    last: str  # an ISO date
    times: int  # 0: nobody counts

    def __str__(self) -> str:
        times = f", {self.times} times" if self.times else ""
        return f"{self.consumer}: last on {self.last}{times}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """`unknown` says why nothing is known; "" if it is."""

    uses: Sequence[Use] = ()
    days: int = 0
    unknown: str = ""

    def of(self, contract: str) -> list[str]:
        """Lines about one contract, for who decides whether it may break."""
        if self.unknown:
            return [f"whether anybody uses it is not known: {self.unknown}"]
        if contract.startswith("topic: "):
            return ["who listens to the topic the desk does not know"]
        concerns = _concerning(contract)
        found = [str(use) for use in self.uses if concerns(use.contract)]
        return found or [f"nobody used it in {self.days} days"]


def _concerning(contract: str) -> Callable[[str], bool]:
    if contract == "webhook":  # what is around each fact
        return lambda used: not used.startswith("api: ")
    if contract.startswith("api: "):  # tokens are counted, and not what they ask for
        return lambda used: used.startswith("api: ")
    return lambda used: used == contract


def ask(beanstalk: Beanstalk) -> Usage:
    """What an instance of the desk that is live knows."""
    live = beanstalk.live()
    if live is None:
        return Usage(unknown="nothing is live")
    try:
        said = instances.ask(beanstalk, live.name, beanstalk.desk.consumers)
    except BeanstalkError as error:
        return Usage(unknown=str(error))
    if not said.is_done:
        return Usage(unknown=f"{said.instance} of {live.name}: {said.text.strip()}")
    if len(said.out) >= instances.MOST:
        return Usage(unknown=f"the answer of {live.name} is longer than Systems Manager carries")
    try:
        return _read(json.loads(said.out))
    except (ValueError, KeyError, TypeError) as error:
        return Usage(unknown=f"the answer of {live.name} can't be read: {error!r}")


def _read(told: Mapping[str, Any]) -> Usage:
    """What `manage.py consumers --json` wrote."""
    uses = [
        Use(_VERSION.sub("", contract), consumer, last, times)
        for contract, consumer, last, times in told["uses"]
    ]
    return Usage(uses=uses, days=told["days"])
