"""A person's mail is told to them and forgotten with them: theirs, all of it, and nobody else's."""

from __future__ import annotations

import pytest
from django.db import transaction

from apps.accounts.actions import anonymise_person, export_person
from apps.mail import actions, tasks
from apps.mail.addresses import address_in
from apps.mail.inbox import RawMissingError
from apps.mail.models import IncomingMail
from tests.cast import Cast
from tests.mail.boxes import RAW, Box, later, notice, take_all
from tests.support import NOON

JOANN = RAW.replace(b"Rachel <rachel@", b'"Rachel <rachel@example.com>" <crachel@')


def came(box: Box, raw: bytes = RAW, *, source: str = "bounces@example.org") -> str:
    """A mail that was read. `source` is its envelope's sender. Its key."""
    key = box.put(f"m{IncomingMail.objects.count()}", raw)
    told = notice(key, store=box.inbox.store)
    told["mail"]["source"] = source
    actions.receive_notice(told, now=NOON)
    take_all(NOON)
    return key


def forget_rachel(cast: Cast) -> None:
    anonymise_person(user=cast.rachel, actor=cast.actor(cast.ada), now=later())


@pytest.mark.parametrize(
    ("sender", "address"),
    [
        ("Ann <Ann@Example.com>", "ann@example.com"),
        ("ann@example.com", "ann@example.com"),
        ("ann@example.com (Ann)", "ann@example.com"),
        ('"ann@example.com" <joann@example.com>', "joann@example.com"),
        ("ann@example.com <joann@example.com>", "joann@example.com"),
        ("Müller, Ann <ann@example.com>", "ann@example.com"),
        ("ann@example.com (see <http://x>)", "ann@example.com"),
        ("Ann <ann@example.com", "ann@example.com"),
        ("undisclosed:;", ""),
        ("ann at example", ""),
        ("", ""),
    ],
)
def test_the_address_is_the_one_that_mail_programs_answer(sender: str, address: str) -> None:
    assert address_in(sender) == address


@pytest.mark.django_db
class TestForgetting:
    @pytest.mark.parametrize("source", ["Rachel@Example.com", "bounces@example.org"])
    def test_takes_the_row_and_the_mail_as_it_came(
        self,
        cast: Cast,
        box: Box,
        source: str,
    ) -> None:
        came(box, RAW.replace(b"rachel@", b"Rachel@"), source=source)

        forget_rachel(cast)
        tasks.erase_forgotten()

        assert not IncomingMail.objects.exists()
        assert list(box.inbox.walk()) == []

    def test_leaves_those_whose_address_only_contains_it(self, cast: Cast, box: Box) -> None:
        key = came(box, JOANN, source="crachel@example.com")

        forget_rachel(cast)
        tasks.erase_forgotten()

        assert IncomingMail.objects.get().state == "kept"
        assert box.inbox.read(key) == JOANN

    def test_forgets_what_it_exports(self, cast: Cast, box: Box) -> None:
        came(box)
        came(box, JOANN, source="rachel@example.com")
        came(box, JOANN)
        IncomingMail.objects.filter(pk__gt=0).update(subject="theirs")

        told = export_person(user=cast.rachel, actor=cast.actor(cast.ada), now=NOON)
        forget_rachel(cast)

        assert isinstance(told["mail"], list)
        assert len(told["mail"]) == 2
        assert IncomingMail.objects.filter(state="erasing").count() == 2

    def test_that_is_rolled_back_has_lost_nothing(self, cast: Cast, box: Box) -> None:
        key = came(box)

        with transaction.atomic():
            forget_rachel(cast)
            transaction.set_rollback(True)
        tasks.erase_forgotten()

        assert IncomingMail.objects.get().state == "kept"
        assert box.inbox.read(key) == RAW

    def test_keeps_nothing_of_them_while_the_mail_itself_waits_to_go(
        self,
        cast: Cast,
        box: Box,
    ) -> None:
        key = came(box, source="rachel@example.com")

        forget_rachel(cast)
        actions.receive_notice(notice(key, store=box.inbox.store), now=later())
        actions.enter_unannounced(now=later())

        row = IncomingMail.objects.values().get()
        assert row["key"] == key
        assert "rachel" not in str(row).lower()
        assert "Grüße" not in str(row)

    def test_waits_for_a_store_that_is_away(self, cast: Cast, box: Box) -> None:
        came(box)
        forget_rachel(cast)

        with box.away():
            tasks.erase_forgotten()

        row = IncomingMail.objects.get()
        assert (row.state, row.attempts) == ("erasing", 1)
        assert row.error
        assert row.due_at > later()

    def test_waits_for_the_store_that_keeps_it(self, cast: Cast, box: Box) -> None:
        came(box)
        IncomingMail.objects.update(store="another-bucket")

        forget_rachel(cast)
        tasks.erase_forgotten()

        assert IncomingMail.objects.get().state == "erasing"
        assert len(list(box.inbox.walk())) == 1

    def test_is_not_undone_by_whoever_reads_the_mail_just_then(
        self,
        cast: Cast,
        box: Box,
    ) -> None:
        came(box)
        mail = IncomingMail.objects.get()
        IncomingMail.objects.update(state="received")
        forget_rachel(cast)

        with pytest.raises(RawMissingError):
            actions.replay(mail=mail, actor=cast.actor(cast.ada), now=later())

        assert IncomingMail.objects.get().sender == ""

    def test_finds_what_an_older_release_read(self, cast: Cast, box: Box) -> None:
        came(box)
        came(box, JOANN)
        IncomingMail.objects.update(address="")

        forget_rachel(cast)
        tasks.erase_forgotten()

        assert IncomingMail.objects.get().address == "crachel@example.com"
