"""Where a stage stands, in lines for a person who was woken: what is, what it means, what to do."""

from __future__ import annotations

from collections.abc import Iterator

from rich.table import Table

from deploy.beanstalk import Environment
from deploy.names import Desk
from deploy.records import Record, again

SHOWN = 5  # of what was


def environments(found: list[Environment], live: Environment | None) -> Table:
    table = Table("environment", "version", "status", "health", "address", box=None)
    for each in found:
        name = f"{each.name} (live)" if live and each.name == live.name else each.name
        table.add_row(name, each.version, each.status, each.health, each.cname)
    return table


def lines(
    desk: Desk,
    *,
    found: list[Environment],
    live: Environment | None,
    current: Record | None,
    past: list[Record],
) -> Iterator[str]:
    if not found:
        yield "no environments: the first `release` makes them, once the stacks are there"
    elif live is None:
        yield f"nothing is live: no web environment has the address {desk.address}"
    if current:
        yield from _under_way(desk, current)
    else:
        for each in found:
            if not each.is_ready:
                yield (
                    f"{each.name} is {each.status}, and nothing of ours is under way: an update of"
                    " the platform, `eb deploy`, or somebody at the console"
                )
    for record in past[:SHOWN]:
        yield from _was(record)


def _under_way(desk: Desk, record: Record) -> Iterator[str]:
    yield f"under way since {record.began:%d.%m. %H:%M} UTC: {record.kind} {record.label}"
    for tier, at in record.asked.items():
        yield f"    the {tier} was asked for it at {at:%H:%M} UTC"
    if record.verdict:
        yield f"    the judge: {record.verdict['decision']}{_because(record)}"
    if record.failure:
        yield f"    on its way back: {record.failure}"
    if record.swapped and not record.failure:
        yield (
            f"    the addresses were swapped at {record.swapped:%H:%M} UTC: `bluegreen --back`"
            " swaps them back, `bluegreen --finish` ends the old one"
        )
        return
    yield f"    to go on with it: {again(record, desk.stage)}"
    yield f"    to end it: python -m deploy abandon --stage {desk.stage}"


def _was(record: Record) -> Iterator[str]:
    decision = record.verdict["decision"] if record.verdict else "no verdict"
    told = f"{record.began:%d.%m. %H:%M} {record.kind} {record.label}: {record.outcome}, {decision}"
    yield told
    if record.outcome not in ("promoted", ""):
        yield f"    why: {record.failure or 'nobody wrote it down'}"


def _because(record: Record) -> str:
    reasons = (record.verdict or {}).get("reasons", [])
    return f", because {'; '.join(reasons)}" if reasons else ""
