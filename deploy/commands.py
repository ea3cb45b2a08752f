"""The command line: `python -m deploy up --stage staging`."""

from __future__ import annotations

import click

from deploy import edge, stacks


@click.group(help=__doc__)
def main() -> None:
    pass


@main.command()
@click.option("--stage", required=True, help="such as local, staging or production")
@click.option(
    "--set", "given", multiple=True, metavar="NAME=VALUE", help="a parameter of the templates"
)
def up(stage: str, given: tuple[str, ...]) -> None:
    """Create or update the stacks of a stage, in order, each through a change set."""
    parameters = {}
    for pair in given:
        name, sign, value = pair.partition("=")
        if not sign:
            raise click.BadParameter(f"{pair!r}: write NAME=VALUE", param_hint="--set")
        parameters[name] = value
    try:
        parameters = edge.completed(parameters, stage=stage)
        for name in stacks.ORDER:
            click.echo(f"{name} ... ", nl=False)
            click.echo(stacks.apply(name, stage=stage, parameters=parameters))
    except stacks.StackError as error:
        raise click.ClickException(str(error)) from error


@main.command()
@click.option("--stage", required=True)
@click.argument("stack", type=click.Choice(stacks.ORDER))
@click.argument("key")
def output(stage: str, stack: str, key: str) -> None:
    """Print one output of a stack, such as: messaging WorkerQueueUrl."""
    try:
        click.echo(stacks.output(stack, key, stage=stage))
    except stacks.StackError as error:
        raise click.ClickException(str(error)) from error
