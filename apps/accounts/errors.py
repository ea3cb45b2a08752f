from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from apps.kernel.errors import DomainError


class LastAdministratorError(DomainError):
    code = "person.last-administrator"
    status = 409
    message = "This is the last administrator. Make somebody else one first."


class AddressTakenError(DomainError):
    code = "person.address-taken"
    status = 409
    message = "Somebody here has this address already."


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
    message = "This token is not valid. Ask an administrator for a new one."


class TokenTermsError(DomainError):
    code = "token.terms"


class AvailabilityRefusedError(DomainError):
    code = "agent.availability"
