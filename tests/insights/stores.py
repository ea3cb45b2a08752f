"""Every store of figures, new and empty."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import boto3
import pytest

from apps.insights.figures import Figures, figures


def new_table() -> str:
    name = f"figures-{uuid.uuid4().hex[:8]}"
    boto3.client("dynamodb").create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "sk", "AttributeType": "S"},
        ],
        KeySchema=[
            {"AttributeName": "pk", "KeyType": "HASH"},
            {"AttributeName": "sk", "KeyType": "RANGE"},
        ],
    )
    return f"dynamodb://{name}"


def new_store(kind: str) -> Figures:
    return figures.build(new_table() if kind == "dynamodb" else "database:")


@pytest.fixture(params=["database", "dynamodb"])
def store(request: pytest.FixtureRequest, db: None) -> Iterator[Figures]:
    if request.param == "dynamodb":
        request.getfixturevalue("aws")
    with figures.override(new_store(request.param)) as used:
        yield used
