"""Taking a stage away: what it would destroy is said first, and data stays unless it is named."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from deploy import destroying, stacks
from deploy.beanstalk import Beanstalk
from deploy.stacks import Resource, StackError

# Whoever wants these gone names them, and then nothing of them stays but what is told.
HOLDING = {
    "data": "tickets, files and figures",
    "messaging": "mail that came in, jobs and facts that wait, the archive",
    "identity": "people and their passwords",
}
# Others stand on it: it goes only when nothing holds it any more.
_NETWORK = "network"


@dataclass(frozen=True, slots=True)
class Doomed:
    """What `down` would destroy and keep."""

    environments: list[str]
    stacks: list[str]  # in the order in which they go
    kept: list[str]
    named: list[str] = field(default_factory=list)  # whose data goes with them
    # What named stacks left that are gone already, as where another `down` was cut off.
    left: list[Resource] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.environments or self.stacks or self.left)


def doomed(beanstalk: Beanstalk, *, stage: str, named: Collection[str]) -> Doomed:
    """Raises StackError for a name that holds no data."""
    if unknown := sorted(set(named) - HOLDING.keys()):
        raise StackError(f"{', '.join(unknown)} holds no data: name {', '.join(HOLDING)}")
    order = (*stacks.BESIDES, *reversed(stacks.ORDER))
    there = [name for name in order if stacks.is_there(name, stage=stage)]
    kept = [name for name in there if name in HOLDING and name not in named]
    going = [name for name in there if name not in kept]
    if kept and _NETWORK in going:
        going.remove(_NETWORK)
        kept.append(_NETWORK)
    left = [
        resource
        for name in named
        if name not in there
        for resource in stacks.left_by(name, stage=stage)
    ]
    names = sorted(beanstalk.environments()) if "application" in there else []
    return Doomed(names, going, kept, list(named), left)


def take_down(
    beanstalk: Beanstalk, what: Doomed, *, stage: str, tell: Callable[[str], object]
) -> None:
    """Can be repeated: what is gone already is passed over. Raises StackError."""
    for name in what.environments:
        beanstalk.terminate(name)
    for name in what.stacks:
        if name in what.named:
            for resource in stacks.resources(name, stage=stage):
                if done := destroying.unguard(resource):
                    tell(f"    {resource}: {done}")
        tell(f"  delete the stack {name}")
        kept = stacks.delete(name, stage=stage, tell=lambda told: tell(f"    {told}"))
        for resource in kept:
            done = destroying.destroy(resource) if name in what.named else "kept"
            tell(f"    {resource}: {done}")
    for resource in what.left:
        tell(f"    {resource}: {destroying.destroy(resource)}")
