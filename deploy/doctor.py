"""The desk's doctor, run on an instance of each environment."""

from __future__ import annotations

from deploy import instances
from deploy.beanstalk import Beanstalk, BeanstalkError
from deploy.instances import Said


def examine(beanstalk: Beanstalk) -> list[Said]:
    """What the doctor says on one instance of each environment, or why nobody was asked there."""
    return [_one(beanstalk, name) for name in sorted(beanstalk.environments())]


def wrong(beanstalk: Beanstalk, name: str) -> str:
    """What the doctor complains of in one environment; "" if all is well.

    Not by a request from here: behind the edge an environment lets in CloudFront alone.
    """
    said = _one(beanstalk, name)
    return "" if said.is_done else said.text


def _one(beanstalk: Beanstalk, name: str) -> Said:
    # One that nobody can ask is ill, and no reason not to ask the others.
    try:
        return instances.ask(beanstalk, name, beanstalk.desk.doctor)
    except BeanstalkError as error:
        return Said(name, "nobody", is_done=False, out="", err=str(error))
