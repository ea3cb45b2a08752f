"""The first people of a desk: whoever makes the others needs somebody who made them."""

from __future__ import annotations

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from deploy import stacks
from deploy.stacks import StackError

# Groups of the user pool (infra/identity.yaml), which are the desk's roles at each sign-in.
ROLES = ("agent", "team-lead", "administrator")


def admit(address: str, *, role: str, name: str, stage: str) -> str:
    """Let somebody sign in, as one of ROLES. Twice is once. Says what was done.

    Cognito writes them a mail with a password for three days, which they change. Whoever is there
    already keeps theirs and is only put into the group. Raises StackError.
    """
    pool = stacks.output("identity", "UserPool", stage=stage)
    client = boto3.client("cognito-idp")
    try:
        try:
            client.admin_create_user(
                UserPoolId=pool,
                Username=address,
                UserAttributes=[
                    {"Name": "email", "Value": address},
                    # Whoever reads the mail with the password reads mail to the address.
                    {"Name": "email_verified", "Value": "true"},
                    {"Name": "name", "Value": name or address.partition("@")[0]},
                ],
                DesiredDeliveryMediums=["EMAIL"],
            )
            said = "a mail with a password is on its way"
        except client.exceptions.UsernameExistsException:
            said = "known already"
        client.admin_add_user_to_group(UserPoolId=pool, Username=address, GroupName=role)
    except (BotoCoreError, ClientError) as error:
        raise StackError(f"{address}: {error}") from error
    return f"{address} is {role} from the next sign-in on; {said}"
