"""What an action on a ticket may refuse, with codes that clients may depend on."""

from __future__ import annotations

from collections.abc import Mapping

from apps.kernel.errors import DomainError


class StaleTicketError(DomainError):
    code = "ticket.changed-meanwhile"
    status = 409
    message = (
        "Somebody changed this ticket while you were working on it. Your text is kept: look at"
        " what is new, then send again."
    )


class TransitionRefusedError(DomainError):
    code = "ticket.transition-refused"
    status = 409

    def __init__(self, source: str, target: str) -> None:
        super().__init__(
            f"A ticket that is {source.replace('_', ' ')} can't become {target.replace('_', ' ')}.",
            source=source,
            target=target,
        )


class TicketIsFinalError(DomainError):
    code = "ticket.final"
    status = 409
    message = "This ticket is closed for good. Open a new one, or a follow-up by replying to it."


class EmptyTextError(DomainError):
    code = "message.empty"
    message = "Write something first."


class TextTooLongError(DomainError):
    code = "message.too-long"
    status = 413
    message = "This text is too long. Attach it as a file instead."


class SubjectRefusedError(DomainError):
    code = "ticket.subject"
    message = "Give it a subject of 1 to 200 characters."


class ReasonMissingError(DomainError):
    code = "ticket.reason-missing"
    message = "Say why: an override keeps its reason."


class DateMissingError(DomainError):
    code = "ticket.date-missing"
    message = "Choose a time in the future until which the ticket is scheduled."


class AssigneeRefusedError(DomainError):
    code = "ticket.assignee"
    message = "Choose somebody who works on tickets and, if there is a team, belongs to it."


class CategoryRefusedError(DomainError):
    code = "ticket.category"
    message = "This category is no longer in use. Choose another one."


class CustomFieldError(DomainError):
    """`errors` maps each field's key to what is wrong with its value."""

    code = "ticket.custom-fields"
    message = "Some fields of this category need your attention."

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
        super().__init__(f"There is no ticket #{number} that you may see. Check the number.")


class WatcherRefusedError(DomainError):
    code = "ticket.watcher-refused"
    message = "This person may not follow this ticket."


class TagRefusedError(DomainError):
    code = "ticket.tag"
    message = "A tag is 1 to 40 letters, digits, hyphens or spaces."


class UploadGoneError(DomainError):
    code = "attachment.upload-gone"
    status = 409
    message = "A file that you added is no longer kept. Add it again."


class UploadsFullError(DomainError):
    code = "attachment.too-many-waiting"
    status = 413
    message = "You have added as many files as we keep for you. Send what you have, then add more."


class RatingClosedError(DomainError):
    code = "rating.closed"
    status = 409
    message = "This request can't be rated now: it is open again, or it was solved too long ago."


class RatingRefusedError(DomainError):
    code = "rating.refused"
    message = "Choose one of the five answers, with a comment of up to 2,000 characters."


class DoubleSubmissionError(DomainError):
    code = "form.already-used"
    status = 409
    message = "This form was sent already. Open a new one."


class FilterRefusedError(DomainError):
    code = "ticket.filter"
    message = "This filter says something that the desk doesn't know. Make it again."
