"""What the desk's own actions may refuse, with codes that clients may depend on."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext_lazy as _

from apps.kernel.errors import DomainError


class ViewNameError(DomainError):
    code = "view.name"
    message = _("Give the view a name of 1 to 60 letters.")


class ViewTeamsError(DomainError):
    code = "view.teams"
    message = _("Choose the teams that are to see this view.")


class BulkSizeError(DomainError):
    code = "bulk.size"
    message = _("Choose between 1 and 100 tickets at a time.")


class BulkVerbError(DomainError):
    code = "bulk.verb"
    message = _("Say what to do with the chosen tickets, and with which value.")


class NewAnswerError(DomainError):
    """A reply was written without having seen the newest public message."""

    code = "reply.new-answer"
    status = 409
    message = _(
        "Somebody wrote to the customer, or the customer wrote, while you were writing. Your text"
        " is kept: read what is new, then send again."
    )


class TooLateError(DomainError):
    code = "reply.sent-already"
    status = 409
    message = _("It was sent already: it can't be taken back.")


class DraftChangedError(DomainError):
    """`text` and `version` are those of the draft as it is kept now."""

    code = "draft.changed-meanwhile"
    status = 409
    message = _("You changed this draft in another window. Choose which text to keep.")


class UnknownVariableError(DomainError):
    code = "saved-reply.variable"

    def __init__(self, unknown: Iterable[str], known: Iterable[str]) -> None:
        wrong, right = ", ".join(unknown), ", ".join(f"{{{{{name}}}}}" for name in known)
        super().__init__(
            _("These variables don't exist: %(unknown)s. Use one of: %(known)s.")
            % {"unknown": wrong, "known": right}
        )


class SavedReplyRefusedError(DomainError):
    code = "saved-reply.refused"


class MentionRefusedError(DomainError):
    code = "mention.refused"

    def __init__(self, names: Iterable[str]) -> None:
        who = ", ".join(names)
        super().__init__(
            _(
                "%(names)s can't see this ticket, because it belongs to a private team. Take the"
                " mention out, or give the ticket to a team that may see it."
            )
            % {"names": who},
            names=list(names),
        )
