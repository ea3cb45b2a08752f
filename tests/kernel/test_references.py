from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.kernel.references import message_id, new_ref, read_message_id, ref_from

REFS = st.integers(0, 2**80 - 1).map(ref_from)


@given(REFS, st.integers(0, 2**62))
def test_a_message_id_of_ours_is_read_back(ref: str, message: int) -> None:
    made = message_id(ticket_ref=ref, message=message, key="k", domain="desk.example")

    assert read_message_id(made, key="k") == (ref, message)


@given(REFS, st.integers(0, 2**62), st.integers(0, 2**62))
def test_a_changed_one_is_not(ref: str, message: int, other: int) -> None:
    made = message_id(ticket_ref=ref, message=message, key="k", domain="desk.example")
    forged = made.replace(f".{message}.", f".{other}.", 1)

    assert (read_message_id(forged, key="k") is None) == (message != other)
    assert read_message_id(made, key="other") is None


@pytest.mark.parametrize("text", ["", "<x@y>", "<t.short.1.aa@x>", "t.0000000000000000.1"])
def test_any_other_is_nobodys(text: str) -> None:
    assert read_message_id(text, key="k") is None


@given(st.text())
def test_whatever_is_written_there(text: str) -> None:
    assert read_message_id(text, key="k") is None


def test_refs_are_not_guessed() -> None:
    refs = {new_ref() for _ in range(1000)}

    assert len(refs) == 1000
    assert all(len(ref) == 16 for ref in refs)
