"""The last hour on the dashboard."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from apps.desk import live
from apps.insights.figures import FiguresAwayError, figures
from apps.kernel import caching
from tests.cast import Cast
from tests.support import NOON

pytestmark = pytest.mark.django_db
HOUR = "/admin/tickets/ticket/hour/"


def agent(cast: Cast) -> Client:
    client = Client()
    client.force_login(cast.alice)
    return client


def test_a_figure_is_its_sum_its_peak_and_a_line_of_sixty_minutes() -> None:
    figures.get().add(NOON, {1: {"raised": 2}})
    figures.get().add(NOON - timedelta(minutes=59), {2: {"raised": 1, "rated": 2, "score": 9}})
    figures.get().add(NOON - timedelta(minutes=60), {3: {"raised": 7}})

    hour = live.last_hour(NOON + timedelta(seconds=59))

    assert hour is not None
    raised = hour.lines[0]
    assert (raised.total, raised.most, hour.rating) == (3, 2, 4.5)
    points = raised.points.split()
    assert (len(points), points[0], points[1], points[-1]) == (60, "0,12.0", "1,23.0", "59,1.0")


def test_the_panel_says_in_words_what_it_draws(cast: Cast) -> None:
    figures.get().add(
        timezone.now().replace(second=0, microsecond=0), {1: {"raised": 1, "first_replied": 1}}
    )

    part = agent(cast).get(HOUR, headers={"HX-Request": "true"}).content.decode()
    page = agent(cast).get(HOUR).content.decode()

    for text in (part, page):
        assert 'aria-label="raised: 1 in the last hour, at most 1 in one minute"' in text
        assert "1 first reply" in text
    assert "<html" in page
    assert "<html" not in part


def test_the_dashboard_asks_for_it_and_works_without_scripts(cast: Cast) -> None:
    page = agent(cast).get("/admin/").content.decode()

    assert f'hx-get="{HOUR}"' in page
    assert f'href="{HOUR}"' in page


def test_figures_that_are_away_are_told_so(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []

    class Away:
        def between(self, *given: object) -> None:
            asked.append(given)
            raise FiguresAwayError

    monkeypatch.setattr(caching, "HOUR", replace(caching.HOUR, seconds=3600))
    with figures.override(Away()):  # type: ignore[arg-type]
        answers = [agent(cast).get(HOUR, headers={"HX-Request": "true"}) for _ in range(2)]

    for answer in answers:
        assert answer.status_code == 200
        assert "catch up by themselves" in answer.content.decode()
    assert 1 <= len(asked) <= 2  # two where a minute began in between
