"""`up`: the stacks of a stage, in order, and then the environments that were made from them."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import click

from deploy import after, stacks
from deploy.options import Difference, Options
from deploy.steps import Steps

# Whose parameters the desk reads when it starts, and only then.
_READ_AT_START = {"data", "messaging", "identity"}


class Up:
    """Shows each change and asks for it, at the terminal."""

    def __init__(self, stage: str, names: Collection[str], *, is_dry: bool, yes: bool) -> None:
        self.stage, self.names, self.is_dry, self.yes = stage, names, is_dry, yes
        self.changed: set[str] = set()

    def parameters(self, given: Iterable[str], *, may_share: bool) -> dict[str, str]:
        """NAME=VALUE by name. Raises click.BadParameter for what can't be meant."""
        parameters = {}
        for pair in given:
            name, sign, value = pair.partition("=")
            if not sign:
                raise _bad(f"{pair!r}: write NAME=VALUE")
            parameters[name] = value
        if "Stage" in parameters:
            raise _bad("Stage is what --stage says")
        # CloudFormation would leave it out in silence: a template knows its own alone.
        if unknown := stacks.unknown(parameters, self.names):
            told = "; ".join(
                f"no template has {name}" + (f": {' or '.join(near)}?" if near else "")
                for name, near in unknown.items()
            )
            raise _bad(told)
        if not may_share:
            self._check_domains(parameters)
        return parameters

    def _check_domains(self, given: dict[str, str]) -> None:
        """A name that leads elsewhere by a CNAME can have no MX (RFC 1034, 3.6.2)."""
        if not given.keys() & {"SiteDomain", "MailDomain"}:
            return
        site, mail = (
            given.get(name) or stacks.parameters(stack, stage=self.stage).get(name, "")
            for name, stack in (("SiteDomain", "edge"), ("MailDomain", "messaging"))
        )
        if site and site == mail:
            raise _bad(
                f"{site} can't be both SiteDomain, which leads to CloudFront by a CNAME, and"
                " MailDomain, which has an MX: DNS allows nothing beside a CNAME. Give mail a name"
                f" of its own, such as MailDomain=mail.{site}; or say --alias, where the desk's"
                " name is an alias record (Route 53's, or what others call ALIAS or ANAME)"
            )

    def apply(self, parameters: dict[str, str]) -> None:
        """Raises StackError, and ClickException after a no."""
        for name in self.names:
            click.echo(f"{name} ...")
            done = self._stack(name, parameters)
            click.echo(f"{name} ... {done}")
            if done == stacks.LEFT and not self.is_dry:
                raise click.ClickException(
                    f"those after {name} may need it: nothing else was changed"
                )
            if done == stacks.CHANGED:
                self.changed.add(name)
        if not self.is_dry and "messaging" in self.names:
            for line in after.finish(stage=self.stage):
                click.echo(line)

    def _stack(self, name: str, parameters: dict[str, str]) -> str:
        try:
            return stacks.apply(
                name,
                stage=self.stage,
                parameters=parameters,
                agree=self._agree,
                may_delete=self._may_delete,
                tell=lambda told: click.echo(f"    {told}"),
            )
        except stacks.NotThereError as error:
            if not self.is_dry:
                raise
            return f"can't be shown yet: {error}"

    def environments(self, steps: Steps) -> None:
        """What the templates say now, to environments that were made from them before.

        After all stacks: an environment that is started again reads what they have written.
        Raises BeanstalkError and UnderwayError.
        """
        there = steps.aws.environments()
        if not there:
            return
        if self.is_dry:
            click.echo("environments, beside their templates as these are now ...")
        for line in Options(steps).run(self._may_change):
            click.echo(line)
        if read := sorted(self.changed & _READ_AT_START):
            click.echo(
                f"what changed in {' and '.join(read)} is read by processes when they start: with"
                " the next release; or now, by aws elasticbeanstalk restart-app-server"
                f" --environment-name {' and '.join(sorted(there))}"
            )

    def _agree(self, name: str, changes: list[stacks.Change]) -> bool:
        for change in changes:
            click.secho(f"    {change}", fg="red" if change.action == "Remove" else None)
        return self._may(f"change {name}")

    def _may_delete(self, stack: str, why: str) -> bool:
        click.secho(f"    {stack} failed when it was made ({why})", fg="red")
        click.echo("    nothing is kept in it, and it has to be deleted before it can be made anew")
        return self._may(f"delete {stack}")

    def _may_change(self, name: str, found: list[Difference]) -> bool:
        click.echo(f"{name}, otherwise than its template:")
        for each in found:
            click.echo(f"    {each}")
        return self._may(f"change {name}")

    def _may(self, deed: str) -> bool:
        return not self.is_dry and (self.yes or click.confirm(f"  {deed}?"))


def _bad(told: str) -> click.BadParameter:
    return click.BadParameter(told, param_hint="--set")
