"""Backing services: one environment variable each, an embedded default, a real adapter."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Generic, TypeVar
from urllib.parse import SplitResult, urlsplit

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

T = TypeVar("T")

Location = SplitResult


class Port(Generic[T]):
    """A service chosen by the scheme of a URL setting, built on first use.

    `adapters` is the closed table from scheme to the dotted path of a factory that takes the
    split URL. Raises ImproperlyConfigured, naming the setting and the choices.
    """

    def __init__(self, setting: str, adapters: Mapping[str, str]) -> None:
        self.setting = setting
        self.adapters = adapters
        self._adapter: T | None = None

    def get(self) -> T:
        if self._adapter is None:
            self._adapter = self.build(getattr(settings, self.setting))
        return self._adapter

    def build(self, url: str) -> T:
        parts = urlsplit(url)
        if parts.scheme not in self.adapters:
            known = ", ".join(f"{scheme}:" for scheme in sorted(self.adapters))
            raise ImproperlyConfigured(
                f"{self.setting}={url!r}: unknown scheme, use one of {known}"
            )
        factory = import_string(self.adapters[parts.scheme])
        adapter: T = factory(parts)
        return adapter

    @contextmanager
    def override(self, adapter: T) -> Iterator[T]:
        previous, self._adapter = self._adapter, adapter
        try:
            yield adapter
        finally:
            self._adapter = previous
