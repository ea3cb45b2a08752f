"""Typed readers of the desk's variables. A bad value names its variable and what is allowed.

They stand in the environment or, where SSM_PREFIX is set, in AWS's parameter store: the environment
wins.
"""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

_TRUE = {"1", "true", "yes", "on"}
_FALSE = {"0", "false", "no", "off", ""}


@functools.cache
def _stored() -> Mapping[str, str]:
    prefix = os.environ.get("SSM_PREFIX")
    if not prefix:
        return {}
    from project import parameters

    return parameters.load(prefix)


def _value(name: str) -> str | None:
    value = os.environ.get(name)
    return _stored().get(name) if value is None else value


def text(name: str, default: str) -> str:
    value = _value(name)
    return default if value is None else value


def changing(name: str, default: str) -> Callable[[], str]:
    """A reader of a text that its service may change while the desk runs."""
    value = text(name, default)
    if name in os.environ or name not in _stored():
        return lambda: value
    from project import parameters

    return parameters.renewing(os.environ["SSM_PREFIX"], name, value)


def flag(name: str, *, default: bool) -> bool:
    value = _value(name)
    if value is None:
        return default
    if value.lower() in _TRUE:
        return True
    if value.lower() in _FALSE:
        return False
    raise ImproperlyConfigured(f"{name}={value!r}: use 1 or 0")


def number(name: str, default: int, *, least: int, most: int) -> int:
    value = _value(name)
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
    value = text(name, default)
    if value not in allowed:
        raise ImproperlyConfigured(f"{name}={value!r}: use one of {', '.join(allowed)}")
    return value


def names(name: str, default: Sequence[str]) -> list[str]:
    value = _value(name)
    if value is None:
        return list(default)
    return [part.strip() for part in value.split(",") if part.strip()]


def pairs(name: str, default: str, *, values: Sequence[str]) -> dict[str, str]:
    """What is written as key=value,key=value, each value one of `values`."""
    written = text(name, default)
    parts = [part.partition("=") for part in written.split(",") if part.strip()]
    found = {key.strip(): value.strip() for key, _, value in parts}
    if not all(found) or not set(found.values()) <= set(values):
        raise ImproperlyConfigured(
            f"{name}={written!r}: use key=value,… with one of {', '.join(values)} as the value"
        )
    return found


def service(name: str, default: str, *, schemes: Sequence[str]) -> str:
    """A service's URL, whose scheme is one of `schemes` (given without the colon)."""
    value = text(name, default)
    if urlsplit(value).scheme not in schemes:
        known = ", ".join(f"{scheme}:" for scheme in schemes)
        raise ImproperlyConfigured(f"{name}={shown(value)!r}: unknown scheme, use one of {known}")
    return value


def server(name: str, default: str, *, schemes: Mapping[str, str]) -> str:
    """A service's URL; of each scheme, how it is written where it has a host: "" where not."""
    value = service(name, default, schemes=list(schemes))
    parts = urlsplit(value)
    if pattern := schemes[parts.scheme]:
        try:
            good = bool(parts.hostname) and parts.port != 0
        except ValueError:  # the port is no number
            good = False
        if not good:
            raise ImproperlyConfigured(f"{name}={shown(value)!r}: write {pattern}")
    return value


def shown(url: str) -> str:
    """A URL as it may stand in a log: without a password."""
    return re.sub(r"//[^@/]*@", "//***@", url)


def folder(name: str, default: Path) -> Path:
    value = _value(name)
    return Path(value).resolve() if value else default
