from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from django_redis import cache as django_redis
from django_redis.serializers.pickle import PickleSerializer
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError
from redis.retry import Retry

from apps.kernel.circuit import Circuit
from apps.ops.caches import guards, is_guard

logger = logging.getLogger(__name__)

# Seconds. A page asks a few times; one that is answered so late is better made without.
TIMEOUT = 0.5

_GONE = object()  # stands for a value that can't be read


class Pickled(PickleSerializer):
    """What another release pickled, of a class that this one has not, or no longer has as it was.

    Two releases share the cache while one follows the other. Such a value is made anew, as if it
    were not there: a page that fails on it would do so for the whole length of a canary.
    """

    def loads(self, value: bytes) -> Any:
        try:
            return super().loads(value)
        except Exception as error:  # noqa: BLE001 - unpickling runs constructors: they raise what they like
            _tell(f"{type(error).__name__}: {error}")
            return _GONE


@functools.lru_cache(maxsize=64)
def _tell(why: str) -> None:
    """Once a process and reason, however many pages find it."""
    logger.warning("a cached value can't be read and counts as absent: %s", why)


_OPTIONS = {
    "SERIALIZER": f"{__name__}.{Pickled.__name__}",
    "SOCKET_CONNECT_TIMEOUT": TIMEOUT,
    "SOCKET_TIMEOUT": TIMEOUT,
    # Once more and at once: a kept connection may have died with the server before this one.
    "CONNECTION_POOL_KWARGS": {
        "retry": Retry(NoBackoff(), 1, (RedisConnectionError, RedisTimeoutError))
    },
}


@functools.cache
def _circuit(server: str) -> Circuit:
    """One a process and server: what one thread learnt, all know."""
    return Circuit(f"Redis at {urlsplit(server).hostname}")


class RedisCache(django_redis.RedisCache):
    """django-redis. While Redis is away, nothing is there and nothing is kept; nobody waits for it.

    `add` then asks the database, so that locks go on locking; guards are always kept there.
    """

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params | {"OPTIONS": _OPTIONS | params.get("OPTIONS", {})})
        self._circuit = _circuit(server)

    @property
    def is_away(self) -> bool:
        return self._circuit.is_open

    def get(self, key: Any, default: Any = None, *args: Any, **kwargs: Any) -> Any:
        found = self._asked(super().get, default, key, default, *args, **kwargs)
        return default if found is _GONE else found

    def get_many(self, *args: Any, **kwargs: Any) -> Any:
        found = self._asked(super().get_many, {}, *args, **kwargs)
        return {key: value for key, value in found.items() if value is not _GONE}

    def set(self, *args: Any, **kwargs: Any) -> Any:
        return self._asked(super().set, None, *args, **kwargs)

    def set_many(self, data: Any, *args: Any, **kwargs: Any) -> Any:
        return self._asked(super().set_many, list(data), data, *args, **kwargs)

    def touch(self, *args: Any, **kwargs: Any) -> Any:
        return self._asked(super().touch, False, *args, **kwargs)

    def has_key(self, *args: Any, **kwargs: Any) -> Any:
        return self._asked(super().has_key, False, *args, **kwargs)

    def clear(self) -> Any:
        return self._asked(super().clear, None)

    def delete_many(self, *args: Any, **kwargs: Any) -> Any:
        return self._asked(super().delete_many, 0, *args, **kwargs)

    def add(self, key: Any, *args: Any, **kwargs: Any) -> Any:
        if is_guard(key):
            return guards().add(key, *args, **kwargs)
        added = self._asked(super().add, None, key, *args, **kwargs)
        return guards().add(key, *args, **kwargs) if added is None else added

    def delete(self, key: Any, *args: Any, **kwargs: Any) -> Any:
        deleted = self._asked(super().delete, None, key, *args, **kwargs)
        return guards().delete(key, *args, **kwargs) if deleted is None else deleted

    def _asked(self, ask: Callable[..., Any], otherwise: Any, *args: Any, **kwargs: Any) -> Any:
        if self._circuit.may_ask():
            try:
                found = ask(*args, **kwargs)
            except (RedisError, OSError) as error:
                self._circuit.failed(error)
            else:
                self._circuit.answered()
                return found
        return otherwise
