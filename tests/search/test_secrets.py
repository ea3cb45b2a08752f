"""Notes, tags, and what was taken away are found by nobody who may not read them, by no door."""

from __future__ import annotations

import pytest

from apps.accounts.actions import anonymise_person, edit_person
from apps.kernel.actors import SYSTEM
from apps.search import find, upkeep
from apps.search.models import Word
from apps.tickets import actions
from apps.tickets.models import Message, Ticket
from tests.cast import Cast
from tests.search.desk import found, hear, page
from tests.tickets.desk import LATER, raised, stored

pytestmark = pytest.mark.django_db


def test_customers_never_find_a_note(cast: Cast) -> None:
    alice = cast.actor(cast.alice)
    ticket = raised(cast)
    actions.note(
        ticket=ticket,
        text="Fraudster, see blacklist.",
        attachments=[stored("dossier.txt")],
        actor=alice,
        now=LATER,
    )
    actions.tag(ticket=ticket, add=["troublemaker"], actor=alice, now=LATER)
    hear()

    for word in ("fraudster", "frauds", "blacklist", "dossier", "troublemaker", '"see blacklist"'):
        hits = page(cast, cast.rachel, word)
        assert (hits.hits, hits.total, hits.corrected) == ([], 0, ""), word
        assert found(cast, cast.alice, word) == [ticket.pk], word
    assert found(cast, cast.rachel, "-fraudster gone") == [ticket.pk]
    assert found(cast, cast.rachel, "has:file") == []


def test_staff_who_only_watch_a_private_ticket_find_what_customers_read(cast: Cast) -> None:
    ticket = raised(cast, text="Where is my card?", team=cast.fraud)
    actions.watch(ticket=ticket, user=cast.bob, actor=SYSTEM, now=LATER)
    hear()
    assert found(cast, cast.bob, "card") == [ticket.pk]
    actions.note(ticket=ticket, text="Fraudster.", actor=cast.actor(cast.fay), now=LATER)
    hear()

    assert found(cast, cast.bob, "card") == [ticket.pk]
    assert found(cast, cast.bob, "fraudster") == []
    assert found(cast, cast.alice, "card") == []
    assert found(cast, cast.fay, "fraudster") == [ticket.pk]


def test_whoever_holds_what_a_private_team_has_finds_it_once(cast: Cast) -> None:
    ticket = raised(cast, cast.bob, text="Where is my card?", team=cast.fraud)
    actions.assign(ticket=ticket, team=cast.fraud, assignee=cast.fay, actor=SYSTEM, now=LATER)
    actions.note(ticket=ticket, text="Fraudster.", actor=cast.actor(cast.fay), now=LATER)
    Ticket.objects.filter(pk=ticket.pk).update(assignee=cast.bob)
    upkeep.refresh_tickets([ticket.pk])

    assert found(cast, cast.bob, "card") == found(cast, cast.bob, "fraudster") == [ticket.pk]


def test_customers_are_not_told_words_of_notes_as_corrections(cast: Cast) -> None:
    ticket = raised(cast)
    actions.note(ticket=ticket, text="Blacklist.", actor=cast.actor(cast.alice), now=LATER)
    raised(cast, cast.oscar, text="Confidential.")
    hear()

    assert page(cast, cast.rachel, "blaklist").corrected == ""
    assert page(cast, cast.rachel, "confidentail").corrected == ""
    assert page(cast, cast.alice, "blaklist").corrected == "blacklist"
    assert page(cast, cast.oscar, "confidentail").corrected == "confidential"


def test_a_note_shows_in_snippets_to_staff_alone(cast: Cast) -> None:
    ticket = raised(cast, text="Where is my card?")
    actions.note(ticket=ticket, text="A card thief.", actor=cast.actor(cast.alice), now=LATER)
    hear()

    [mine] = page(cast, cast.rachel, "card").hits
    [theirs] = page(cast, cast.alice, "card thief").hits

    assert "thief" not in mine.snippet_html
    assert "<mark>thief</mark>" in theirs.snippet_html


def test_customers_do_not_learn_who_works_on_it(cast: Cast) -> None:
    ticket = raised(cast, team=cast.cards)
    actions.take(ticket=ticket, actor=cast.actor(cast.alice), now=LATER)
    hear()

    [mine] = page(cast, cast.rachel, "gone").hits
    [theirs] = page(cast, cast.bob, "gone").hits

    assert (mine.team_name, mine.assignee_name) == ("", "")
    assert (theirs.team_name, theirs.assignee_name) == ("Cards", "Alice")
    for asked in ("assignee:alice", "team:cards", "priority:p4", "tag:vip", "is:major"):
        assert len(page(cast, cast.rachel, asked).problems) == 1


def test_redacted_words_leave_the_index(cast: Cast) -> None:
    ticket = raised(cast, text="My PIN is quadruple and I am Kowalczyk.")
    hear()
    assert found(cast, cast.alice, "quadruple") == [ticket.pk]

    message = Message.objects.get(ticket=ticket)
    actions.redact_message(
        message=message, phrase="quadruple", actor=cast.actor(cast.lena), now=LATER
    )
    hear()

    assert found(cast, cast.alice, "quadruple") == []
    assert found(cast, cast.alice, "kowalczyk") == [ticket.pk]
    assert not Word.objects.filter(word="quadruple").exists()
    assert Word.objects.filter(word="kowalczyk").exists()


def test_a_file_is_found_by_its_name_until_it_is_redacted(cast: Cast) -> None:
    ticket = raised(cast, attachments=[stored("passport.txt")])
    hear()
    assert found(cast, cast.rachel, "passport has:file") == [ticket.pk]

    attachment = Message.objects.get(ticket=ticket).attachments.get()
    actions.redact_attachment(attachment=attachment, actor=cast.actor(cast.lena), now=LATER)
    hear()

    assert found(cast, cast.rachel, "passport") == found(cast, cast.rachel, "has:file") == []


def test_a_name_follows_its_person_until_they_are_forgotten(cast: Cast) -> None:
    ticket, ada = raised(cast), cast.actor(cast.ada)
    edit_person(
        user=cast.rachel,
        name="Rachel Kowalczyk",
        locale="en",
        time_zone="UTC",
        actor=ada,
        now=LATER,
    )
    hear()
    assert found(cast, cast.bob, "kowalczyk") == [ticket.pk]
    assert [hit.user_id for hit in find.people("kovalczyk", actor=ada)] == [cast.rachel.pk]

    anonymise_person(user=cast.rachel, actor=ada, now=LATER)
    hear()

    assert found(cast, cast.bob, "kowalczyk") == found(cast, cast.bob, "rachel") == []
    assert find.people("kowalczyk", actor=ada) == []
    assert not Word.objects.filter(word="kowalczyk").exists()


def test_whoever_is_only_remotely_alike_is_looked_for_loosely(cast: Cast) -> None:
    ada = cast.actor(cast.ada)
    for user, name in ((cast.rachel, "Carl Ward"), (cast.ross, "Camille Ost")):
        edit_person(user=user, name=name, locale="en", time_zone="UTC", actor=ada, now=LATER)

    assert [hit.name for hit in find.people("carl wart", actor=ada)] == ["Carl Ward"]
    assert [hit.name for hit in find.people("carl wart", actor=ada, loosely=False)] == ["Carl Ward"]
    assert [hit.name for hit in find.people("camilox", actor=ada)] == ["Camille Ost"]
    assert find.people("camilox", actor=ada, loosely=False) == []
