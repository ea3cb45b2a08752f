"""Who may sign in first, in a user pool of a local AWS."""

from __future__ import annotations

import boto3
import pytest
from click.testing import CliRunner

from deploy import people, stacks
from deploy.commands import main


@pytest.fixture(autouse=True)
def pool(aws: dict[str, str]) -> str:
    """Every test has an account of its own, with the desk's user pool."""
    stacks.apply("identity", stage="local", parameters={})
    return stacks.output("identity", "UserPool", stage="local")


def groups(pool: str, address: str) -> list[str]:
    client = boto3.client("cognito-idp")
    told = client.admin_list_groups_for_user(UserPoolId=pool, Username=address)
    return [group["GroupName"] for group in told["Groups"]]


def attributes(pool: str, address: str) -> dict[str, str]:
    told = boto3.client("cognito-idp").admin_get_user(UserPoolId=pool, Username=address)
    return {each["Name"]: each["Value"] for each in told["UserAttributes"]}


def test_somebody_may_sign_in_and_has_the_role(pool: str) -> None:
    said = people.admit("ada@example.com", role="administrator", name="Ada", stage="local")

    assert "a mail with a password" in said
    assert groups(pool, "ada@example.com") == ["administrator"]
    found = attributes(pool, "ada@example.com")
    assert (found["email_verified"], found["name"]) == ("true", "Ada")


def test_twice_is_once_and_a_second_role_is_added(pool: str) -> None:
    people.admit("ada@example.com", role="agent", name="Ada", stage="local")

    said = people.admit("ada@example.com", role="administrator", name="Eve", stage="local")

    assert said.endswith("known already")
    assert sorted(groups(pool, "ada@example.com")) == ["administrator", "agent"]
    assert attributes(pool, "ada@example.com")["name"] == "Ada"


def test_roles_are_the_pools_groups(pool: str) -> None:
    told = boto3.client("cognito-idp").list_groups(UserPoolId=pool)

    assert sorted(group["GroupName"] for group in told["Groups"]) == sorted(people.ROLES)


def test_the_command_says_what_it_did_or_in_one_line_why_not(pool: str) -> None:
    done = CliRunner().invoke(main, ["admit", "ada@example.com", "--stage", "local"])
    failed = CliRunner().invoke(main, ["admit", "ada@example.com", "--stage", "nowhere"])

    assert done.output.startswith("ada@example.com is administrator")
    assert groups(pool, "ada@example.com") == ["administrator"]
    assert (failed.exit_code, failed.output.count("\n")) == (1, 1)
    assert "tendril-nowhere-identity" in failed.output
