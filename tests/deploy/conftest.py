"""A small Beanstalk with a desk on it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.deploy.beanstalk_server import Cloud, served
from tests.deploy.rollouts import Rollouts, connect


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    cloud = Cloud()
    with served(cloud) as url:
        connect(monkeypatch, url)
        yield cloud


@pytest.fixture
def rollouts(cloud: Cloud) -> Rollouts:
    """The old version serves."""
    rollouts = Rollouts(cloud)
    rollouts.begin()
    return rollouts
