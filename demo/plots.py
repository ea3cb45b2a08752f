"""The stories that tickets have, by where they are meant to stand in the end."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from demo.desk import Level
from demo.rhythm import DAY, working_days_after
from demo.teller import Teller

# The desk's own chores close what was left alone for so long.
CLOSE_RESOLVED_AFTER = 14  # days
CLOSE_PENDING_AFTER = 10  # working days

Outcome = Literal[
    "new", "open", "pending", "on-hold", "scheduled", "resolved", "closed", "cancelled", "spam"
]

_SORTED_AGAIN: tuple[tuple[Level, Level], ...] = (
    ("medium", "high"),
    ("medium", "medium"),
    ("low", "high"),
    ("high", "high"),
    ("low", "low"),
)


def tell(story: Teller, outcome: Outcome) -> None:
    """Add the steps that lead to the outcome, or as far towards it as the time allows."""
    _PLOTS[outcome](story)


# Where it begins


def _first_look(story: Teller) -> None:
    """Somebody reads it, and most often makes it theirs."""
    story.work(0.1, 9)
    way = story.draw()
    if way < 0.62:
        story.take()
    elif way < 0.86:
        story.dispatch()
        story.work(0.1, 4)
    _paperwork(story)
    story.work(0.05, 2)


def _paperwork(story: Teller) -> None:
    if story.chance(0.2):
        story.note()
    if story.chance(0.07):
        story.prioritise(*story.pick(_SORTED_AGAIN))
    if story.chance(0.02):
        story.override()
    if story.chance(0.1):
        story.tag(story.pick(story.desk.tags))
    if story.chance(0.05):
        story.watch()


# What agents and customers say


def _answer(story: Teller, turn: int | None = None) -> str:
    answers = story.desk.phrases[story.intent].answers
    if turn is None:
        turn = 0 if story.chance(0.6) else 1
    return answers[turn]


def _ask(story: Teller) -> None:
    opening = "" if story.greeted else story.pick(story.desk.talk.asking)
    question = story.desk.phrases[story.intent].question
    story.reply(f"{opening} {question}".strip(), "pending")


def _follow_up(story: Teller) -> None:
    story.wait(0.2, 40)
    pictures = story.category.pictures
    attached = (story.pick(pictures),) if pictures and story.chance(0.15) else ()
    text = story.desk.phrases[story.intent].follow_up
    thanks = story.pick(story.desk.talk.customer_sign_offs)
    story.customer_writes(f"{text}\n\n{thanks} {story.customer}", attached)


def _complain(story: Teller) -> None:
    story.customer_writes(story.pick_new(story.desk.talk.complaints))


def _exchange(story: Teller) -> None:
    """A further question and its answer."""
    exchanges = story.desk.talk.exchanges
    asked = story.pick_new([exchange.question for exchange in exchanges])
    story.wait(0.2, 30)
    story.customer_writes(asked)
    story.work(0.2, 9)
    story.reply(next(e.answer for e in exchanges if e.question == asked))


def _put_on_hold(story: Teller) -> None:
    story.reply(story.pick_new(story.desk.talk.waiting), "on-hold")


def _schedule(story: Teller, until: datetime) -> None:
    day = f"{until:%A}, {until.day} {until:%B}"
    text = story.pick(story.desk.talk.scheduled).replace("{day}", day)
    story.reply(text, "scheduled", until)


def _morning_after(story: Teller, moment: float, least: float, most: float) -> datetime:
    """Nine o'clock where the desk is, so many days later; Monday rather than at a weekend."""
    at = datetime.fromtimestamp(moment + (least + (most - least) * story.draw()) * DAY, UTC)
    at = working_days_after(at - timedelta(days=1), 1)
    local = at.astimezone(ZoneInfo(story.desk.time_zone)).replace(
        hour=9, minute=0, second=0, microsecond=0
    )
    return local.astimezone(UTC)


