"""What happens to tickets, messages and attachments. Ids and plain values, never rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.events.facts import Fact


def subject_of(ticket_id: int) -> str:
    return f"ticket:{ticket_id}"


def id_in(subject: str) -> int:
    return int(subject.partition(":")[2])


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskConfigured(Fact):
    """What the desk is set up with changed: the subject says which row ("category:7")."""

    name: ClassVar[str] = "desk.configured"
    words: ClassVar[Promise] = _("A setting of the desk changed, such as a category or a status.")
    name_of: str  # what the row is called now


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketRaised(Fact):
    name: ClassVar[str] = "ticket.raised"
    words: ClassVar[Promise] = _("There is a new ticket.")
    message_id: int
    requester_id: int
    organisation_id: int | None
    category_id: int | None
    team_id: int | None
    priority: int
    channel: str
    follows: int | None = None  # the closed ticket that this one follows up


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketUpdated(Fact):
    """`changed` names the fields; tags and watchers say which, by their own fields."""

    name: ClassVar[str] = "ticket.updated"
    words: ClassVar[Promise] = _("A ticket's subject, tags, watchers or other details changed.")
    changed: tuple[str, ...]
    tags_added: tuple[str, ...] = ()
    tags_removed: tuple[str, ...] = ()
    watchers_added: tuple[int, ...] = ()
    watchers_removed: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketStatusChanged(Fact):
    name: ClassVar[str] = "ticket.status_changed"
    words: ClassVar[Promise] = _(
        "A ticket has another status: it waits, or is solved, for example."
    )
    status_from: str  # slugs
    status_to: str
    category_from: str
    category_to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketAssigned(Fact):
    name: ClassVar[str] = "ticket.assigned"
    words: ClassVar[Promise] = _("A ticket has another agent or team.")
    team_from: int | None
    team_to: int | None
    assignee_from: int | None
    assignee_to: int | None
    automatic: bool = False  # the team's policy chose; the rest says why
    reason: str = ""  # assignment.Reason
    considered: tuple[int, ...] = ()  # users, whoever was chosen first
    verdicts: tuple[str, ...] = ()  # assignment.Verdict of each
    loads: tuple[int, ...] = ()  # open tickets of each at the time


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketLeftWaiting(Fact):
    """The team's policy found nobody; told once, however often it looks again."""

    name: ClassVar[str] = "ticket.left_waiting"
    words: ClassVar[Promise] = _("No agent could take a new ticket: it waits for one.")
    team_id: int
    reason: str
    considered: tuple[int, ...] = ()
    verdicts: tuple[str, ...] = ()
    loads: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketCategorised(Fact):
    name: ClassVar[str] = "ticket.categorised"
    words: ClassVar[Promise] = _("A ticket has another category.")
    category_from: int | None
    category_to: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketPrioritised(Fact):
    name: ClassVar[str] = "ticket.prioritised"
    words: ClassVar[Promise] = _("A ticket has another priority.")
    priority_from: int
    priority_to: int
    impact: int
    urgency: int
    override: int | None
    is_major_incident: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketMerged(Fact):
    """The subject was merged into `survivor_id`."""

    name: ClassVar[str] = "ticket.merged"
    words: ClassVar[Promise] = _("A ticket was merged into another one.")
    survivor_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketUnmerged(Fact):
    name: ClassVar[str] = "ticket.unmerged"
    words: ClassVar[Promise] = _("A merged ticket stands on its own again.")
    survivor_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketSplit(Fact):
    """Messages moved from the subject to the new ticket `into_id`."""

    name: ClassVar[str] = "ticket.split"
    words: ClassVar[Promise] = _("Messages were moved from a ticket to a new one.")
    into_id: int
    message_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketLinked(Fact):
    """`kind` is a Link.Kind or "parent"; `removed` when the link was taken away."""

    name: ClassVar[str] = "ticket.linked"
    words: ClassVar[Promise] = _("Two tickets were linked, or unlinked.")
    target_id: int
    kind: str
    removed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketReopened(Fact):
    name: ClassVar[str] = "ticket.reopened"
    words: ClassVar[Promise] = _("A solved ticket is open again.")
    by_reply: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketClosed(Fact):
    name: ClassVar[str] = "ticket.closed"
    words: ClassVar[Promise] = _("A ticket was closed: a later answer opens a new one.")
    automatic: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageAdded(Fact):
    """A reply or a note was written on the subject."""

    name: ClassVar[str] = "message.added"
    words: ClassVar[Promise] = _("Somebody wrote on a ticket.")
    message_id: int
    author_id: int | None
    visibility: str
    direction: str
    channel: str
    is_automatic: bool = False
    is_first_reply: bool = False  # the first public word from a person of the desk


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageRedacted(Fact):
    name: ClassVar[str] = "message.redacted"
    words: ClassVar[Promise] = _("Words were removed from a message for good.")
    message_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachmentUploaded(Fact):
    name: ClassVar[str] = "attachment.uploaded"
    words: ClassVar[Promise] = _("A file was added to a ticket.")
    attachment_id: int
    message_id: int
    content_type: str
    size: int
    scan: str = "pending"  # Attachment.Scan, where the scanner looked before it was attached


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachmentScanned(Fact):
    """The scanner could be reached after all, and found nothing."""

    name: ClassVar[str] = "attachment.scanned"
    words: ClassVar[Promise] = _("A file that waited for the scanner was found harmless.")
    attachment_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachmentQuarantined(Fact):
    """It may do harm: nobody can open it."""

    name: ClassVar[str] = "attachment.quarantined"
    words: ClassVar[Promise] = _("A file may do harm: nobody can open it.")
    attachment_id: int
    finding: str  # the scanner's name for it


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachmentMissed(Fact):
    """The storage doesn't have it, or has it again: `found`."""

    name: ClassVar[str] = "attachment.missed"
    words: ClassVar[Promise] = _("A file is missing from the storage, or is there again.")
    attachment_id: int
    found: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachmentRedacted(Fact):
    name: ClassVar[str] = "attachment.redacted"
    words: ClassVar[Promise] = _("A file was removed from a ticket for good.")
    attachment_id: int
    key: str  # where the storage still keeps the bytes, for the subscriber that deletes them


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageSent(Fact):
    """The first mail of this message left the desk."""

    name: ClassVar[str] = "message.sent"
    words: ClassVar[Promise] = _("A reply left the desk by mail.")
    message_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageRejected(Fact):
    """A mail of this message could not be sent."""

    name: ClassVar[str] = "message.rejected"
    words: ClassVar[Promise] = _("A reply could not be sent by mail.")
    message_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageDelivered(Fact):
    """A mail of this message reached somebody's server."""

    name: ClassVar[str] = "message.delivered"
    words: ClassVar[Promise] = _("A reply by mail reached the other side's server.")
    message_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageBounced(Fact):
    """A mail of this message came back."""

    name: ClassVar[str] = "message.bounced"
    words: ClassVar[Promise] = _("A reply by mail came back.")
    message_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RatingRequested(Fact):
    """The requester is to be asked, by mail, how the solving was."""

    name: ClassVar[str] = "rating.requested"
    words: ClassVar[Promise] = _("A customer is asked how a ticket was solved.")
    rating_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RatingGiven(Fact):
    """`score` is 1 to 5; team and assignee are those of the solving's last moment."""

    name: ClassVar[str] = "rating.given"
    words: ClassVar[Promise] = _("A customer rated how a ticket was solved.")
    rating_id: int
    score: int
    has_comment: bool
    is_change: bool
    team_id: int | None
    assignee_id: int | None
