"""The portal's journeys with files, unchanged, on a desk whose files are in S3.

The browser sends them there itself, by the grant of another origin, and fetches them by signed
links: the policy of the pages and the rules of the bucket must both let it.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import boto3
import pytest
from playwright.sync_api import Browser, Request

from tests.conftest import own_database
from tests.e2e.browsing import sign_in, watched
from tests.e2e.desk import Desk
from tests.e2e.test_portal import (
    _picture,
    _row,
    complaints,
    test_a_customer_without_scripts_gets_all_of_it,
    test_a_draft_survives_a_reload_and_ends_with_its_sending,
    test_files_are_dropped_pasted_retried_and_removed,
)
from tests.local_aws import REGION, SECRET

__all__ = [
    "complaints",
    "test_a_customer_without_scripts_gets_all_of_it",
    "test_a_draft_survives_a_reload_and_ends_with_its_sending",
    "test_files_are_dropped_pasted_retried_and_removed",
]
pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("e2e")]


@pytest.fixture(scope="module")
def shared_desk(tmp_path_factory: pytest.TempPathFactory, aws_url: str) -> Iterator[Desk]:
    """Stands in for the one of the other journeys."""
    account = f"{10**11 + secrets.randbelow(9 * 10**11)}"
    client = boto3.client(
        "s3",
        endpoint_url=aws_url,
        region_name=REGION,
        aws_access_key_id=account,
        aws_secret_access_key=SECRET,
    )
    name = f"files-{secrets.token_hex(6)}"
    place = {"LocationConstraint": REGION}
    client.create_bucket(Bucket=name, CreateBucketConfiguration=place)  # type: ignore[arg-type]
    with own_database() as url:
        desk = Desk(
            tmp_path_factory.mktemp("desk"),
            database_url=url,
            NOTIFY_AFTER_SECONDS="0",
            FILES_URL=f"s3://{name}",
            AWS_ENDPOINT_URL=aws_url,
            AWS_ACCESS_KEY_ID=account,
            AWS_SECRET_ACCESS_KEY=SECRET,
            AWS_REGION=REGION,
        )
        client.put_bucket_cors(
            Bucket=name,
            CORSConfiguration={
                "CORSRules": [
                    {
                        "AllowedOrigins": [desk.url],
                        "AllowedMethods": ["GET", "POST"],
                        "AllowedHeaders": ["*"],
                    }
                ]
            },
        )
        desk.manage("release")
        desk.manage("demo", "--tickets", "20")
        desk.start()
        try:
            yield desk
        finally:
            desk.stop()


def test_no_byte_of_a_file_goes_through_the_desk(
    shared_desk: Desk, browser: Browser, complaints: list[str], aws_url: str
) -> None:
    page = watched(browser.new_context(), complaints)
    sign_in(page, shared_desk, "Customer")
    page.goto(f"{shared_desk.url}/new/other/")
    seen: list[Request] = []
    page.on("request", lambda request: seen.append(request))  # noqa: PLW0108 - as it wants them
    page.get_by_label("Files").set_input_files([_picture("card.png")])
    _row(page, "card.png", "done")

    to_desk = [request for request in seen if request.url.startswith(f"{shared_desk.url}/uploads")]
    to_bucket = [request for request in seen if request.url.startswith(aws_url)]

    assert [request.url.removeprefix(shared_desk.url) for request in to_desk] == [
        "/uploads/",
        "/uploads/confirm/",
    ]
    assert len(to_bucket) == 1
    assert "x-csrftoken" not in to_bucket[0].headers
