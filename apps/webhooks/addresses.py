"""Where a webhook may go: nowhere that only this machine, its network or its cloud can reach. Pure.

A URL is judged twice: by its words when it is kept, and by what its name means at the moment of the
connection, which then goes to the very address that was judged.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import urlsplit

LONGEST = 500

# Global by the registries, and yet ways back to addresses that aren't.
_TUNNELS = (
    ipaddress.ip_network("192.88.99.0/24"),  # 6to4 relays
    ipaddress.ip_network("2001::/23"),  # IETF protocols, Teredo among them
    ipaddress.ip_network("2002::/16"),  # 6to4: an IPv4 address inside
    ipaddress.ip_network("2001:db8::/32"),  # examples
    ipaddress.ip_network("3fff::/20"),  # examples
)
_UNICAST = ipaddress.IPv6Network("2000::/3")  # all that is given out of IPv6


class AddressRefusedError(Exception):
    """Its text says why, in English: for the log of deliveries."""


@dataclass(frozen=True, slots=True)
class Target:
    """A URL that may be asked, taken apart. `is_trusted`: its host is on the desk's own list."""

    scheme: str
    host: str
    port: int
    path: str
    is_trusted: bool


def read(url: str, *, trusted: Collection[str] = ()) -> Target:
    """Hosts of `trusted`, by name or address, may be asked in the clear. Raises."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
        # Names of other alphabets, spelt as they are asked for.
        host.encode("ascii" if ":" in host else "idna")
    except (ValueError, UnicodeError) as error:
        raise AddressRefusedError("this is no URL") from error
    if len(url) > LONGEST or any(ord(sign) <= ord(" ") or sign == "\x7f" for sign in url):
        raise AddressRefusedError("this is no URL")
    is_trusted = host in trusted
    if parts.scheme != "https" and not (parts.scheme == "http" and is_trusted):
        raise AddressRefusedError("only https:// is asked")
    if not host or "@" in parts.netloc:
        raise AddressRefusedError("it names no host, or a person at one")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if not path.isascii():
        raise AddressRefusedError("spell other letters with percent signs")
    default = 443 if parts.scheme == "https" else 80
    return Target(parts.scheme, host, port or default, path, is_trusted)


def is_public(text: str) -> bool:
    """Whether an address, as a resolver gives it, is one that anybody on the internet may ask.

    Private, loopback, link-local (cloud metadata), carrier-grade NAT, multicast and reserved ones
    are not, nor is an IPv4 address inside an IPv6 address, whatever it is.
    """
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address) and address not in _UNICAST:
        return False
    is_odd = address.is_multicast or address.is_reserved or address.is_unspecified
    return address.is_global and not is_odd and not any(address in net for net in _TUNNELS)