def _linger(story: Teller, until: float) -> None:
    """Something holds it up until then; the customer is told, and sometimes loses patience."""
    if until - story.now < 3 * DAY:
        story.now = max(story.now, until)
        return
    _put_on_hold(story)
    while until - story.now > 4 * DAY and story.chance(0.75):
        story.now += (2 + 2 * story.draw()) * DAY
        if story.chance(0.4):
            _complain(story)
            story.work(1, 20)
            story.reply(story.pick_new(story.desk.talk.apologies))
        else:
            story.work(0, 1)
            story.reply(story.pick_new(story.desk.talk.progress))
    story.now = max(story.now, until)
    story.work(0, 1)
    story.reopen()


# Where it ends


def _stay_new(story: Teller) -> None:
    if story.chance(0.15):
        story.work(0.2, 6)
        story.dispatch()
    if story.chance(0.08):
        story.work(0.1, 2)
        story.note()
    if story.chance(0.1):
        story.wait(8, 60)
        _complain(story)


def _stay_open(story: Teller) -> None:
    _first_look(story)
    talk = story.desk.talk
    way = story.draw()
    if way < 0.22:
        story.take()
        return
    if way < 0.5:
        _ask(story)
        _follow_up(story)
        return
    story.reply(story.pick_new(talk.holding))
    if way < 0.65:
        return
    if way < 0.72:
        story.hand_over(_another_team(story))
        story.work(1, 20)
        story.note()
        return
    for _ in range(1 + int(story.draw() * 2.4)):
        _exchange(story)
    story.wait(20, 80)
    _complain(story)
    if story.chance(0.4):
        story.work(1, 9)
        story.reply(story.pick_new(talk.apologies))


def _stay_pending(story: Teller) -> None:
    _first_look(story)
    newest = story.rhythm.end - 7 * DAY * story.draw()
    if newest - story.now > 3 * DAY:
        story.reply(story.pick_new(story.desk.talk.holding))
        story.work(1, 20)
        _linger(story, newest)
    _ask(story)


def _stay_on_hold(story: Teller) -> None:
    _first_look(story)
    if story.chance(0.4):
        _ask(story)
        _follow_up(story)
        story.work(0.3, 9)
    _put_on_hold(story)
    while story.chance(0.6) and story.rhythm.end - story.now > 4 * DAY:
        story.now += 3 * DAY
        story.work(1, 9)
        story.reply(story.pick_new(story.desk.talk.progress))


def _stay_scheduled(story: Teller) -> None:
    _first_look(story)
    story.reply(story.pick_new(story.desk.talk.holding))
    story.work(1, 20)
    _linger(story, story.rhythm.end - 6 * DAY * story.draw())
    if not story.over:
        _schedule(story, _morning_after(story, story.rhythm.end, 1.5, 12))


def _resolve(story: Teller) -> None:
    _lead_to_answer(story, story.rhythm.end - (CLOSE_RESOLVED_AFTER - 1) * DAY * story.draw())


def _close(story: Teller) -> None:
    if story.chance(0.05):
        _first_look(story)
        _ask(story)
        days = CLOSE_PENDING_AFTER
        story.now = working_days_after(story.moment(), days).timestamp() + 60 * story.draw()
    else:
        _lead_to_answer(story)
        story.now += CLOSE_RESOLVED_AFTER * DAY + 60 * story.draw()
    story.happens("closed")


def _withdraw(story: Teller) -> None:
    """The customer no longer needs it."""
    if story.chance(0.5):
        _first_look(story)
        story.reply(story.pick_new(story.desk.talk.holding))
    story.wait(0.3, 20)
    story.customer_writes(story.pick(story.desk.talk.withdrawals))
    story.work(0.1, 8)
    story.reply(story.pick(story.desk.talk.cancelled), "cancelled")


def _reject(story: Teller) -> None:
    story.work(0.1, 12)
    story.change_status("spam")


# How it gets solved


