r"""Ships Tendril to AWS.

\b
    python -m deploy up --stage production          the stacks
    python -m deploy release --stage production     a version, by a judged canary
    python -m deploy status --stage production

Each command can be run again after it was cut off, and says with --dry-run what it would do.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial, wraps
from typing import Any

import click
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console
from rich.table import Table

from deploy import after, edge, people, shipping, stacks
from deploy import bundle as bundles
from deploy import doctor as doctors
from deploy import down as downs
from deploy.beanstalk import Beanstalk, BeanstalkError
from deploy.bluegreen import KIND, BlueGreen
from deploy.clock import WallClock
from deploy.contracts import BreaksError
from deploy.figures import CloudWatch
from deploy.judgement import Verdict
from deploy.names import Desk
from deploy.records import Records, UnderwayError
from deploy.release import Release, TooLateError, Unjudged
from deploy.rollback import Rollback
from deploy.steps import FailedError, Steps

# What went wrong, in one line: everything else is a fault of this program, with its traceback.
_TOLD = (
    BeanstalkError,
    BotoCoreError,
    BreaksError,
    ClientError,
    FailedError,
    TooLateError,
    UnderwayError,
    bundles.BundleError,
    stacks.StackError,
)


class _UnjudgedError(click.ClickException):
    exit_code = 3  # of a release that nobody judged, or too late


def tell(text: str) -> None:
    now = datetime.now(UTC).strftime("%H:%M:%S")
    for line in text.splitlines():
        click.echo(f"{now} {line}")


@contextmanager
def _in_one_line() -> Iterator[None]:
    try:
        yield
    except TooLateError as error:
        raise _UnjudgedError(str(error)) from error
    except _TOLD as error:
        raise click.ClickException(str(error)) from error


def _command(function: Callable[..., None]) -> Callable[..., None]:
    """With the options that all have, and errors in one line."""

    @wraps(function)
    def run(*given: Any, **named: Any) -> None:
        with _in_one_line():
            function(*given, **named)

    return click.option("--stage", required=True, help="such as local, staging or production")(run)


_dry = click.option("--dry-run", "is_dry", is_flag=True, help="say what would change")
_yes = click.option("--yes", is_flag=True, help="don't ask")


def _steps(stage: str, *, is_dry: bool = False) -> Steps:
    beanstalk = Beanstalk(Desk(stage), WallClock(), tell, is_dry=is_dry)
    return Steps(beanstalk, Records(beanstalk.bucket(), stage, is_dry=is_dry))


@click.group(help=__doc__)
def main() -> None:
    pass


@main.command()
@click.option(
    "--set", "given", multiple=True, metavar="NAME=VALUE", help="a parameter of the templates"
)
@_dry
@_yes
@_command
def up(stage: str, given: tuple[str, ...], *, is_dry: bool, yes: bool) -> None:
    """Create or update the stacks of a stage, in order, each change shown before it is made."""
    parameters = {}
    for pair in given:
        name, sign, value = pair.partition("=")
        if not sign:
            raise click.BadParameter(f"{pair!r}: write NAME=VALUE", param_hint="--set")
        parameters[name] = value

    def agree(name: str, changes: list[stacks.Change]) -> bool:
        for change in changes:
            click.secho(f"    {change}", fg="red" if change.action == "Remove" else None)
        return not is_dry and (yes or click.confirm(f"  change {name}?"))

    parameters = edge.completed(parameters, stage=stage)
    for name in stacks.ORDER:
        click.echo(f"{name} ...")
        done = stacks.apply(
            name,
            stage=stage,
            parameters=parameters,
            agree=agree,
            tell=lambda told: click.echo(f"    {told}"),
        )
        click.echo(f"{name} ... {done}")
        if done == "left as it is" and not is_dry:
            raise click.ClickException(f"those after {name} may need it: nothing else was changed")
    if not is_dry:
        for line in after.finish(stage=stage):
            click.echo(line)


@main.command()
@click.argument("address")
@click.option("--role", type=click.Choice(people.ROLES), default=people.ROLES[-1])
@click.option("--name", default="", help="as the desk shows it; by default the address's beginning")
@_command
def admit(stage: str, address: str, *, role: str, name: str) -> None:
    """Let somebody sign in as staff: the first administrator, who then makes the others."""
    click.echo(people.admit(address, role=role, name=name, stage=stage))


@main.command()
@click.argument("stack", type=click.Choice(stacks.ORDER))
@click.argument("key")
@_command
def output(stage: str, stack: str, key: str) -> None:
    """Print one output of a stack, such as: messaging WorkerQueueUrl."""
    click.echo(stacks.output(stack, key, stage=stage))


@main.command()
@click.option("--processor", type=click.Choice(bundles.PROCESSORS), default=bundles.PROCESSORS[0])
def bundle(processor: str) -> None:
    """Build both bundles of the last commit into var/bundles; `eb deploy` ships the web's."""
    with _in_one_line():
        for name in bundles.uncommitted(shipping.ROOT):
            click.echo(f"not in the bundle, since it is not committed: {name}")
        built = bundles.build(shipping.ROOT, shipping.BUNDLES, processor=processor)
        for tier, path in built.paths.items():
            click.echo(f"{path} {built.label} sha256:{built.digest(tier)}")


