from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from apps.kernel.errors import DomainError


class LastAdministratorError(DomainError):
    code = "person.last-administrator"
    status = 409
    message = _("This is the last administrator. Make somebody else one first.")


class AddressTakenError(DomainError):
    code = "person.address-taken"
    status = 409
    message = _("Somebody here has this address already.")


class PlaceRefusedError(DomainError):
    code = "person.place-refused"
    status = 409


class StaffStaysError(PlaceRefusedError):
    message = _("People who work here are removed by an administrator, who hands on their work.")


class DomainRefusedError(DomainError):
    code = "organisation.domain-refused"


class TeamRefusedError(DomainError):
    code = "team.refused"


class TokenRefusedError(DomainError):
    """Unknown, expired and revoked tokens give the same answer."""

    code = "token.refused"
    status = 401
    message = _("This token is not valid. Ask an administrator for a new one.")


class TokenTermsError(DomainError):
    code = "token.terms"


class AvailabilityRefusedError(DomainError):
    code = "agent.availability"


class AddressUnprovedError(DomainError):
    code = "identity.address-unproved"
    status = 403
    message = _(
        "The account that you signed in with doesn't say that its e-mail address is really yours."
        " Have the address confirmed there, then sign in again; or sign up here with the address."
    )


class StaysOutError(DomainError):
    code = "identity.deactivated"
    status = 403
    message = _("Your account on this desk was closed. Ask an administrator to open it again.")
