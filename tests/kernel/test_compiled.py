"""A query whose SQL is made once."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.accounts.models import User
from apps.kernel.compiled import Compiled
from tests.cast import Cast

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