def _plan_options(function: Callable[..., None]) -> Callable[..., None]:
    options: list[Callable[[Callable[..., None]], Callable[..., None]]] = [
        click.option("--commit", default="HEAD", help="what to release; by default the last"),
        click.option(
            "--since", default="", help="the commit that is live, if nobody wrote it down"
        ),
        click.option("--allow", multiple=True, help="a contract that may break: its readers know"),
        click.option(
            "--processor", type=click.Choice(bundles.PROCESSORS), default=bundles.PROCESSORS[0]
        ),
    ]
    for option in options:
        function = option(function)
    return function


@main.command()
@_plan_options
@click.option(
    "--unjudged",
    type=click.Choice(["ask", "abort", "leave"]),
    default="ask",
    show_default=True,
    help="what to do if the figures do not suffice: Beanstalk promotes what is left alone",
)
@_dry
@_command
def release(stage: str, *, unjudged: str, is_dry: bool, **given: Any) -> None:
    """Build the last commit, check and ship it; the worker first, then the web by a canary."""
    # Missing figures neither promote nor abort, and Beanstalk waits for nobody: so a person
    # chooses, and says so beforehand where nobody can be asked.
    if unjudged == "ask" and not is_dry and not sys.stdin.isatty():
        raise click.UsageError("nobody can be asked here: say --unjudged abort, or leave")
    steps = _steps(stage, is_dry=is_dry)
    metrics = CloudWatch(steps.aws.desk)
    releasing = Release(steps, metrics, unjudged=lambda verdict: _chosen(verdict, unjudged))
    done = releasing.run(shipping.plan(steps.aws, _wanted(given), tell))
    tell(f"{done.label}: {done.outcome or 'nothing was changed'}")


def _chosen(verdict: Verdict, choice: str) -> Unjudged:
    if choice == "ask":
        click.echo(f"Beanstalk will promote it soon. {'; '.join(verdict.reasons)}.")
        click.echo("With few requests, give a new version half of them: up --set CanaryPercent=50.")
        return "abort" if click.confirm("Send it back?", default=True) else "leave"
    return "abort" if choice == "abort" else "leave"


def _wanted(given: dict[str, Any]) -> shipping.Wanted:
    return shipping.Wanted(
        commit=given["commit"],
        processor=given["processor"],
        allowed=given["allow"],
        since=given["since"],
    )


