"""A saved reply keeps to its vocabulary, and to whom it belongs."""

from __future__ import annotations

from typing import Any

import pytest

from apps.desk import actions, policies, variables
from apps.desk.errors import SavedReplyRefusedError, UnknownVariableError
from apps.desk.models import SavedReply
from apps.events.models import Event
from apps.kernel.errors import ForbiddenError
from tests.cast import Cast, client_of
from tests.desk.writing import DUE, sent
from tests.tickets.desk import LATER, raised

VALUES = {"requester.first_name": "Rachel", "ticket.number": "#42"}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("Hello {{requester.first_name}}, see {{ ticket.number }}.", "Hello Rachel, see #42."),
        ("{{organisation.name}}", "your organisation"),
        ("{{organisation.name|you all}}", "you all"),
        ("{{team.name|}}!", "!"),
        ("plain { braces } }", "plain { braces } }"),
    ],
)
def test_variables_are_filled_or_have_words_for_want_of_them(body: str, expected: str) -> None:
    assert variables.fill(variables.check(body), VALUES) == expected


def test_values_are_words_and_never_markup() -> None:
    filled = variables.fill("{{requester.name}}", {"requester.name": "[x](http://evil)\n# *B*"})

    assert filled == r"\[x\](http://evil) \# \*B\*"


@pytest.mark.parametrize("body", ["{{requester.password}}", "{{ }}", "{{", "a }} b", "{{x|y}}"])
def test_what_the_vocabulary_lacks_is_refused_with_the_list(body: str) -> None:
    with pytest.raises(UnknownVariableError, match=r"Use one of: {{requester.first_name}}"):
        variables.check(body)


def saved(cast: Cast, by: str, scope: str, **said: Any) -> SavedReply:
    wanted = {"title": "Title", "body": "Hello {{requester.first_name}}", **said}
    actor = cast.actor(getattr(cast, by))
    return actions.save_reply(reply=None, scope=scope, actor=actor, now=LATER, **wanted)


@pytest.mark.django_db
class TestASavedReply:
    @pytest.mark.parametrize(
        ("who", "scope", "team", "may"),
        [
            ("alice", "personal", None, True),
            ("alice", "team", "cards", False),
            ("lena", "team", "cards", True),
            ("lena", "team", "payments", False),
            ("lena", "global", None, False),
            ("ada", "global", None, True),
            ("ada", "team", "payments", True),
            ("rachel", "personal", None, False),
        ],
    )
    def test_is_written_by_those_whose_it_is(
        self, cast: Cast, who: str, scope: str, team: str | None, *, may: bool
    ) -> None:
        chosen = getattr(cast, team) if team else None
        if may:
            assert saved(cast, who, scope, team=chosen).pk
        else:
            with pytest.raises(ForbiddenError):
                saved(cast, who, scope, team=chosen)

    def test_is_seen_by_those_who_may_use_it(self, cast: Cast) -> None:
        saved(cast, "alice", "personal", title="alice's")
        saved(cast, "lena", "team", team=cast.cards, title="cards'")
        saved(cast, "ada", "global", title="all")

        for who, expected in [("alice", 3), ("lena", 2), ("bob", 1), ("ada", 1)]:
            actor = cast.actor(getattr(cast, who))
            seen = set(SavedReply.objects.visible_to(actor))
            assert len(seen) == expected
            for reply in SavedReply.objects.all():
                assert policies.can_use_reply(actor, reply) == (reply in seen)

    def test_of_somebody_is_nobody_elses_to_change(self, cast: Cast) -> None:
        reply = saved(cast, "alice", "personal")

        with pytest.raises(ForbiddenError):
            actions.save_reply(
                reply=reply, title="x", body="y", scope="global", actor=cast.actor(cast.ada),
                now=LATER,
            )  # fmt: skip

    def test_needs_a_team_and_a_text(self, cast: Cast) -> None:
        with pytest.raises(SavedReplyRefusedError):
            saved(cast, "ada", "team")
        with pytest.raises(SavedReplyRefusedError):
            saved(cast, "ada", "global", body=" ")

    def test_is_recorded(self, cast: Cast) -> None:
        reply = saved(cast, "ada", "global")

        fact = Event.objects.get(subject=f"reply:{reply.pk}")
        assert (fact.name, fact.data["title"]) == ("reply.saved", "Title")

    def test_goes_to_the_end_of_the_draft_and_counts_when_it_is_sent(self, cast: Cast) -> None:
        ticket, reply = raised(cast), saved(cast, "ada", "global")
        alice = cast.actor(cast.alice)

        draft = actions.use_reply(reply=reply, ticket=ticket, kind="reply", actor=alice, now=LATER)
        sent(ticket, cast.alice, draft.text, used=draft.used)
        actions.send_all_due(now=DUE)

        reply.refresh_from_db()
        assert draft.text == "Hello Rachel"
        assert reply.used_count == 1

    def test_is_managed_on_its_page(self, cast: Cast) -> None:
        client = client_of(cast.lena)
        said = {"title": "Sorry", "body": "{{nonsense}}", "scope": "team", "team": cast.cards.pk}
        path = "/admin/desk/savedreply/add/"

        refused = client.post(path, said)
        made = client.post(path, said | {"body": "Sorry, {{requester.first_name}}."})
        foreign = client.post(path, said | {"body": "x", "team": cast.payments.pk})

        assert "These variables don&#x27;t exist: nonsense" in refused.content.decode()
        assert made.status_code == 302
        assert foreign.status_code == 200
        assert SavedReply.objects.get().team == cast.cards
