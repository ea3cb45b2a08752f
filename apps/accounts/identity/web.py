from __future__ import annotations

from typing import Any

import requests

TIMEOUT = 5  # seconds, to connect and again for each read


def read(url: str) -> dict[str, Any]:
    """A JSON object that the provider shows. Raises requests.RequestException or ValueError."""
    answer = requests.get(url, timeout=TIMEOUT)
    answer.raise_for_status()
    told = answer.json()
    if not isinstance(told, dict):
        raise ValueError(f"{url} shows no JSON object")  # noqa: TRY004 - as for what is no JSON
    return told
