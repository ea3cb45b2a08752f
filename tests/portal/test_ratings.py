from __future__ import annotations

import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from apps.kernel.actors import SYSTEM
from apps.kernel.errors import ForbiddenError, NotFoundError
from apps.notifications import actions as notifications
from apps.notifications.kinds import Kind
from apps.notifications.models import Notification
from apps.tickets import actions, ratings, tasks
from apps.tickets.errors import RatingClosedError, RatingRefusedError
from apps.tickets.models import Rating, Ticket
from tests.cast import Cast, client_of
from tests.notifications.post import hear, mails, text_of
from tests.support import NOON
from tests.tickets.desk import facts, last_fact, raised, standing

pytestmark = pytest.mark.django_db
SOON = NOON + timedelta(hours=2)


def solved(cast: Cast, at: datetime | None = None) -> Ticket:
    """Rachel's, solved a moment ago, as the pages see it."""
    now = at or timezone.now()
    ticket = raised(cast)
    return actions.solve(ticket=ticket, actor=cast.actor(cast.rachel), now=now)


def rated(cast: Cast, ticket: Ticket, score: int = 4, **said: Any) -> Rating:
    said = {"now": SOON, "actor": cast.actor(cast.rachel), **said}
    return actions.rate(ticket=ticket, score=score, **said)


class TestRating:
    def test_is_the_requesters_alone(self, cast: Cast) -> None:
        ticket = standing(cast, "resolved")

        rating = rated(cast, ticket, 5, comment=" Quick! ")

        assert (rating.score, rating.comment) == (5, "Quick!")
        assert last_fact(ticket)["name"] == "rating.given"
        for other in (cast.monica, cast.alice, cast.ross):
            with pytest.raises(ForbiddenError):
                rated(cast, ticket, actor=cast.actor(other))

    @pytest.mark.parametrize("category", ["new", "open", "pending", "cancelled", "merged"])
    def test_needs_a_solving(self, cast: Cast, category: str) -> None:
        with pytest.raises(RatingClosedError):
            rated(cast, standing(cast, category))

    def test_the_same_again_changes_nothing(self, cast: Cast) -> None:
        ticket = standing(cast, "closed")
        rated(cast, ticket, 2)
        before = facts(ticket)

        rated(cast, ticket, 2)

        assert facts(ticket) == before
        assert Rating.objects.count() == 1

    def test_may_be_changed_for_two_weeks(self, cast: Cast) -> None:
        ticket = standing(cast, "resolved")
        rated(cast, ticket, 2)

        rated(cast, ticket, 5, now=SOON + timedelta(days=13))
        with pytest.raises(RatingClosedError):
            rated(cast, ticket, 1, now=SOON + timedelta(days=14))

        assert Rating.objects.get().score == 5
        assert last_fact(ticket)["is_change"] is True

    def test_ends_a_month_after_the_solving(self, cast: Cast) -> None:
        with pytest.raises(RatingClosedError):
            rated(cast, standing(cast, "resolved"), now=NOON + timedelta(days=30))

    def test_begins_anew_with_the_next_solving(self, cast: Cast) -> None:
        ticket, rachel = standing(cast, "resolved"), cast.actor(cast.rachel)
        rated(cast, ticket, 1)
        actions.reopen(ticket=ticket, actor=rachel, now=SOON)
        actions.solve(ticket=ticket, actor=rachel, now=SOON + timedelta(hours=1))

        rated(cast, ticket, 5, now=SOON + timedelta(hours=2))

        assert list(Rating.objects.order_by("-pk").values_list("score", flat=True)) == [5, 1]

    @pytest.mark.parametrize(("score", "comment"), [(0, ""), (6, ""), (3, "x" * 2001)])
    def test_refuses_what_is_no_answer(self, cast: Cast, score: int, comment: str) -> None:
        with pytest.raises(RatingRefusedError):
            rated(cast, standing(cast, "resolved"), score, comment=comment)

    def test_does_not_put_off_the_closing(self, cast: Cast) -> None:
        ticket = standing(cast, "resolved")

        rated(cast, ticket)

        assert Ticket.objects.get(pk=ticket.pk).updated_at == NOON


class TestAsking:
    def test_happens_once_a_solving(self, cast: Cast) -> None:
        ticket = standing(cast, "resolved")

        for _ in range(2):
            actions.ask_for_rating(ticket=ticket, actor=SYSTEM, now=SOON)

        assert facts(ticket).count("rating.requested") == 1

    def test_spares_whoever_has_rated_or_reopened(self, cast: Cast) -> None:
        done, again = standing(cast, "resolved"), standing(cast, "resolved")
        rated(cast, done)
        actions.reopen(ticket=again, actor=cast.actor(cast.rachel), now=SOON)

        for ticket in (done, again):
            actions.ask_for_rating(ticket=ticket, actor=SYSTEM, now=SOON)

        assert "rating.requested" not in facts(done) + facts(again)

    def test_waits_for_its_hour(self, cast: Cast, settings: Any) -> None:
        settings.RATING_AFTER_HOURS = 24
        now = timezone.now()
        due = solved(cast, now - timedelta(hours=25))
        early = solved(cast, now - timedelta(hours=23))
        stale = solved(cast, now - timedelta(days=10))

        tasks.ask_for_ratings()

        assert "rating.requested" in facts(due)
        assert "rating.requested" not in facts(early) + facts(stale)


