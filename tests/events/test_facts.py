from __future__ import annotations

import enum
import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from apps.events.bodies import contracts
from apps.events.envelope import Envelope
from apps.events.facts import Fact, registered, schema
from apps.events.stream.coding import encode
from apps.kernel.actors import SYSTEM
from tests.events.facts import Muted, Rung
from tests.events.streams import fact
from tests.support import NOON


@pytest.mark.parametrize(
    "name", ["", "rung", "Bell.rung", "bell.rung.twice", "bell.Rung", "bell-rung"]
)
def test_a_name_that_breaks_the_naming_law_is_refused(name: str) -> None:
    with pytest.raises(TypeError, match="noun"):
        type("Broken", (Fact,), {"name": name})


def test_two_facts_of_one_name_are_refused() -> None:
    with pytest.raises(TypeError, match="already"):
        type("Another", (Fact,), {"name": "ticket.raised"})


@pytest.mark.parametrize("value", [[1], {"a": 1}, object(), NOON])
def test_only_plain_values_are_carried(value: object) -> None:
    with pytest.raises(TypeError, match="plain"):
        Rung(subject="bell:1", times=value).data()  # type: ignore[arg-type]


def test_an_enum_is_carried_as_its_value() -> None:
    class Loud(enum.IntEnum):
        VERY = 3

    assert Rung(subject="bell:1", times=Loud.VERY).data() == {"times": 3}


def test_reading_ignores_what_a_later_release_added(db: None) -> None:
    envelope = Envelope(
        id=1, name="bell.rung", version=1, subject="bell:1", occurred_at=NOON, recorded_at=NOON,
        actor_kind=SYSTEM.kind, actor_id=None, causation_id=None, correlation_id=None, depth=0,  # type: ignore[arg-type]
        data={"times": 2, "later": "x"},
    )  # fmt: skip

    assert Rung.read(envelope) == Rung(subject="bell:1", times=2)


def test_every_fact_tells_in_words_what_happened() -> None:
    ours = {
        name: fact for name, fact in registered().items() if fact.__module__.startswith("apps.")
    }

    assert [name for name, fact in ours.items() if not str(fact.words).endswith(".")] == []
    assert len({str(fact.words) for fact in ours.values()}) == len(ours)


def test_the_contract_of_every_fact_is_written_down() -> None:
    call_command("facts", "--check")


def test_a_line_of_the_stream_has_what_its_contract_says(db: None) -> None:
    spelt = {int: "int", str: "str", dict: "object", type(None): "null"}
    line = json.loads(encode(fact(7, said="x")))

    fields = contracts()["stream: line"]["fields"]

    assert line.keys() == fields.keys()
    assert [
        name for name, value in line.items() if spelt[type(value)] not in fields[name].split(" | ")
    ] == []


@pytest.mark.parametrize(
    ("field", "kind"), [("subject", "int"), ("actor_id", "int"), ("colour", "str")]
)
def test_a_line_that_changed_is_found_and_not_written_down(
    settings: object, tmp_path: Path, field: str, kind: str
) -> None:
    """As if the snapshot had been made when the line still said so."""
    then = contracts()
    then["stream: line"] = {
        **then["stream: line"],
        "fields": {**then["stream: line"]["fields"], field: kind},
    }
    facts = {name: schema(one) for name, one in registered().items()}
    (tmp_path / "contracts").mkdir()
    (tmp_path / "contracts" / "facts.json").write_text(json.dumps(facts))
    (tmp_path / "contracts" / "bodies.json").write_text(json.dumps(then))
    settings.BASE_DIR = tmp_path  # type: ignore[attr-defined]

    with pytest.raises(CommandError, match="stream: line"):
        call_command("facts", "--check")
    with pytest.raises(CommandError, match="would break: stream: line"):
        call_command("facts", "--write")


def test_a_changed_field_is_found(settings: object, tmp_path: Path) -> None:
    changed = {name: schema(fact) for name, fact in registered().items()}
    changed["ticket.raised"]["fields"]["priority"] = "str"
    (tmp_path / "contracts").mkdir()
    (tmp_path / "contracts" / "facts.json").write_text(json.dumps(changed))
    settings.BASE_DIR = tmp_path  # type: ignore[attr-defined]

    with pytest.raises(CommandError, match=r"ticket\.raised"):
        call_command("facts", "--check")


@pytest.mark.parametrize(
    ("then", "is_refused"),
    [
        ({}, False),  # nothing changed
        ({"follows": None}, False),  # a field with a default came
        ({"priority": None}, True),  # one without came
        ({"priority": "str"}, True),  # another type
        ({"colour": "str"}, True),  # one went
    ],
)
def test_a_change_that_breaks_readers_is_not_written_down(
    settings: object, tmp_path: Path, then: dict[str, str | None], is_refused: bool
) -> None:
    known = {name: schema(fact) for name, fact in registered().items()}
    known["ticket.raised"]["fields"] |= then
    kept = known["ticket.raised"]["fields"]
    known["ticket.raised"]["fields"] = {k: v for k, v in kept.items() if v is not None}
    (tmp_path / "contracts").mkdir()
    snapshot = tmp_path / "contracts" / "facts.json"
    snapshot.write_text(before := json.dumps(known))
    settings.BASE_DIR = tmp_path  # type: ignore[attr-defined]

    if is_refused:
        with pytest.raises(CommandError, match=r"ticket\.raised"):
            call_command("facts", "--write")
        assert snapshot.read_text() == before
    else:
        call_command("facts", "--write")
        call_command("facts", "--check")


def test_a_contract_spells_types_in_words() -> None:
    assert schema(Muted)["fields"] == {"by": "int | null", "why": "list of str"}
