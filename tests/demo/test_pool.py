"""The demo's people are let in by the user pool that our own template makes."""

from __future__ import annotations

import boto3
import pytest

from demo.pool import fill
from demo.reading import load_desk
from deploy import stacks


@pytest.fixture
def pool(aws: dict[str, str]) -> str:
    stacks.apply("identity", stage="local", parameters={"LocalSiteUrl": "http://localhost:8000"})
    return stacks.output("identity", "UserPool", stage="local")


def test_everybody_may_come_in_also_after_a_try_that_broke_off(pool: str) -> None:
    idp, desk = boto3.client("cognito-idp"), load_desk()
    emails = {desk.people[entry.person].email for entry in desk.sign_ins}
    idp.admin_create_user(UserPoolId=pool, Username=min(emails), MessageAction="SUPPRESS")

    fill(pool)
    fill(pool)

    users = idp.list_users(UserPoolId=pool)["Users"]
    said = [{one["Name"]: one["Value"] for one in user["Attributes"]} for user in users]
    assert {one["email"] for one in said} == emails
    assert {user["UserStatus"] for user in users} == {"CONFIRMED"}


def test_staff_are_in_the_group_of_their_role(pool: str) -> None:
    fill(pool)

    idp = boto3.client("cognito-idp")
    found = {
        name: len(idp.list_users_in_group(UserPoolId=pool, GroupName=name)["Users"])
        for name in ("agent", "team-lead", "administrator")
    }
    assert found == {"agent": 1, "team-lead": 1, "administrator": 1}
