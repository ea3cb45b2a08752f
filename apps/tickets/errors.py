"""What an action on a ticket may refuse, with codes that clients may depend on."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from apps.kernel.errors import DomainError
from apps.tickets.statuses import StatusCategory
from apps.tickets.words import CATEGORIES


class StaleTicketError(DomainError):
    code = "ticket.changed-meanwhile"
    status = 409
    message = _(
        "Somebody changed this ticket while you were working on it. Your text is kept: look at"
        " what is new, then send again."
    )


class TransitionRefusedError(DomainError):
    code = "ticket.transition-refused"
    status = 409

    def __init__(self, source: str, target: str) -> None:
        super().__init__(
            _("A ticket that is %(source)s can't become %(target)s.")
            % {"source": _word(source), "target": _word(target)},
            source=source,
            target=target,
        )


class TicketIsFinalError(DomainError):
    code = "ticket.final"
    status = 409
    message = _("This ticket is closed for good. Open a new one, or a follow-up by replying to it.")


class EmptyTextError(DomainError):
    code = "message.empty"
    message = _("Write something first.")


class TextTooLongError(DomainError):
    code = "message.too-long"
    status = 413
    message = _("This text is too long. Attach it as a file instead.")


class SubjectRefusedError(DomainError):
    code = "ticket.subject"
    message = _("Give it a subject of 1 to 200 characters.")


class ReasonMissingError(DomainError):
    code = "ticket.reason-missing"
    message = _("Say why: an override keeps its reason.")


class DateMissingError(DomainError):
    code = "ticket.date-missing"
    message = _("Choose a time in the next five years until which the ticket is scheduled.")


class AssigneeRefusedError(DomainError):
    code = "ticket.assignee"
    message = _("Choose somebody who works on tickets and, if there is a team, belongs to it.")


class CategoryRefusedError(DomainError):
    code = "ticket.category"
    message = _("This category is no longer in use. Choose another one.")


class StatusRefusedError(DomainError):
    code = "status.default-in-use"
    status = 409
    message = _("Tickets get this status by default. It can't be archived.")


class CustomFieldError(DomainError):
    """`errors` maps each field's key to what is wrong with its value."""

    code = "ticket.custom-fields"
    message = _("Some fields of this category need your attention.")

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__(f"{self.message} {' '.join(errors.values())}", errors=dict(errors))
        self.errors = dict(errors)


class MergeRefusedError(DomainError):
    code = "ticket.merge-refused"
    status = 409


class SplitRefusedError(DomainError):
    code = "ticket.split-refused"
    status = 409


class LinkRefusedError(DomainError):
    code = "ticket.link-refused"
    status = 409


class UnknownNumberError(DomainError):
    code = "ticket.unknown-number"

    def __init__(self, number: int) -> None:
        super().__init__(
            _("There is no ticket #%(number)s that you may see. Check the number.")
            % {"number": number}
        )


class WatcherRefusedError(DomainError):
    code = "ticket.watcher-refused"
    message = _("This person may not follow this ticket.")


class TagRefusedError(DomainError):
    code = "ticket.tag"
    message = _("A tag is 1 to 40 letters, digits, hyphens or spaces.")


class UploadGoneError(DomainError):
    code = "attachment.upload-gone"
    status = 409
    message = _("A file that you added is no longer kept. Add it again.")


class FileWaitingError(DomainError):
    code = "attachment.not-checked"
    status = 409
    message = _("This file is still being checked for harm. Try again in a minute.")


class UploadsFullError(DomainError):
    code = "attachment.too-many-waiting"
    status = 413
    message = _(
        "You have added as many files as we keep for you. Send what you have, then add more."
    )


class RatingClosedError(DomainError):
    code = "rating.closed"
    status = 409
    message = _("This request can't be rated now: it is open again, or it was solved too long ago.")


class RatingRefusedError(DomainError):
    code = "rating.refused"
    message = _("Choose one of the five answers, with a comment of up to 2,000 characters.")


class DoubleSubmissionError(DomainError):
    code = "form.already-used"
    status = 409
    message = _(
        "This form was sent before, with other words. Yours are kept here: send them again if they"
        " are meant to come on top."
    )


class FilterRefusedError(DomainError):
    code = "ticket.filter"
    message = _("This filter says something that the desk doesn't know. Make it again.")


def _word(category: str) -> str:
    return str(CATEGORIES[StatusCategory(category)])
