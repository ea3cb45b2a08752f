"""What an environment has otherwise than its template says, and to bring it there.

Beanstalk reads a template when an environment is made, and never again: a template that `up` has
changed would hold for the next environment alone. Compared is what infra/application.yaml names and
nothing else, with the values that Beanstalk says the template has: everything else is Beanstalk's
default, or of .ebextensions, and must not be written over. What the template no longer names stays.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import yaml
from botocore.exceptions import ClientError

from deploy import stacks
from deploy.beanstalk import Beanstalk, BeanstalkError, Environment, Option
from deploy.records import CHANGE, Record, UnderwayError
from deploy.steps import Steps

LABEL = "options"
_RESOURCES = {"web": "WebTemplate", "worker": "WorkerTemplate"}  # of infra/application.yaml


@dataclass(frozen=True, slots=True)
class Difference:
    option: Option
    now: str
    then: str

    def __str__(self) -> str:
        namespace, name = self.option
        return f"{namespace} {name}: {self.now or 'nothing'} -> {self.then or 'nothing'}"


def differences(aws: Beanstalk, environment: Environment) -> list[Difference]:
    template = aws.template_settings(aws.desk.template(environment.tier))
    now = aws.settings(environment.name)
    return [
        Difference(option, now.get(option, ""), template[option])
        for option in named(environment.tier)
        if option in template and not _same(now.get(option, ""), template[option])
    ]


def named(tier: str) -> list[Option]:
    """The options that the template of a tier sets, in its order."""
    text = (stacks.INFRA / "application.yaml").read_text()
    template = yaml.load(text, Loader=_Loader)["Resources"][_RESOURCES[tier]]  # noqa: S506 - a safe one
    return list(dict.fromkeys(_options(template["Properties"]["OptionSettings"])))


class Options:
    """The environments of a stage, brought to what their templates say."""

    def __init__(self, steps: Steps) -> None:
        self.steps, self.aws, self.records = steps, steps.aws, steps.records

    def run(self, agree: Callable[[str, list[Difference]], bool]) -> Iterator[str]:
        """Yields a line for each environment. `agree` is shown what would change.

        Never while something is released: what it was judged with would change under it. Raises
        UnderwayError then, if there is something to change; BeanstalkError for what Beanstalk
        refuses or takes back. What was cut off goes on when it is run again.
        """
        record = self.records.current()
        mine = record if record and record.kind == CHANGE else None
        if mine:
            self.aws.wait(*self.aws.environments())
        for environment in self.aws.environments().values():
            found = differences(self.aws, environment)
            if not found:
                yield f"{environment.name} ... as its template says"
            elif not agree(environment.name, found):
                yield f"{environment.name} ... left as it is"
            else:
                mine = mine or self._begin(environment)
                yield f"{environment.name} ... {self._change(mine, environment.name, found)}"
        if mine:
            self.records.forget(mine)

    def abandon(self, record: Record) -> None:
        """Have Beanstalk take back what is under way."""
        for environment in self.aws.environments().values():
            if not environment.is_ready:
                self.aws.abort(environment.name)
        self.aws.wait(*self.aws.environments())
        self.records.forget(record)

    def _begin(self, environment: Environment) -> Record:
        if not environment.is_ready:
            raise BeanstalkError(
                f"{environment.name} is {environment.status}: run it again when `status` says Ready"
            )
        live = self.aws.live()
        web = live.name if live else ""
        began = self.aws.clock.now()
        record = Record(kind=CHANGE, label=LABEL, commit="", began=began, web=web)
        try:
            return self.records.begin(record)
        except UnderwayError as error:
            raise UnderwayError(f"{environment.name} is left as it is: {error}") from error

    def _change(self, record: Record, name: str, found: list[Difference]) -> str:
        since = self.aws.clock.now()
        try:
            self.aws.configure(name, {each.option: each.then for each in found})
        except ClientError as error:
            if self.aws.environment(name).is_ready:  # it never began
                self.records.forget(record)
            raise BeanstalkError(f"{name}: {error}") from error
        if not (left := differences(self.aws, self.aws.environment(name))):
            return "changed"
        if errors := self.aws.errors(name, since):
            self.records.forget(record)
            raise BeanstalkError(f"{name} is as it was: {'; '.join(errors)}")
        return f"changed, but Beanstalk writes otherwise: {'; '.join(map(str, left))}"


def _same(one: str, other: str) -> bool:
    """Beanstalk puts lists in an order of its own, with or without spaces."""
    first, second = (sorted(part.strip() for part in each.split(",")) for each in (one, other))
    return first == second or (one.lower() == other.lower() and one.lower() in ("true", "false"))


def _options(tree: Any) -> Iterator[Option]:
    """Also those in `!If`, whichever way they go."""
    if isinstance(tree, dict) and "OptionName" in tree:
        yield tree["Namespace"], tree["OptionName"]
    elif isinstance(tree, list):
        for each in tree:
            yield from _options(each)


class _Loader(yaml.SafeLoader):
    """CloudFormation's short forms as what stands behind them."""


def _behind(loader: yaml.SafeLoader, _: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node, deep=True)
    return node.value


_Loader.add_multi_constructor("!", _behind)
