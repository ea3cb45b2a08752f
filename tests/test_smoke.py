from tests.cast import Cast


def test_cast(cast: Cast) -> None:
    assert cast.actor(cast.fay).team_ids == {cast.fraud.pk}
