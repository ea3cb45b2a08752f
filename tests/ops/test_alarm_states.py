"""When alarms tell, over figures that were made up: math, missing data and the one that wakes."""

from __future__ import annotations

from typing import Any

import pytest

from apps.ops.metrics.alarms import ALARMS, FELT
from apps.ops.metrics.cloud import name_of, resources
from tests.deploy.ebextensions import files_of
from tests.ops.alarm_states import ALARM, OK, UNKNOWN, VALUE, Figures, composite, states

MADE = resources()
POINTS = {"0": 0.0, "X": 2.0, "-": None}
ALIKE = {"Threshold": 1, "ComparisonOperator": "GreaterThanOrEqualToThreshold"}
KEPT = UNKNOWN  # where a state is kept, it is this one: nothing came before


@pytest.mark.parametrize(
    ("enough", "points", "ignored", "breaching", "not_breaching"),
    [
        (3, "0-X-X", OK, OK, OK),
        (3, "0----", OK, OK, OK),
        (3, "-----", KEPT, ALARM, OK),
        (3, "0XX-X", ALARM, ALARM, ALARM),
        (3, "----X", KEPT, ALARM, OK),
        (3, "X----", KEPT, ALARM, OK),
        (2, "0-X-X", ALARM, ALARM, ALARM),
        (2, "00X0X", ALARM, ALARM, ALARM),
        (2, "0-X--", OK, ALARM, OK),
        (2, "----0", OK, ALARM, OK),
        (2, "----X", KEPT, ALARM, OK),
    ],
)
def test_missing_data_is_treated_as_in_the_guide(
    enough: int, points: str, ignored: str, breaching: str, not_breaching: str
) -> None:
    """Its two tables: so many of three periods, of which five points are looked at."""
    alarm = {**ALIKE, "EvaluationPeriods": 3, "DatapointsToAlarm": enough}
    figures = {VALUE: [POINTS[each] for each in points]}

    found = [
        states({**alarm, "TreatMissingData": treated}, figures)[-1]
        for treated in ("ignore", "breaching", "notBreaching")
    ]

    # The guide keeps the state that was before the five; here the first of them may have made one.
    assert found[1:] == [breaching, not_breaching]
    assert found[0] == ignored


def told(name: str, figures: Figures) -> list[int]:
    """The minutes, from 1 on, after which an alarm of the generated template stands."""
    found = states(MADE[name]["Properties"], figures)
    return [minute for minute, state in enumerate(found, 1) if state == ALARM]


def failing(requests: float, failed: list[float]) -> Figures:
    """As the desk tells it: in a minute without failures no figure of them is sent."""
    return {"whole": [requests] * len(failed), "part": [each or None for each in failed]}


class TestErrors:
    def test_tell_in_the_third_minute_and_as_long_as_it_lasts(self) -> None:
        quiet, ill = [0.0] * 10, [10.0] * 20

        minutes = told("ErrorsAlarm", failing(200, quiet + ill + quiet))

        assert minutes[:18] == list(range(13, 31))
        assert minutes[-1] < 40, "it ends by itself"

    def test_tell_nothing_of_two_minutes_or_of_less_than_two_per_cent(self) -> None:
        assert told("ErrorsAlarm", failing(200, [0, 0, 10, 10, 0, 0, 0, 0])) == []
        assert told("ErrorsAlarm", failing(200, [3.0] * 30)) == []

    def test_tell_nothing_below_twenty_requests_whatever_fails(self) -> None:
        assert told("ErrorsAlarm", failing(19, [19.0] * 30)) == []
        assert told("ErrorsAlarm", failing(20, [20.0] * 5)) == [3, 4, 5]

    def test_tell_nothing_where_no_figures_come(self) -> None:
        """That is another alarm's."""
        assert told("ErrorsAlarm", {"whole": [None] * 30, "part": [None] * 30}) == []


class TestNoFigures:
    def test_tell_when_the_desk_stands_still(self) -> None:
        minutes = told("NoFiguresAlarm", {VALUE: [1.0] * 10 + [None] * 20})

        # Five breach; and figures of before are still looked at for two minutes more.
        assert minutes == list(range(17, 31))

    def test_tell_nothing_of_a_worker_that_is_replaced(self) -> None:
        assert told("NoFiguresAlarm", {VALUE: [1.0] * 10 + [None] * 4 + [1.0] * 10}) == []

    def test_tell_until_it_measures_again(self) -> None:
        minutes = told("NoFiguresAlarm", {VALUE: [None] * 10 + [1.0] * 10})

        assert minutes == list(range(1, 11))


@pytest.mark.parametrize("alarm", [each for each in ALARMS if each.name != "errors"])
def test_each_tells_of_what_stands_and_of_nothing_else(alarm: Any) -> None:
    name = "".join(word.capitalize() for word in alarm.name.split("-")) + "Alarm"
    worse, better = (-1, 1) if alarm.below else (1, -1)
    step = max(abs(alarm.threshold), 1)

    ill = told(name, {VALUE: [alarm.threshold + worse * step] * 20})
    well = told(name, {VALUE: [alarm.threshold + better * step / 2] * 20})

    assert ill, f"{alarm.name} never tells"
    assert ill[-1] == 20
    assert well == []


class TestIll:
    RULE = MADE["Ill"]["Properties"]["AlarmRule"]["Fn::Sub"]

    @pytest.mark.parametrize("alarm", [each for each in ALARMS if each.felt])
    def test_stands_while_one_that_customers_feel_does(self, alarm: Any) -> None:
        quiet = {name_of(each.name): OK for each in ALARMS}

        assert composite(self.RULE, quiet | {name_of(alarm.name): ALARM}) == ALARM

    def test_wakes_nobody_for_any_other(self) -> None:
        others = {name_of(each.name): OK if each.felt else ALARM for each in ALARMS}

        assert {each.name for each in FELT} <= {each.name for each in ALARMS if each.felt}
        assert composite(self.RULE, others) == OK

    def test_is_quiet_of_what_nobody_knows(self) -> None:
        """A stage that has just been made has no figures yet, and `no-figures` says so."""
        assert composite(self.RULE, {name_of(each.name): UNKNOWN for each in ALARMS}) == OK


class TestScaling:
    """Of the worker tier, by how long the oldest message has waited (.ebextensions)."""

    ALARMS = files_of("worker")["20-worker.config"]["Resources"]

    def told(self, name: str, **figures: list[float | None]) -> list[int]:
        found = states(self.ALARMS[name]["Properties"], figures)
        return [minute for minute, state in enumerate(found, 1) if state == ALARM]

    def test_one_late_queue_of_three_brings_a_worker(self) -> None:
        late: list[float | None] = [0, 61, 100, 140]

        assert self.told("QueuesAreLate", facts=[0.0] * 4, jobs=late, mail=[None] * 4) == [3, 4]

    def test_empty_queues_send_one_away_after_a_quarter_of_an_hour(self) -> None:
        nothing: list[float | None] = [9.0, *[None] * 19]

        minutes = self.told("QueuesAreEmpty", facts=nothing, jobs=nothing, mail=nothing)

        assert minutes[0] in range(15, 19)
        assert self.told("QueuesAreLate", facts=nothing, jobs=nothing, mail=nothing) == []

    def test_one_that_is_busy_keeps_it(self) -> None:
        busy: list[float | None] = [9.0] * 30

        assert self.told("QueuesAreEmpty", facts=[None] * 30, jobs=busy, mail=[0.0] * 30) == []