@main.command()
@_plan_options
@click.option("--back", is_flag=True, help="swap back, and end the new environment")
@click.option("--finish", is_flag=True, help="end the old environment")
@_dry
@_command
def bluegreen(stage: str, *, back: bool, finish: bool, is_dry: bool, **given: Any) -> None:
    """Deploy to a second environment, look at it, and swap the addresses."""
    steps = _steps(stage, is_dry=is_dry)
    swapping = BlueGreen(steps, visit=partial(doctors.wrong, steps.aws))
    if back:
        swapping.back()
    elif finish:
        swapping.finish()
    else:
        swapping.run(shipping.plan(steps.aws, _wanted(given), tell))


@main.command()
@click.option("--to", default="", help="a label; without it, what was there before")
@_dry
@_command
def rollback(stage: str, *, to: str, is_dry: bool) -> None:
    """Go back to the version before, on all instances, without a canary."""
    rolling = Rollback(_steps(stage, is_dry=is_dry))
    label = to or rolling.target()
    tell(f"back to {label}")
    rolling.run(label)


@main.command()
@_yes
@_command
def abandon(stage: str, *, yes: bool) -> None:
    """End what is under way, and go back to what was there before."""
    steps = _steps(stage)
    record = steps.records.current()
    if record is None:
        raise click.ClickException("nothing is under way")
    if not yes:
        click.confirm(f"abandon the {record.kind} of {record.label}?", abort=True)
    if record.kind == KIND:
        BlueGreen(steps, visit=partial(doctors.wrong, steps.aws)).abandon(record)
    elif record.kind == "release":
        Release(steps, CloudWatch(steps.aws.desk), unjudged=lambda _: "abort").abandon(record)
    else:
        Rollback(steps).abandon(record)


@main.command()
@_command
def status(stage: str) -> None:
    """Say which environments there are, what they serve, and what is under way."""
    steps = _steps(stage)
    live = steps.aws.live()
    table = Table("environment", "version", "status", "health", "address", box=None)
    for each in steps.aws.environments().values():
        name = f"{each.name} (live)" if live and each.name == live.name else each.name
        table.add_row(name, each.version, each.status, each.health, each.cname)
    # Names are long, and half a name is none: a narrow terminal breaks lines instead.
    Console(width=max(Console().width, 200)).print(table, soft_wrap=True)
    record = steps.records.current()
    if record:
        click.echo(f"under way since {record.began:%d.%m. %H:%M} UTC: {record.kind} {record.label}")
    for past in list(steps.records.past())[:5]:
        decision = past.verdict["decision"] if past.verdict else "no verdict"
        click.echo(
            f"{past.began:%d.%m. %H:%M} {past.kind} {past.label}: {past.outcome}, {decision}"
        )


@main.command()
@_command
def doctor(stage: str) -> None:
    """Prove each service of the desk, on an instance of each environment."""
    beanstalk = Beanstalk(Desk(stage), WallClock(), tell)
    said = doctors.examine(beanstalk)
    for each in said:
        click.echo(f"{each.environment} ({each.instance})\n{each.text}")
    if ill := [each.environment for each in said if not each.is_well]:
        raise click.ClickException(f"not well: {', '.join(ill)}")


@main.command()
@click.option(
    "--destroy", "named", multiple=True, help=f"data that may go: {', '.join(downs.HOLDING)}"
)
@_dry
@_yes
@_command
def down(stage: str, *, named: tuple[str, ...], is_dry: bool, yes: bool) -> None:
    """Take a stage away. Says what it would destroy; keeps data unless told by name."""
    beanstalk = Beanstalk(Desk(stage), WallClock(), tell, is_dry=is_dry)
    what = downs.doomed(beanstalk, stage=stage, named=named)
    for name in what.environments:
        click.echo(f"  ends the environment {name}")
    for name in what.stacks:
        holding = f", with {downs.HOLDING[name]}" if name in downs.HOLDING else ""
        click.secho(f"  deletes the stack {name}{holding}", fg="red" if holding else None)
    for name in what.kept:
        click.echo(f"  keeps the stack {name}")
    if is_dry:
        return
    if not yes and click.prompt("Write the stage's name to go on") != stage:
        raise click.Abort
    downs.take_down(beanstalk, what, stage=stage, tell=tell)
