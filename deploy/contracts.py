"""Whether those who read what the desk says understand the new version as they did the old one.

Compares `contracts/` of two commits: the schemas of facts and of the bodies that leave the desk,
and says who used what breaks. Nearer than `manage.py facts --check`, which holds code to its
snapshot: a field that went with a higher version is right within the desk, and breaks whoever reads
the lower one.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from deploy.consumers import Usage

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


def check(
    root: Path,
    *,
    then: str,
    now: str,
    allowed: Collection[str],
    usage: Callable[[], Usage],
    tell: Callable[[str], object],
) -> None:
    """Hold commit `now` to commit `then`. Raises BreaksError for what is not in `allowed`.

    What breaks is told with who used it, also what is allowed to; `usage` is asked only then. That
    nobody used it lets nothing pass by itself: not all readers are known, and some read once a
    quarter. A person has the numbers, and says its name.
    """
    found = [
        (name, why)
        for file in FILES
        for name, why in broken(_read(root, then, file), _read(root, now, file))
    ]
    for name in sorted(set(allowed) - {name for name, _ in found}):
        tell(f"  --allow '{name}': nothing of that name breaks")
    if not found:
        return
    used = usage()
    texts = {name: "\n    ".join([f"  {name} {why}", *used.of(name)]) for name, why in found}
    for name in (name for name in texts if name in allowed):
        tell(f"  may break, as it was allowed:\n{texts[name]}")
    if told := [text for name, text in texts.items() if name not in allowed]:
        words = " ".join(f"--allow '{name}'" for name in texts)
        raise BreaksError(
            "Whoever reads these of the version that is live would break:\n"
            + "\n".join(told)
            + f"\nIf they all know: {words}"
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
