"""What SES tells of mails, in whatever order and however often."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st

from apps.events import journal
from apps.kernel.actors import SYSTEM
from apps.kernel.errors import ForbiddenError
from apps.notifications import actions, events
from apps.notifications.feedback import NOTICES as KNOWN
from apps.notifications.feedback import UnreadableError, heard_in
from apps.notifications.models import Notification, OutgoingMail, Recipient, Report
from apps.notifications.standing import MOST_SOFT, Kind, Standing, Told, outcome, standing
from apps.tickets import actions as tickets
from apps.tickets.events import subject_of
from apps.tickets.models import Message
from deploy import stacks
from tests.cast import Cast
from tests.notifications.post import hear
from tests.support import NOON
from tests.tickets.desk import LATER, raised

RACHEL = "rachel@example.com"


def notice(
    kind: str, at: datetime = NOON, *, to: str = RACHEL, name: str = "0102-a", label: str = ""
) -> dict[str, Any]:
    """As SES writes them (Amazon SES developer guide, "event data that is sent to SNS")."""
    when = at.strftime("%Y-%m-%dT%H:%M:%S.000Z")
    mail: dict[str, Any] = {
        "timestamp": when,
        "messageId": name,
        "source": "desk@desk.example.com",
        "destination": [to],
        "tags": {"ses:configuration-set": ["tendril-local"]} | ({"mail": [label]} if label else {}),
    }
    bounced = {"emailAddress": to, "status": "5.1.1", "diagnosticCode": "smtp; 550 no such user"}
    bounce = {"bouncedRecipients": [bounced], "timestamp": when, "feedbackId": "f"}
    told: dict[str, dict[str, Any]] = {
        "hard": {
            "eventType": "Bounce",
            "bounce": bounce | {"bounceType": "Permanent", "bounceSubType": "General"},
        },
        "soft": {
            "eventType": "Bounce",
            "bounce": bounce | {"bounceType": "Transient", "bounceSubType": "MailboxFull"},
        },
        "odd": {
            "eventType": "Bounce",
            "bounce": bounce | {"bounceType": "Transient", "bounceSubType": "MessageTooLarge"},
        },
        "complaint": {
            "eventType": "Complaint",
            "complaint": {
                "complainedRecipients": [{"emailAddress": to}],
                "timestamp": when,
                "complaintFeedbackType": "abuse",
            },
        },
        "delivered": {
            "eventType": "Delivery",
            "delivery": {"timestamp": when, "recipients": [to], "smtpResponse": "250 ok"},
        },
        "delayed": {
            "eventType": "DeliveryDelay",
            "deliveryDelay": {
                "timestamp": when,
                "delayType": "TransientCommunicationFailure",
                "delayedRecipients": [{"emailAddress": to, "diagnosticCode": "421 busy"}],
            },
        },
        "refused": {"eventType": "Reject", "reject": {"reason": "Bad content"}},
        "send": {"eventType": "Send", "send": {}},
    }
    return {**told[kind], "mail": mail}


def test_ses_is_asked_to_tell_all_that_the_desk_makes_something_of() -> None:
    template = (stacks.INFRA / "messaging.yaml").read_text()
    (asked,) = re.findall(r"MatchingEventTypes: \[(.*)\]", template)
    known = {kind.partition(":")[2] for kind in KNOWN if kind.startswith("eventType:")}

    told = {name.strip()[0].upper() + name.strip()[1:] for name in asked.split(",")}
    assert told == known - {"Send"}  # which says nothing that we don't know


class TestReading:
    @pytest.mark.parametrize("kind", [kind.value for kind in Kind])
    def test_each_kind_is_known(self, kind: str) -> None:
        (heard,) = heard_in(notice(kind, label="7"))

        assert (heard.kind, heard.address, heard.at) == (kind, RACHEL, NOON)
        assert (heard.carried_as, heard.label) == ("0102-a", "7")

    def test_an_identitys_notification_reads_alike(self) -> None:
        told = notice("hard")
        told["notificationType"] = told.pop("eventType")
        del told["mail"]["tags"]

        assert [heard.kind for heard in heard_in(told)] == ["hard"]

    def test_addresses_are_bare_and_in_lower_case(self) -> None:
        (heard,) = heard_in(notice("complaint", to="Rachel Q <Rachel@Example.com>"))

        assert heard.address == RACHEL

    def test_a_strangers_words_fit_on_a_line_of_any_database(self) -> None:
        told = notice("hard")
        told["bounce"]["bouncedRecipients"][0]["diagnosticCode"] = (
            "550 a\0b\r\n\ud800c " + "x" * 999
        )

        (heard,) = heard_in(told)
        assert heard.detail.startswith("550 a b c x")
        assert len(heard.detail) == 300

    def test_taking_it_out_of_the_spam_folder_is_no_complaint(self) -> None:
        told = notice("complaint")
        told["complaint"]["complaintFeedbackType"] = "not-spam"

        assert heard_in(told) == []

    def test_that_a_mail_was_taken_tells_nothing_new(self) -> None:
        assert heard_in(notice("send")) == []

    @pytest.mark.parametrize(
        "told",
        [
            {},
            {"eventType": "Bounce"},
            {"eventType": "Bounce", "mail": {"messageId": "x"}, "bounce": {}},
            {"eventType": "Open", "mail": {"messageId": "x"}},
            {"eventType": "Delivery", "mail": {"messageId": "x"}, "delivery": "x"},
            notice("hard") | {"mail": None},
        ],
    )
    def test_anything_else_is_refused(self, told: dict[str, Any]) -> None:
        with pytest.raises(UnreadableError):
            heard_in(told)


def at(minutes: int) -> datetime:
    return NOON + timedelta(minutes=minutes)


def judged(*told: Told, delivered: datetime | None = None, cleared: datetime | None = None) -> str:
    return standing(told, delivered_at=delivered, cleared_at=cleared).state


class TestStanding:
    def test_one_that_came_back_for_good_is_mailed_no_more(self) -> None:
        assert judged(Told(at(1), Kind.HARD)) == "suppressed"

    def test_a_complaint_is_the_worst(self) -> None:
        assert judged(Told(at(1), Kind.HARD), Told(at(2), Kind.COMPLAINT)) == "complained"

    def test_several_in_a_row_that_came_back_for_now_are_as_good_as_for_good(self) -> None:
        softs = [Told(at(n), Kind.SOFT) for n in range(MOST_SOFT)]

        assert judged(*softs[:-1]) == "bouncing"
        assert judged(*softs) == "suppressed"
        assert judged(*softs, delivered=at(0)) == "bouncing"
        assert judged(*softs, delivered=at(MOST_SOFT)) == "ok"

    def test_what_was_before_somebody_cleared_it_counts_no_longer(self) -> None:
        assert judged(Told(at(1), Kind.HARD), cleared=at(1)) == "ok"
        assert judged(Told(at(2), Kind.HARD), cleared=at(1)) == "suppressed"

    @given(
        st.lists(
            st.tuples(st.integers(0, 9), st.sampled_from([Kind.SOFT, Kind.HARD, Kind.COMPLAINT]))
        ).flatmap(lambda told: st.tuples(st.just(told), st.permutations(told)))
    )
    def test_the_order_of_hearing_changes_nothing(
        self, told: tuple[list[tuple[int, Kind]], list[tuple[int, Kind]]]
    ) -> None:
        def stand(pairs: list[tuple[int, Kind]]) -> Standing:
            known = [Told(at(n), kind) for n, kind in pairs]
            return standing(known, delivered_at=at(4), cleared_at=None)

        assert stand(told[0]) == stand(told[1])

    @given(
        st.lists(st.sampled_from(list(Kind))).flatmap(
            lambda k: st.tuples(st.just(k), st.permutations(k))
        )
    )
    def test_a_mails_outcome_is_its_worst(self, kinds: tuple[list[Kind], list[Kind]]) -> None:
        def end(told: list[Kind]) -> str:
            after = ""
            for kind in told:
                after = outcome(after, kind)
            return after

        assert end(kinds[0]) == end(kinds[1] + kinds[1])


def sent_reply(cast: Cast, *, carried_as: str = "0102-a") -> OutgoingMail:
    """A reply to rachel that her mail server was given."""
    ticket = raised(cast, team=cast.cards)
    tickets.take(ticket=ticket, actor=cast.actor(cast.lena), now=LATER)
    tickets.reply(ticket=ticket, text="Here", actor=cast.actor(cast.lena), now=LATER)
    hear()
    mail = OutgoingMail.objects.get(to=RACHEL)
    assert mail.message_id is not None
    OutgoingMail.objects.filter(pk=mail.pk).update(claims=1)
    if carried_as:
        actions.mark_sent(mail=mail, carried_as=carried_as, now=LATER)
    mail.refresh_from_db()
    return mail


def delivery_of(mail: OutgoingMail) -> str:
    return Message.objects.get(pk=mail.message_id or 0).delivery


def facts_of(mail: OutgoingMail) -> list[str]:
    ticket = Message.objects.get(pk=mail.message_id or 0).ticket_id
    told = journal.history(subject_of(ticket), limit=50)
    return [fact.name for fact in told if fact.name.startswith("message.")]


@pytest.mark.django_db
class TestTakingItIn:
    def test_a_reply_that_came_back_is_shown_on_its_ticket(self, cast: Cast) -> None:
        mail = sent_reply(cast)

        actions.handle_feedback(notice("hard"), now=LATER)
        hear()

        mail.refresh_from_db()
        assert (mail.outcome, delivery_of(mail)) == ("bounced", "bounced")
        assert mail.error.splitlines() == ["The mail came back.", "smtp; 550 no such user"]
        assert "message.bounced" in facts_of(mail)
        assert Recipient.objects.get(address=RACHEL).reason == "smtp; 550 no such user"
        told = Notification.objects.get(kind="undelivered")
        assert told.recipient == cast.lena

    def test_one_that_arrived_is_recorded_once(self, cast: Cast) -> None:
        mail = sent_reply(cast)

        for _ in range(3):
            actions.handle_feedback(notice("delivered"), now=LATER)

        assert facts_of(mail).count("message.delivered") == 1
        assert delivery_of(mail) == "sent"

    def test_what_is_told_before_we_noted_that_it_was_sent_finds_it_by_our_label(
        self, cast: Cast
    ) -> None:
        mail = sent_reply(cast, carried_as="")

        actions.handle_feedback(notice("hard", label=str(mail.pk)), now=LATER)
        actions.mark_sent(mail=mail, carried_as="0102-a", now=LATER)

        mail.refresh_from_db()
        assert (mail.state, mail.outcome, delivery_of(mail)) == ("sent", "bounced", "bounced")
        assert mail.error

    @pytest.mark.parametrize(
        "told",
        [
            notice("hard", name="0102-other"),
            notice("hard", to="somebody@example.net"),
            notice("hard", name="0102-other", label="999999"),
            notice("hard", name="0102-other", label="x" * 30),
        ],
    )
    def test_what_is_told_of_another_mail_changes_nothing_of_this_one(
        self, cast: Cast, told: dict[str, Any]
    ) -> None:
        mail = sent_reply(cast)

        actions.handle_feedback(told, now=LATER)

        mail.refresh_from_db()
        assert (mail.outcome, delivery_of(mail)) == ("", "sent")

    def test_a_mail_that_is_sent_again_begins_anew(self, cast: Cast) -> None:
        mail = sent_reply(cast)
        actions.handle_feedback(notice("hard"), now=LATER)
        actions.clear_address(address=RACHEL, actor=cast.actor(cast.lena), now=LATER)

        actions.retry_mail(mail_ids=[mail.pk], now=LATER)
        actions.handle_feedback(notice("hard"), now=LATER)
        mail.refresh_from_db()
        before = mail.outcome
        actions.mark_sent(mail=mail, carried_as="0102-b", now=LATER)
        actions.handle_feedback(notice("hard"), now=LATER)

        mail.refresh_from_db()
        assert (before, mail.outcome, delivery_of(mail)) == ("", "", "sent")
        assert not Recipient.objects.get(address=RACHEL).is_blocked

    def test_a_complaint_ends_mail_and_says_nothing_of_the_message(self, cast: Cast) -> None:
        mail = sent_reply(cast)

        actions.handle_feedback(notice("complaint"), now=LATER)

        mail.refresh_from_db()
        assert (mail.outcome, delivery_of(mail)) == ("complained", "sent")
        assert Recipient.objects.get(address=RACHEL).state == "complained"


KINDS = ["hard", "soft", "complaint", "delivered", "delayed", "refused", "odd"]
NOTICES = [notice(kind, at(n)) for n, kind in enumerate(KINDS)] + [
    notice("soft", at(20 + n), name=f"0102-{n}") for n in range(3)
]


@pytest.mark.django_db
class TestAnyOrder:
    @given(
        st.sets(st.integers(0, len(NOTICES) - 1), min_size=1).flatmap(
            lambda chosen: st.tuples(
                st.permutations(sorted(chosen)),
                st.lists(st.sampled_from(sorted(chosen)), max_size=4),
            )
        )
    )
    def test_comes_to_the_same(self, order: tuple[list[int], list[int]]) -> None:
        first = self.after(sorted(order[0]))
        second = self.after([*order[1], *order[0], *order[1]])

        assert first == second

    @staticmethod
    def after(order: list[int]) -> tuple[Any, ...]:
        with transaction.atomic():
            mail = actions.queue_mail(key="a", to=RACHEL, subject="S", text="T", html="", now=NOON)
            actions.mark_sent(mail=mail, carried_as="0102-a", now=NOON)
            for number in order:
                actions.handle_feedback(NOTICES[number], now=LATER)
            fields = ("state", "reason", "since", "soft_bounces", "delivered_at")
            told = Recipient.objects.values_list(*fields).get()
            found = (OutgoingMail.objects.get().outcome, *told)
            transaction.set_rollback(True)
        return found


@pytest.mark.django_db
class TestClearing:
    @pytest.fixture
    def blocked(self) -> Recipient:
        actions.handle_feedback(notice("hard"), now=LATER)
        return Recipient.objects.get()

    def test_is_recorded(self, cast: Cast, blocked: Recipient) -> None:
        actions.clear_address(address=RACHEL, actor=cast.actor(cast.alice), now=LATER)

        facts = journal.history(events.subject_of(blocked.pk), limit=5)
        assert [fact.name for fact in facts] == ["recipient.cleared", "recipient.suppressed"]
        assert facts[0].data == {"why": "staff"}
        assert not Recipient.objects.get().is_blocked

    def test_is_refused_to_customers(self, cast: Cast, blocked: Recipient) -> None:
        with pytest.raises(ForbiddenError):
            actions.clear_address(address=RACHEL, actor=cast.actor(cast.rachel), now=LATER)

    def test_of_an_address_that_nothing_is_known_of_is_nothing(self, cast: Cast) -> None:
        actions.clear_address(address="x@example.com", actor=SYSTEM, now=LATER)

        assert not Recipient.objects.exists()

    def test_what_happens_afterwards_counts(self, cast: Cast, blocked: Recipient) -> None:
        actions.clear_address(address=RACHEL, actor=SYSTEM, now=LATER)
        again = notice("hard", LATER + timedelta(hours=1), name="0102-z")
        actions.handle_feedback(again, now=LATER)

        assert Recipient.objects.get().is_blocked


@pytest.mark.django_db
def test_old_reports_are_forgotten_but_not_what_they_came_to() -> None:
    actions.handle_feedback(notice("hard"), now=LATER)
    actions.handle_feedback(notice("soft", to="a@example.com"), now=LATER)
    actions.handle_feedback(notice("delivered", to="b@example.com"), now=LATER)

    actions.prune_reports(before=NOON + timedelta(days=1))

    assert set(Report.objects.values_list("kind", flat=True)) == {"hard"}
    assert not Recipient.objects.filter(address="b@example.com").exists()
    assert Recipient.objects.get(address=RACHEL).is_blocked
