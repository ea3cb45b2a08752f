"""Typed readers of environment variables. A bad value names its variable and what is allowed."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

_TRUE = {"1", "true", "yes", "on"}
_FALSE = {"0", "false", "no", "off", ""}


def text(name: str, default: str) -> str:
    return os.environ.get(name, default)


def flag(name: str, *, default: bool) -> bool:
    value = os.environ.get(name)
    if value is None:
        return default
    if value.lower() in _TRUE:
        return True
    if value.lower() in _FALSE:
        return False
    raise ImproperlyConfigured(f"{name}={value!r}: use 1 or 0")


def number(name: str, default: int, *, least: int, most: int) -> int:
    value = os.environ.get(name)
    if value is None:
        return default
    try:
        parsed = int(value)
    except ValueError:
        parsed = least - 1
    if not least <= parsed <= most:
        raise ImproperlyConfigured(f"{name}={value!r}: use a whole number from {least} to {most}")
    return parsed


def choice(name: str, default: str, *, allowed: Sequence[str]) -> str:
    value = os.environ.get(name, default)
    if value not in allowed:
        raise ImproperlyConfigured(f"{name}={value!r}: use one of {', '.join(allowed)}")
    return value


def names(name: str, default: Sequence[str]) -> list[str]:
    value = os.environ.get(name)
    if value is None:
        return list(default)
    return [part.strip() for part in value.split(",") if part.strip()]


def service(name: str, default: str, *, schemes: Sequence[str]) -> str:
    """A service's URL, whose scheme is one of `schemes` (given without the colon)."""
    value = os.environ.get(name, default)
    if urlsplit(value).scheme not in schemes:
        known = ", ".join(f"{scheme}:" for scheme in schemes)
        raise ImproperlyConfigured(f"{name}={value!r}: unknown scheme, use one of {known}")
    return value


def folder(name: str, default: Path) -> Path:
    value = os.environ.get(name)
    return Path(value).resolve() if value else default
