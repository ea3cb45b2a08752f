"""A query whose SQL is made once."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.accounts.models import User
from apps.kernel.compiled import Compiled, CompiledFor, together
from apps.tickets.models import Ticket
from tests.cast import Cast
from tests.tickets.desk import raised

pytestmark = pytest.mark.django_db


def test_gives_what_the_queryset_gives_for_each_value(cast: Cast) -> None:
    by_id: Compiled[User] = Compiled(
        lambda pk: User.objects.select_related("organisation").filter(pk=pk).order_by()
    )

    for user in (cast.rachel, cast.oscar, cast.paula):
        with CaptureQueriesContext(connection) as queries:
            found = by_id.first(user.pk)
            assert found == user
            assert found.organisation == user.organisation
        assert len(queries) == 1
        assert found.date_joined == user.date_joined
        assert not found._state.adding
    assert by_id.first(0) is None
    assert by_id(0) == []


def test_takes_each_value_to_all_its_places(cast: Cast) -> None:
    others: Compiled[User] = Compiled(
        lambda name, pk: (
            User.objects.filter(name__gt=name)
            .exclude(pk=pk)
            .filter(name__gte=name)
            .order_by("name")[:2]
        )
    )

    assert others("Monica", cast.oscar.pk) == [cast.paula, cast.rachel]
    assert others("Paula", cast.rachel.pk) == [cast.ross]


def test_refuses_a_value_that_the_query_changes(db: None) -> None:
    like: Compiled[User] = Compiled(lambda name: User.objects.filter(name__contains=name))

    with pytest.raises(TypeError, match="as it is"):
        like("a")


def test_gives_tuples_and_plain_values_where_the_queryset_does(cast: Cast) -> None:
    pairs: Compiled[tuple[int, str]] = Compiled(
        lambda pk: User.objects.filter(pk=pk).order_by().values_list("pk", "name")
    )
    names: Compiled[str] = Compiled(
        lambda pk: User.objects.filter(pk=pk).order_by().values_list("name", flat=True)
    )

    assert pairs(cast.rachel.pk) == [(cast.rachel.pk, cast.rachel.name)]
    assert names(cast.oscar.pk) == [cast.oscar.name]


def test_is_made_once_for_each_kind_of_actor_and_never_mixes_them_up(cast: Cast) -> None:
    seen: CompiledFor[int] = CompiledFor(
        lambda actor, kind: (
            Ticket.objects.visible_to(actor)
            .filter(kind=kind)
            .order_by("pk")
            .values_list("pk", flat=True)
        )
    )
    raised(cast, team=cast.cards)
    raised(cast, team=cast.fraud)
    raised(cast, cast.oscar)
    people = [cast.rachel, cast.ross, cast.monica, cast.oscar, cast.paula]
    people += [cast.alice, cast.bob, cast.lena, cast.fay, cast.ada]

    for user in [*people, *reversed(people)]:
        actor = cast.actor(user)
        expected = Ticket.objects.visible_to(actor).order_by("pk").values_list("pk", flat=True)
        assert seen(actor, "question") == list(expected), user


def test_several_are_answered_together_each_by_its_own_rows(cast: Cast) -> None:
    by_id: Compiled[User] = Compiled(lambda pk: User.objects.filter(pk=pk).order_by())
    names: Compiled[str] = Compiled(
        lambda name: User.objects.filter(name=name).order_by().values_list("name", flat=True)
    )
    spelt = "50 % of %s; --"

    with CaptureQueriesContext(connection) as queries:
        found = together(by_id.asked(cast.ross.pk), names.asked(spelt), names.asked("Ross"))

    assert found == [[cast.ross], [], ["Ross"]]
    assert len(queries) == (1 if connection.vendor == "postgresql" else 3)
    assert together(by_id.asked(10**30), names.asked("Ross")) == [[], ["Ross"]]
