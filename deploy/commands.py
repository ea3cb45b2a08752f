r"""Ships Tendril to AWS.

\b
    python -m deploy up --stage production          the stacks
    python -m deploy release --stage production     a version, by a judged canary
    python -m deploy status --stage production

Each command can be run again after it was cut off, and says with --dry-run what it would do.

\b
Exit status:
    0    it is done
    1    it is not: the last line says why, and what serves
    2    it was asked for wrongly, and nothing was changed
    3    the new version serves, and nobody judged it
    130  stopped by ctrl-C: what Beanstalk has begun goes on
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial, wraps
from itertools import islice
from pathlib import Path
from typing import Any

import click
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, NoRegionError
from rich.console import Console

from deploy import bundle as bundles
from deploy import doctor as doctors
from deploy import down as downs
from deploy import edge, people, previous, shipping, stacks
from deploy import status as statuses
from deploy.beanstalk import Beanstalk, BeanstalkError
from deploy.bluegreen import KIND, BlueGreen
from deploy.clock import WallClock
from deploy.contracts import BreaksError
from deploy.figures import CloudWatch
from deploy.judgement import Verdict
from deploy.names import Desk, build_of
from deploy.options import Options
from deploy.records import CHANGE, Records, UnderwayError
from deploy.release import Release, TooLateError, Unjudged
from deploy.rollback import Rollback
from deploy.steps import FailedError, Steps
from deploy.up import Up

# What went wrong, in one line: everything else is a fault of this program, with its traceback.
_TOLD = (
    BeanstalkError,
    BreaksError,
    FailedError,
    TooLateError,
    UnderwayError,
    bundles.BundleError,
    previous.PreviousError,
    stacks.StackError,
)


# What a person has to know who stops this: Beanstalk doesn't.
_STOPPED = (
    "stopped here. What Beanstalk has begun goes on by itself, and a canary is promoted when its"
    " time is over, judged or not: the same command goes on, `abandon` goes back, `status` says"
    " where it stands"
)


class _StoppedError(click.ClickException):
    exit_code = 130


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
    except KeyboardInterrupt as error:
        raise _StoppedError(_STOPPED) from error
    except click.Abort as error:  # at a question: ctrl-C, or nobody there
        raise click.ClickException(
            "stopped at a question, and nothing more was changed. Where nobody can be asked: --yes"
        ) from error
    except TooLateError as error:
        raise _UnjudgedError(str(error)) from error
    except (BotoCoreError, ClientError, *_TOLD) as error:
        raise click.ClickException(_line(error)) from error


def _line(error: Exception) -> str:
    cause = error if isinstance(error, BotoCoreError) else error.__cause__
    if isinstance(cause, NoCredentialsError | NoRegionError):
        return f"{str(cause).rstrip('.')}: AWS_PROFILE and AWS_REGION say who asks, and where"
    if isinstance(error, _TOLD):
        return str(error)
    return f"{str(error).rstrip('.')}. The same command, run again, goes on"


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
    desk = Desk.of(stage)
    beanstalk = Beanstalk(desk, WallClock(), tell, is_dry=is_dry)
    return Steps(beanstalk, Records(desk.bucket, stage, is_dry=is_dry))


@click.group(help=__doc__)
def main() -> None:
    pass


@main.command()
@click.option(
    "--set", "given", multiple=True, metavar="NAME=VALUE", help="a parameter of the templates"
)
@click.option(
    "--only",
    multiple=True,
    type=click.Choice([*stacks.ORDER, *stacks.BESIDES, stacks.DEPLOYER]),
    help="one stack, or several",
)
@click.option(
    "--also",
    multiple=True,
    type=click.Choice([*stacks.BESIDES, stacks.DEPLOYER]),
    help="one that no stage needs, after the others",
)
@click.option(
    "--alias", is_flag=True, help="SiteDomain is an alias record, so that mail may have its name"
)
@_dry
@_yes
@_command
def up(
    stage: str,
    given: tuple[str, ...],
    *,
    only: tuple[str, ...],
    also: tuple[str, ...],
    alias: bool,
    is_dry: bool,
    yes: bool,
) -> None:
    """Create or update the stacks of a stage, in order, each change shown before it is made.

    Environments that were made before are then brought to what their templates say.
    """
    names = (*(only or stacks.ORDER), *also)
    bringing = Up(stage, names, is_dry=is_dry, yes=yes)
    parameters = bringing.parameters(given, may_share=alias)
    bringing.apply(edge.completed(parameters, stage=stage, is_dry=is_dry))
    if "application" in names and _has_templates(stage):
        bringing.environments(_steps(stage, is_dry=is_dry))


def _has_templates(stage: str) -> bool:
    """No environments without: a local AWS has no Beanstalk."""
    is_there = stacks.is_there("application", stage=stage)
    return is_there and "WebTemplate" in stacks.outputs("application", stage=stage)


@main.command()
@click.argument("address")
@click.option("--role", type=click.Choice(people.ROLES), default=people.ROLES[-1])
@click.option("--name", default="", help="as the desk shows it; by default the address's beginning")
@_dry
@_command
def admit(stage: str, address: str, *, role: str, name: str, is_dry: bool) -> None:
    """Let somebody sign in as staff: the first administrator, who then makes the others."""
    click.echo(people.admit(address, role=role, name=name, stage=stage, is_dry=is_dry))


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
        if name := shipping.of_eb(shipping.ROOT):
            click.echo(
                f"`eb deploy` ships the web's to {name} (.elasticbeanstalk/config.yml), whoever is"
                " live: after a blue/green that may be the other one, see `status`"
            )


def _plan_options(function: Callable[..., None]) -> Callable[..., None]:
    options: list[Callable[[Callable[..., None]], Callable[..., None]]] = [
        click.option("--commit", default="HEAD", help="what to release; by default the last"),
        click.option(
            "--since", default="", help="the commit that is live, if nobody wrote it down"
        ),
        click.option("--allow", multiple=True, help="a contract that may break: its readers know"),
        click.option(
            "--previous/--no-previous",
            default=True,
            help="where the schema changes, run the tests of the version that is live on it",
        ),
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
        previous=given["previous"],
    )


@main.command("previous")
@click.option("--since", default="", help="the release before; by default the last tag")
@click.option("--commit", default="HEAD", help="whose schema it is to work on")
def previous_tests(since: str, commit: str) -> None:
    """Run the tests of the release before on the schema of this one (TEST_DATABASE_URL)."""
    with _in_one_line(), tempfile.TemporaryDirectory(prefix="tendril-schema-") as folder:
        then = since or previous.last_release(shipping.ROOT)
        schema = Path(folder) / "tree"
        previous.check_out(shipping.ROOT, commit, schema)
        previous.check(shipping.ROOT, then=then, schema=schema, tell=tell)


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
    _tell_of_eb(steps.aws)


def _tell_of_eb(aws: Beanstalk) -> None:
    """`eb deploy` asks nobody who is live."""
    name, live = shipping.of_eb(shipping.ROOT), aws.live()
    if live and name in aws.desk.webs and name != live.name:
        tell(f"`eb deploy` ships to {name}, which is not live: eb use {live.name}")


@main.command()
@click.option("--to", default="", help="a label; without it, what was there before")
@_dry
@_yes
@_command
def rollback(stage: str, *, to: str, is_dry: bool, yes: bool) -> None:
    """Go back to the version before, on all instances, without a canary."""
    steps = _steps(stage, is_dry=is_dry)
    rolling = Rollback(steps)
    label = to or rolling.target()
    live = steps.aws.live()
    last = next(steps.records.past(), None)
    # After a canary that was sent back the old version serves: to go further is seldom meant.
    if last and last.outcome in ("aborted", "failed"):
        tell(f"the last {last.kind}, of {last.label}, was sent back: it does not serve")
    tell(f"from {build_of(live.version) if live else 'nothing'} back to {label}")
    if not (is_dry or yes):
        click.confirm("go on?", abort=True)
    rolling.run(label)


@main.command()
@_dry
@_yes
@_command
def abandon(stage: str, *, is_dry: bool, yes: bool) -> None:
    """End what is under way, and go back to what was there before."""
    steps = _steps(stage, is_dry=is_dry)
    record = steps.records.current()
    if record is None:
        raise click.ClickException("nothing is under way")
    if not (is_dry or yes):
        click.confirm(f"abandon the {record.kind} of {record.label}?", abort=True)
    try:
        if record.kind == KIND:
            BlueGreen(steps, visit=partial(doctors.wrong, steps.aws)).abandon(record)
        elif record.kind == CHANGE:
            Options(steps).abandon(record)
        elif record.kind == "release":
            Release(steps, CloudWatch(steps.aws.desk), unjudged=lambda _: "abort").abandon(record)
        else:
            Rollback(steps).abandon(record)
    except FailedError as error:  # of what is abandoned: here it is what was wanted
        tell(str(error))


@main.command()
@_command
def status(stage: str) -> None:
    """Say which environments there are, what they serve, and what is under way."""
    steps = _steps(stage)
    live, found = steps.aws.live(), list(steps.aws.environments().values())
    # Names are long, and half a name is none: a narrow terminal breaks lines instead.
    console = Console(width=max(Console().width, 200))
    console.print(statuses.environments(found, live), soft_wrap=True)
    current, past = steps.records.current(), steps.records.past()
    shown = list(islice(past, statuses.SHOWN))
    for line in statuses.lines(steps.aws.desk, found=found, live=live, current=current, past=shown):
        click.echo(line)
    _tell_of_eb(steps.aws)


@main.command()
@_command
def doctor(stage: str) -> None:
    """Prove each service of the desk, on an instance of each environment."""
    beanstalk = Beanstalk(Desk(stage), WallClock(), tell)
    said = doctors.examine(beanstalk)
    for each in said:
        click.echo(f"{each.environment} ({each.instance})\n{each.text}")
    if ill := [each.environment for each in said if not each.is_done]:
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
    for resource in what.left:
        click.secho(f"  deletes what a stack left: {resource}", fg="red")
    for name in what.kept:
        click.echo(f"  keeps the stack {name}")
    if not what:
        click.echo(f"nothing of {stage} is there to take away")
    if is_dry or not what:
        return
    # Data that was named goes for good: no --yes of a script stands for a person's word for it.
    if (named or not yes) and click.prompt("Write the stage's name to go on") != stage:
        raise click.ClickException("that is not its name: nothing was changed")
    downs.take_down(beanstalk, what, stage=stage, tell=tell)
