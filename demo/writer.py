"""Writes the script of any ticket by its index. Pure."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from typing import NamedTuple

from demo import openings
from demo.checks import standing
from demo.desk import Category, Desk
from demo.plots import Outcome, tell
from demo.rhythm import HOUR, Rhythm
from demo.script import Link, LinkKind, Merge, TicketScript
from demo.shares import SMALL, Audience, Outcomes, Popularity
from demo.teller import Teller

_SHORTEST, _LONGEST = 42, 1_096  # days

# In each eight tickets the eighth may repeat, and the fourth may relate to, one of the three just
# before it, which therefore never depend on others themselves.
_BLOCK, _REPEATS, _RELATES = 8, 7, 3
_ELDERS = 3
_KIN = 0.2

_WRONG_CATEGORY = 0.06
_PHONED = 0.09
_FINAL = frozenset({"closed", "cancelled", "spam", "merged"})
_KINDS: tuple[LinkKind, ...] = ("relates", "relates", "relates", "caused_by", "blocks")


class _Seed(NamedTuple):
    """What is drawn first: who writes about what and when."""

    raised: float  # a whole number of seconds since 1970
    requester: str
    intent: str
    kin: float


class Writer:
    def __init__(self, desk: Desk, *, tickets: int, seed: int, end: datetime) -> None:
        days = round(_SHORTEST * max(1.0, tickets / SMALL) ** 0.47)
        self._desk = desk
        self._tickets = tickets
        self._seed = seed
        self._rhythm = Rhythm(end=end, days=min(days, _LONGEST), time_zone=desk.time_zone)
        self._audience = Audience(desk, tickets)
        self._popularity = Popularity(desk)
        self._outcomes = Outcomes(tickets)
        self._misfit = next(leaf for leaf in desk.leaves if not leaf.intents)
        # Seeding one generator anew is cheaper than making one for each ticket.
        self._random = random.Random()  # noqa: S311 - a demo keeps no secrets
        self._draw = self._random.random

    def write(self, index: int) -> TicketScript:
        """The same ticket whenever, wherever and after whichever other one it is written."""
        seed = self._restart(index)
        place = index % _BLOCK
        if place not in {_REPEATS, _RELATES} or seed.kin >= _KIN:
            return self._script(index, seed)
        other = index - 1 - int(seed.kin / _KIN * _ELDERS)
        elder = self._script(other, self._restart(other))
        seed = self._restart(index)
        if elder.intent is None:
            return self._script(index, seed)
        seed = seed._replace(requester=elder.requester)
        if place == _REPEATS:
            seed = seed._replace(intent=elder.intent)
        return self._script(index, seed, elder)

    def _restart(self, index: int) -> _Seed:
        self._random.seed((self._seed << 40) + index)
        draw = self._draw
        return _Seed(
            raised=float(int(self._rhythm.moment_at((index + draw()) / self._tickets))),
            requester=self._audience.pick(draw()),
            intent=self._popularity.pick(draw()),
            kin=draw(),
        )

    def _script(self, index: int, seed: _Seed, elder: TicketScript | None = None) -> TicketScript:
        outcome = self._outcomes.pick(self._draw(), age=self._rhythm.end - seed.raised)
        if outcome == "spam" and (elder is not None or seed.requester in self._desk.people):
            outcome = "open"
        right = self._desk.category_of[seed.intent]
        category = self._first_category(right, outcome, elder)
        story = Teller(
            self._desk,
            self._rhythm,
            self._draw,
            requester=seed.requester,
            category=category,
            intent=seed.intent,
            raised=seed.raised,
        )
        raised_at = datetime.fromtimestamp(seed.raised, UTC)
        opening = self._opening(story, outcome, raised_at)
        self._tell(story, outcome, right, index, elder)
        return TicketScript(
            index=index,
            requester=seed.requester,
            raised_by=opening.raised_by,
            raised_at=raised_at,
            subject=opening.subject,
            body=opening.body,
            category=category.key,
            intent=None if outcome == "spam" else seed.intent,
            impact=category.impact,
            urgency=category.urgency,
            custom=opening.custom,
            channel=opening.channel,
            tags=opening.tags,
            attachments=opening.attachments,
            steps=tuple(story.steps),
        )

    def _first_category(
        self, right: Category, outcome: Outcome, elder: TicketScript | None
    ) -> Category:
        """What the customer chose: mostly the right one."""
        if outcome == "spam":
            return self._misfit
        if self._draw() < _WRONG_CATEGORY and elder is None and outcome != "new":
            leaves = self._desk.leaves
            return leaves[int(self._draw() * len(leaves))]
        return right

    def _opening(self, story: Teller, outcome: Outcome, raised: datetime) -> openings.Opening:
        desk, draw = self._desk, self._draw
        if outcome == "spam":
            return openings.unwanted(desk, draw, requester=story.requester)
        if self._rhythm.is_open(story.raised) and story.chance(_PHONED):
            return openings.phoned(
                desk,
                draw,
                agent=story.agent,
                requester=story.requester,
                category=story.category,
                intent=story.intent,
                raised=raised,
            )
        return openings.written(
            desk,
            draw,
            requester=story.requester,
            category=story.category,
            intent=story.intent,
            raised=raised,
        )

    def _tell(
        self,
        story: Teller,
        outcome: Outcome,
        right: Category,
        index: int,
        elder: TicketScript | None,
    ) -> None:
        if elder is not None and outcome != "new":
            if index % _BLOCK == _REPEATS and self._merge(story, elder):
                return
            self._link(story, elder, repeats=index % _BLOCK == _REPEATS)
        if story.category is not right and outcome != "spam":
            story.work(0.1, 3)
            story.categorise(right)
        tell(story, outcome)

    def _merge(self, story: Teller, elder: TicketScript) -> bool:
        """Where the same team still works on the elder ticket."""
        asked = story.now
        story.work(0.2, 5)
        there = standing(elder, self._desk, at=story.moment())
        if there.status in _FINAL or there.team != story.team or story.over:
            story.now = asked
            return False
        story.agent = there.assignee or story.agent
        story.add(Merge(story.after, story.agent, elder.index))
        return True

    def _link(self, story: Teller, elder: TicketScript, *, repeats: bool) -> None:
        """Where the agent may see the elder ticket."""
        story.work(0.1, 4)
        there = standing(elder, self._desk, at=story.moment())
        if self._desk.teams[there.team].private and there.team != story.team:
            return
        kind: LinkKind = "duplicates" if repeats else story.pick(_KINDS)
        story.add(Link(story.after, story.agent, kind, elder.index))
        story.now += HOUR / 60
