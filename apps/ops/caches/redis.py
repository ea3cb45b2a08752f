from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from django_redis import cache as django_redis
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError
from redis.retry import Retry

from apps.kernel.circuit import Circuit
from apps.ops.caches import guards, is_guard

# Seconds. A page asks a few times; one that is answered so late is better made without.
TIMEOUT = 0.5

_OPTIONS = {
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
        return self._asked(super().get, default, key, default, *args, **kwargs)

    def get_many(self, *args: Any, **kwargs: Any) -> Any:
        return self._asked(super().get_many, {}, *args, **kwargs)

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
