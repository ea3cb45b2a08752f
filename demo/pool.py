"""The demo's people in a user pool, so that its hosted page lets them in: python -m demo.pool POOL.

Only those whom the sign-in page names, with the demo's password, each in the group of their role.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import TYPE_CHECKING

import boto3

from demo.desk import Person
from demo.reading import load_desk

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient

# infra/identity.yaml has the groups, IDENTITY_GROUPS says what they mean.
_GROUPS = {"agent": "agent", "team lead": "team-lead", "administrator": "administrator"}


def fill(pool: str) -> None:
    """Make those who are not there, and give all of them the demo's password. `pool` is its id."""
    client = boto3.client("cognito-idp")
    desk = load_desk()
    for entry in desk.sign_ins:
        _enter(client, pool, desk.people[entry.person], desk.password)


def _enter(client: CognitoIdentityProviderClient, pool: str, person: Person, password: str) -> None:
    # One who is there already: perhaps a try before this one went no further.
    with suppress(client.exceptions.UsernameExistsException):
        client.admin_create_user(
            UserPoolId=pool,
            Username=person.email,
            MessageAction="SUPPRESS",
            UserAttributes=[
                {"Name": "email", "Value": person.email},
                {"Name": "email_verified", "Value": "true"},
                {"Name": "name", "Value": person.name},
            ],
        )
    client.admin_set_user_password(
        UserPoolId=pool, Username=person.email, Password=password, Permanent=True
    )
    if person.role in _GROUPS:
        client.admin_add_user_to_group(
            UserPoolId=pool, Username=person.email, GroupName=_GROUPS[person.role]
        )


if __name__ == "__main__":
    fill(sys.argv[1])
