"""Views are their owner's; leads share with their teams, administrators with everybody."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from apps.accounts.models import Team, TeamMember, User
from apps.desk import actions, policies
from apps.desk.board import board_of
from apps.desk.errors import ViewNameError, ViewTeamsError
from apps.desk.models import DeskPreference, SavedView
from apps.events.models import Event
from apps.kernel.errors import ForbiddenError
from apps.tickets.filters import Filter
from tests.cast import Cast, client_of
from tests.support import NOON
from tests.tickets.desk import raised

pytestmark = pytest.mark.django_db
PAGE = "/admin/tickets/ticket/views/"
URGENT = Filter(priority=("1", "2"))


def kept(
    cast: Cast, by: User, sharing: str = "nobody", teams: Sequence[Team] = (), name: str = "Urgent"
) -> SavedView:
    return actions.save_view(
        name=name,
        filter_=URGENT,
        order="priority",
        sharing=sharing,
        teams=teams,
        actor=cast.actor(by),
        now=NOON,
    )


def sees(cast: Cast, who: User) -> set[str]:
    return set(policies.views_of(cast.actor(who)).values_list("name", flat=True))


class TestSharing:
    def test_ones_own_is_seen_by_oneself(self, cast: Cast) -> None:
        kept(cast, cast.alice)

        assert sees(cast, cast.alice) == {"Urgent"}
        assert sees(cast, cast.lena) == sees(cast, cast.ada) == sees(cast, cast.rachel) == set()

    def test_a_lead_shares_with_the_team_that_they_lead(self, cast: Cast) -> None:
        TeamMember.objects.filter(user=cast.lena).update(is_lead=True)
        kept(cast, cast.lena, "teams", [cast.cards])

        assert sees(cast, cast.alice) == sees(cast, cast.lena) == {"Urgent"}
        assert sees(cast, cast.bob) == set()
        with pytest.raises(ForbiddenError):
            kept(cast, cast.lena, "teams", [cast.payments])
        with pytest.raises(ForbiddenError):
            kept(cast, cast.lena, "everybody")

    def test_an_administrator_shares_with_everybody_on_the_desk(self, cast: Cast) -> None:
        kept(cast, cast.ada, "everybody")

        assert all(sees(cast, who) == {"Urgent"} for who in (cast.alice, cast.bob, cast.fay))
        assert sees(cast, cast.rachel) == set()

    @pytest.mark.parametrize(("sharing", "teams"), [("everybody", False), ("teams", True)])
    def test_an_agent_shares_with_nobody(self, cast: Cast, sharing: str, teams: bool) -> None:
        with pytest.raises(ForbiddenError):
            kept(cast, cast.alice, sharing, [cast.cards] if teams else [])

    def test_customers_keep_none(self, cast: Cast) -> None:
        with pytest.raises(ForbiddenError):
            kept(cast, cast.rachel)

    @pytest.mark.parametrize("name", ["", "   ", "x" * 61])
    def test_a_view_has_a_name(self, cast: Cast, name: str) -> None:
        with pytest.raises(ViewNameError):
            kept(cast, cast.alice, name=name)

    def test_some_teams_are_some(self, cast: Cast) -> None:
        with pytest.raises(ViewTeamsError):
            kept(cast, cast.ada, "teams", [])

    def test_only_the_owner_and_administrators_change_a_shared_one(self, cast: Cast) -> None:
        view = kept(cast, cast.ada, "everybody")
        with pytest.raises(ForbiddenError):
            actions.remove_view(view=view, actor=cast.actor(cast.alice), now=NOON)

        own = kept(cast, cast.alice, name="Own")
        with pytest.raises(ForbiddenError):
            actions.remove_view(view=own, actor=cast.actor(cast.ada), now=NOON)
        actions.remove_view(view=own, actor=cast.actor(cast.alice), now=NOON)

        assert set(SavedView.objects.values_list("name", flat=True)) == {"Urgent"}
        assert Event.objects.filter(name="view.removed").count() == 1


class TestThePage:
    def test_keeps_the_filter_and_opens_it(self, cast: Cast) -> None:
        client = client_of(cast.alice)

        answer = client.post(PAGE, {"do": "save", "name": "Hot", "new": "priority=1&status=open"})

        view = SavedView.objects.get()
        assert answer["Location"] == f"/admin/tickets/ticket/?view=v{view.pk}"
        assert Filter.from_json(view.filter) == Filter(priority=("1",), status=("open",))
        assert "Hot" in client.get(answer["Location"]).content.decode()

    def test_says_what_is_missing(self, cast: Cast) -> None:
        answer = client_of(cast.alice).post(PAGE, {"do": "save", "name": ""}, follow=True)

        assert "This field is required" in answer.content.decode()
        assert not SavedView.objects.exists()

    @pytest.mark.parametrize("name", ["", " ", "x" * 61])
    def test_a_refused_name_keeps_the_filter_and_what_was_chosen(
        self, cast: Cast, name: str
    ) -> None:
        said = {"name": name, "icon": "star", "new": "priority=1&status=open", "order": "oldest"}

        answer = client_of(cast.alice).post(PAGE, said | {"do": "save"})

        page = answer.content.decode()
        assert answer.status_code == 409
        assert 'name="new" value="priority=1&amp;status=open"' in page
        assert 'name="order" value="oldest"' in page
        assert '<option value="star" selected>' in page
        assert f'value="{name}"' in page
        assert 'role="alert"' in page
        assert not SavedView.objects.exists()

    def test_renames_reorders_refills_and_removes(self, cast: Cast) -> None:
        client = client_of(cast.alice)
        first, second = kept(cast, cast.alice, name="A"), kept(cast, cast.alice, name="B")

        client.post(PAGE, {"do": "up", "view": second.pk})
        client.post(PAGE, {"do": "down", "view": first.pk})  # it is the last already
        client.post(PAGE, {"do": "change", "view": first.pk, "name": "C", "icon": "star"})
        client.post(PAGE, {"do": "refill", "view": first.pk, "new": "team=mine"})
        names = list(SavedView.objects.values_list("name", flat=True))
        client.post(PAGE, {"do": "remove", "view": second.pk})

        changed = SavedView.objects.get()
        assert names == ["B", "C"]
        assert (changed.icon, Filter.from_json(changed.filter)) == ("star", Filter(team=("mine",)))

    def test_anothers_view_is_as_if_absent(self, cast: Cast) -> None:
        view = kept(cast, cast.alice)
        client = client_of(cast.bob)

        answers = [
            client.post(PAGE, {"do": "remove", "view": pk}, follow=True) for pk in (view.pk, 987654)
        ]

        assert [answer.status_code for answer in answers] == [404, 404]
        assert SavedView.objects.exists()

    def test_the_queue_opens_with_the_view_that_one_prefers(self, cast: Cast) -> None:
        raised(cast)
        client = client_of(cast.alice)

        client.post(PAGE, {"do": "first", "key": "unassigned"})

        assert DeskPreference.objects.get().first_view == "unassigned"
        assert client.get("/admin/tickets/ticket/").context["view"].key == "unassigned"

    def test_a_view_of_a_later_release_is_told_not_misread(self, cast: Cast) -> None:
        view = kept(cast, cast.alice)
        SavedView.objects.update(filter={"schema": 9, "mood": ["bad"]})

        page = client_of(cast.alice).get(f"/admin/tickets/ticket/?view=v{view.pk}")

        assert "another release" in page.content.decode()
        board = board_of(cast.actor(cast.alice))
        assert [shown.count for shown in board.views if shown.saved] == [None]
