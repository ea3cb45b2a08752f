"""The caches that CACHE_URL chooses from. Each leaves to the database what must be safe."""

from __future__ import annotations

from typing import Any

from django.core.cache import BaseCache, caches
from django.core.cache.backends.locmem import LocMemCache

from apps.kernel.caching import GUARDS


def is_guard(key: object) -> bool:
    return str(key).startswith(GUARDS)


def guards() -> BaseCache:
    """In the database: one `add` of many at once is true, and an outage of a cache loses none."""
    return caches["guards"]


class MemoryCache(LocMemCache):
    """Each process's own memory."""

    def add(self, key: Any, value: Any, timeout: Any = ..., version: Any = None) -> bool:
        timeout = self.default_timeout if timeout is ... else timeout
        if is_guard(key):
            return guards().add(key, value, timeout, version)
        return super().add(key, value, timeout, version)
