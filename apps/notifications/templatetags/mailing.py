from __future__ import annotations

from django import template

from apps.notifications import addresses
from apps.notifications.models import Recipient

register = template.Library()


@register.simple_tag
def mail_trouble(address: str) -> Recipient | None:
    """Whether mail to an address came back."""
    return addresses.trouble_of(address)
