"""A provider's public keys: kept, and asked for anew when they are old or one is unknown."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping

import requests
from django.utils.translation import gettext_lazy as _
from jwt import PyJWK, PyJWKSet
from jwt.exceptions import PyJWTError

from apps.accounts.identity.web import read
from apps.kernel.errors import DomainError

logger = logging.getLogger(__name__)

FRESH = 3600  # seconds; then they are asked for again
STALE = 24 * 3600  # while the provider can't be asked, old ones serve for so long
ASKED_AT_MOST_EVERY = 30  # seconds: strangers can send tokens with keys that nobody has


class ProviderUnreachableError(DomainError):
    """Not the person's fault, nor their token's: later it may be right."""

    code = "identity.unreachable"
    status = 503
    message = _(
        "The service that knows your account doesn't answer. Try again in a minute. If you have a"
        " password for this desk, sign in with it."
    )


class Keys:
    """`locate` gives the URL of the provider's key set (RFC 7517); `clock` gives seconds."""

    def __init__(
        self, locate: Callable[[], str], *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._locate = locate
        self._clock = clock
        self._lock = threading.Lock()
        self._keys: Mapping[str, PyJWK] = {}
        self._read_at = self._asked_at = float("-inf")
        self._failed = False

    def find(self, kid: str) -> PyJWK | None:
        """The key of this id, None if the provider has none. Raises ProviderUnreachableError."""
        found = self._keys.get(kid)
        if found is not None and self._clock() - self._read_at < FRESH:
            return found
        with self._lock:
            self._ask()
            found = self._keys.get(kid) if self._clock() - self._read_at < STALE else None
            if found is None and self._failed:
                raise ProviderUnreachableError
            return found

    def _ask(self) -> None:
        now = self._clock()
        if now - self._asked_at < ASKED_AT_MOST_EVERY:
            return
        self._asked_at = now
        try:
            told = PyJWKSet.from_dict(read(self._locate()))
        except (requests.RequestException, PyJWTError, ValueError, KeyError) as error:
            self._failed = True
            logger.warning("keys of the identity provider can't be read", extra={"why": str(error)})
            return
        self._keys = {key.key_id: key for key in told.keys if key.key_id and _signs(key)}
        self._read_at, self._failed = now, False


def _signs(key: PyJWK) -> bool:
    return key.key_type == "RSA" and key.public_key_use in {None, "sig"}
