"""Whether those who read what the desk says understand the new version as they did the old one.

Compares `contracts/` of two commits: the schemas of facts and of the bodies that leave the desk.
Nearer than `manage.py facts --check`, which holds code to its snapshot: a field that went with a
higher version is right within the desk, and breaks whoever reads the lower one.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

FILES = ("contracts/facts.json", "contracts/bodies.json")
Contracts = Mapping[str, Mapping[str, Any]]


class BreaksError(Exception):
    """What would break, and how to say that it may."""


def broken(then: Contracts, now: Contracts) -> Iterator[tuple[str, str]]:
    """Contracts that readers of `then` would not understand in `now`: their names, and why."""
    for name, old in then.items():
        new = now.get(name)
        if new is None:
            yield name, "is gone"
            continue
        gone = sorted(old["fields"].keys() - new["fields"].keys())
        other = sorted(
            field for field, kind in old["fields"].items() if new["fields"].get(field, kind) != kind
        )
        if gone:
            yield name, f"has no {', '.join(gone)} any more"
        if other:
            yield name, f"says {', '.join(other)} in another form"
        if old["version"] != new["version"] and not gone and not other:
            yield name, f"goes from version {old['version']} to {new['version']}"


def check(root: Path, *, then: str, now: str, allowed: Collection[str]) -> None:
    """Hold commit `now` to commit `then`. Raises BreaksError for what is not in `allowed`."""
    found = [
        (name, why)
        for file in FILES
        for name, why in broken(_read(root, then, file), _read(root, now, file))
        if name not in allowed
    ]
    if found:
        told = "\n".join(f"  {name} {why}" for name, why in found)
        words = " ".join(f"--allow '{name}'" for name, _ in found)
        raise BreaksError(
            f"Whoever reads these of the version that is live would break:\n{told}\n"
            f"If they all know: {words}"
        )


def _read(root: Path, commit: str, file: str) -> Contracts:
    done = subprocess.run(  # noqa: S603 - our own words
        ["git", "show", f"{commit}:{file}"],  # noqa: S607 - the developer's git
        cwd=root,
        capture_output=True,
        check=False,
    )
    if done.returncode:
        raise BreaksError(
            f"{file} of {commit[:12]} is not known here: {done.stderr.decode().strip()}. Fetch the"
            " commit that is live."
        )
    contracts: Contracts = json.loads(done.stdout)
    return contracts