def _lead_to_answer(story: Teller, not_before: float = 0.0) -> None:
    """One of several ways to a solution; not before that time."""
    _first_look(story)
    if not_before - story.now > 3 * DAY:
        story.reply(story.pick_new(story.desk.talk.holding))
        story.work(1, 20)
        _linger(story, not_before)
    way = story.draw()
    for share, plot in _WAYS:
        way -= share
        if way < 0:
            plot(story)
            return
    story.reply(_answer(story), "resolved")


def _solve_after_question(story: Teller) -> None:
    _ask(story)
    _follow_up(story)
    story.work(0.3, 14)
    story.reply(_answer(story, 1), "resolved")


def _solve_after_exchange(story: Teller) -> None:
    story.reply(_answer(story, 0))
    _exchange(story)
    if story.chance(0.5):
        story.wait(0.1, 12)
        story.customer_writes(story.pick(story.desk.talk.thanks))
        story.work(0.1, 6)
        story.reply(story.pick(story.desk.talk.closings))
    story.change_status("resolved")


def _solve_with_others(story: Teller) -> None:
    """A third party, a date or another team comes first."""
    talk = story.desk.talk
    story.reply(story.pick_new(talk.holding))
    way = story.draw()
    story.work(1, 12)
    if way < 0.45:
        _put_on_hold(story)
        story.work(20, 90)
        if story.chance(0.3):
            _complain(story)
            story.work(0.5, 6)
            story.reply(story.pick_new(talk.apologies))
            story.work(1, 12)
    elif way < 0.7:
        until = _morning_after(story, story.now, 2, 6)
        _schedule(story, until)
        if story.over:
            return
        story.now = until.timestamp()
        story.happens("open")
        story.work(0.2, 5)
    else:
        story.hand_over(_another_team(story))
        story.work(1, 14)
    story.reopen()
    story.reply(_answer(story, 1), "resolved")


def _solve_with_thanks(story: Teller) -> None:
    """A thank-you reopens what was solved, so that it is solved twice."""
    story.reply(_answer(story), "resolved")
    story.wait(0.2, 30)
    story.customer_writes(story.pick(story.desk.talk.thanks))
    story.work(0.1, 6)
    if story.chance(0.5):
        story.reply(story.pick(story.desk.talk.closings))
    story.change_status("resolved")


def _solve_at_length(story: Teller) -> None:
    """A conversation of twelve messages or more."""
    talk = story.desk.talk
    _ask(story)
    _follow_up(story)
    story.work(0.5, 8)
    story.reply(story.pick_new(talk.holding))
    for _ in range(2 + int(story.draw() * 3)):
        _exchange(story)
    story.note()
    story.wait(20, 60)
    _complain(story)
    story.work(0.5, 8)
    story.reply(story.pick_new(talk.apologies))
    story.work(4, 20)
    story.reply(story.pick_new(talk.progress))
    story.work(4, 30)
    story.reply(_answer(story, 1))
    story.wait(0.2, 20)
    story.customer_writes(story.pick(talk.thanks))
    story.work(0.1, 6)
    story.reply(story.pick(talk.closings), "resolved")


def _another_team(story: Teller) -> str:
    return story.pick([key for key in story.desk.teams if key != story.team])


_WAYS: tuple[tuple[float, Callable[[Teller], None]], ...] = (
    (0.27, _solve_after_question),
    (0.14, _solve_after_exchange),
    (0.11, _solve_with_others),
    (0.06, _solve_with_thanks),
    (0.03, _solve_at_length),
)

_PLOTS: Mapping[Outcome, Callable[[Teller], None]] = {
    "new": _stay_new,
    "open": _stay_open,
    "pending": _stay_pending,
    "on-hold": _stay_on_hold,
    "scheduled": _stay_scheduled,
    "resolved": _resolve,
    "closed": _close,
    "cancelled": _withdraw,
    "spam": _reject,
}