class TestTheMail:
    @pytest.fixture
    def outbox(self, settings: Any, tmp_path: Path) -> Path:
        settings.EMAIL_BACKEND = "apps.notifications.folder.FolderBackend"
        settings.EMAIL_FILE_PATH = str(tmp_path / "outbox")
        return tmp_path / "outbox"

    def test_has_a_signed_link_for_each_answer(self, cast: Cast, outbox: Path) -> None:
        ticket = solved(cast)
        actions.ask_for_rating(ticket=ticket, actor=SYSTEM, now=timezone.now())
        hear()

        mail = mails(outbox)["rachel@example.com"]

        links = re.findall(r"/rate/[^\s\"]+", text_of(mail))
        assert len(links) == 5
        assert "How was our help?" in text_of(mail)
        for link in links:
            assert link in text_of(mail, "html")
            assert Client().get(link).status_code == 200

    def test_is_not_sent_after_a_reopening(self, cast: Cast, outbox: Path) -> None:
        ticket = solved(cast)
        actions.ask_for_rating(ticket=ticket, actor=SYSTEM, now=timezone.now())
        actions.reopen(ticket=ticket, actor=cast.actor(cast.rachel), now=timezone.now())
        hear()

        assert "/rate/" not in text_of(mails(outbox)["rachel@example.com"])

    def test_respects_the_preference(self, cast: Cast, outbox: Path) -> None:
        notifications.prefer(
            user=cast.rachel, choices={Kind.RATING: False}, actor=cast.actor(cast.rachel)
        )
        actions.ask_for_rating(ticket=solved(cast), actor=SYSTEM, now=timezone.now())
        hear()

        assert "/rate/" not in text_of(mails(outbox)["rachel@example.com"])
        assert not Notification.objects.filter(settled_at=None).exists()


class TestTheLink:
    def test_records_nothing_when_it_is_only_opened(self, cast: Cast) -> None:
        path = f"/rate/{ratings.token_for(solved(cast))}/"

        answer = Client().get(path, {"score": "5"})

        assert 'value="5" required checked' in answer.content.decode()
        assert "data-rates-itself" in answer.content.decode()
        assert not Rating.objects.exists()

    def test_is_good_without_signing_in_and_more_than_once(self, cast: Cast) -> None:
        path = f"/rate/{ratings.token_for(solved(cast))}/"

        Client().post(path, {"score": "5"})
        Client().post(path, {"score": "2", "comment": "On second thoughts"})

        rating = Rating.objects.get()
        assert (rating.score, rating.comment) == (2, "On second thoughts")

    def test_that_was_forged_is_not_there(self, cast: Cast) -> None:
        token = ratings.token_for(solved(cast))

        for forged in (token[:-1] + ("a" if token[-1] != "a" else "b"), "x", "W10:1abc:def"):
            assert Client().post(f"/rate/{forged}/", {"score": "5"}).status_code == 404

        assert not Rating.objects.exists()

    def test_ends_with_its_time(self, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
        token = ratings.token_for(solved(cast))
        monkeypatch.setattr(ratings, "OPEN_FOR", timedelta(seconds=-1))

        with pytest.raises(RatingClosedError):
            ratings.behind(token)

    def test_ends_with_its_solving(self, cast: Cast) -> None:
        ticket, rachel = solved(cast), cast.actor(cast.rachel)
        path = f"/rate/{ratings.token_for(ticket)}/"
        actions.reopen(ticket=ticket, actor=rachel, now=timezone.now())
        opened = Client().get(path)
        actions.solve(ticket=ticket, actor=rachel, now=timezone.now())
        later = Client().post(path, {"score": "5", "comment": "Fine."})

        assert (opened.status_code, later.status_code) == (409, 409)
        assert later.context["form"]["comment"].value() == "Fine."
        assert not Rating.objects.exists()

    def test_of_somebody_who_left_is_not_there(self, cast: Cast) -> None:
        token = ratings.token_for(solved(cast))
        cast.rachel.is_active = False
        cast.rachel.save()

        with pytest.raises(NotFoundError):
            ratings.behind(token)


class TestThePage:
    def test_asks_the_requester_once_it_is_solved(self, cast: Cast) -> None:
        ticket = solved(cast)
        path = f"/requests/{ticket.ref}/"

        before = client_of(cast.rachel).get(path)
        client_of(cast.rachel).post(f"{path}rate/", {"score": "1", "comment": "Slow."})
        after = client_of(cast.rachel).get(path)

        assert "How was our help?" in before.content.decode()
        assert "Your rating" in after.content.decode()
        assert Rating.objects.get().comment == "Slow."
        assert "How was our help?" not in client_of(cast.monica).get(path).content.decode()

    def test_shows_what_is_wrong_with_an_answer(self, cast: Cast) -> None:
        ticket = solved(cast)

        answer = client_of(cast.rachel).post(f"/requests/{ticket.ref}/rate/", {"score": "9"})

        assert answer.status_code == 200
        assert answer.context["rating_form"].errors.keys() == {"score"}
        assert not Rating.objects.exists()

    def test_keeps_the_words_for_an_answer_if_it_comes_too_late(self, cast: Cast) -> None:
        ticket = standing(cast, "open")

        answer = client_of(cast.rachel).post(
            f"/requests/{ticket.ref}/rate/", {"score": "2", "comment": "It broke again."}
        )

        assert answer.status_code == 200
        assert answer.context["form"]["text"].value() == "It broke again."
        assert not Rating.objects.exists()
