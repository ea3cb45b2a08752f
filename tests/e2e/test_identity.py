"""A person's journey through the hosted page of a user pool, and out of it again."""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path

import boto3
import pytest
from allauth.mfa.totp.internal import auth as totp
from playwright.sync_api import Browser, Page, expect

from deploy import stacks
from tests.e2e.axe import grave
from tests.e2e.browsing import visitor
from tests.e2e.desk import Desk

pytestmark = pytest.mark.browser

PASSWORD = "Correct-horse-7-battery"
_FAILED = range(HTTPStatus.BAD_REQUEST, 600)
CUSTOMER, AGENT = "nina@new.example", "otto@new.example"


@pytest.fixture
def pooled_desk(tmp_path: Path, released_url: str | None, aws: dict[str, str]) -> Iterator[Desk]:
    """A desk that finds its user pool where the stack has written it down."""
    desk = Desk(tmp_path, database_url=released_url)
    given = {"LocalSiteUrl": desk.url, "LocalPages": aws["AWS_ENDPOINT_URL"], "SignInName": "Acme"}
    stacks.apply("identity", stage="local", parameters=given)
    idp = boto3.client("cognito-idp")
    (pool,) = idp.list_user_pools(MaxResults=2)["UserPools"]
    for email in (CUSTOMER, AGENT):
        attributes = [
            {"Name": "email", "Value": email},
            {"Name": "email_verified", "Value": "true"},
        ]
        idp.admin_create_user(UserPoolId=pool["Id"], Username=email, UserAttributes=attributes)  # type: ignore[arg-type]
        idp.admin_set_user_password(
            UserPoolId=pool["Id"], Username=email, Password=PASSWORD, Permanent=True
        )
    idp.admin_add_user_to_group(UserPoolId=pool["Id"], Username=AGENT, GroupName="agent")
    desk.env |= aws | {"SSM_PREFIX": "/tendril/local", "STAFF_MFA": "required"}
    desk.start_one("web")
    desk.wait_until_ready()
    try:
        yield desk
    finally:
        desk.stop()


def come_in(page: Page, desk: Desk, email: str) -> None:
    page.goto(f"{desk.url}/account/login/?next=/account/")
    page.get_by_role("button", name="Sign in with Acme").click()
    page.get_by_label("Username").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{desk.url}/account/")


def test_in_by_the_hosted_page_and_out_of_both(
    pooled_desk: Desk, browser: Browser, aws_url: str
) -> None:
    desk, complaints = pooled_desk, list[str]()
    page = visitor(browser, desk, complaints)
    visited: list[str] = []
    page.on("request", lambda request: visited.append(request.url))
    missing: list[str] = []
    page.on("response", lambda got: missing.append(got.url) if got.status in _FAILED else None)

    come_in(page, desk, CUSTOMER)
    wrong = grave(page)
    page.goto(f"{desk.url}/account/3rdparty/")
    expect(page.locator("main").get_by_text(CUSTOMER)).to_be_visible()
    wrong += grave(page)
    page.goto(f"{desk.url}/requests/")
    page.get_by_label("Account", exact=True).first.click()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url(f"{desk.url}/")

    expect(page.get_by_role("link", name="Sign in", exact=True)).to_be_visible()
    assert any(url.startswith(f"{aws_url}/logout?client_id=") for url in visited)
    page.goto(f"{desk.url}/requests/")
    assert "/account/login/" in page.url

    come_in(page, desk, AGENT)
    page.goto(f"{desk.url}/admin/")
    expect(page.get_by_role("heading", level=1)).to_have_text("A second factor for the desk")
    wrong += grave(page)
    page.get_by_role("link", name="Use an authenticator app").click()
    secret = page.get_by_label("Authenticator secret").input_value()
    counter = next(iter(totp.yield_hotp_counters_from_time()))
    code = totp.format_hotp_value(totp.hotp_value(secret, counter))
    page.get_by_label("Authenticator code").fill(code)
    page.get_by_role("button", name="Activate").click()
    page.wait_for_url(lambda url: "/totp/" not in url)
    page.goto(f"{desk.url}/admin/")
    expect(page).to_have_url(f"{desk.url}/admin/")

    assert wrong == []
    # The hosted page has no icon; what the desk shows is all there.
    assert [url for url in missing if url.startswith(desk.url)] == []
    assert [told for told in complaints if "Failed to load resource" not in told] == []


def test_the_button_without_scripts(pooled_desk: Desk, browser: Browser) -> None:
    page = visitor(browser, pooled_desk, [], java_script_enabled=False)

    come_in(page, pooled_desk, CUSTOMER)

    expect(page.get_by_role("heading", level=1)).to_be_visible()


def test_the_pool_is_away(pooled_desk: Desk, browser: Browser) -> None:
    """The desk goes on; the button says what to do."""
    desk = pooled_desk
    page = visitor(browser, desk, [])
    come_in(page, desk, CUSTOMER)
    desk.kill("web")
    del desk.env["SSM_PREFIX"]
    pool = "cognito+http://127.0.0.1:9/eu-central-1_abc?client=c&pages=http://127.0.0.1:9"
    desk.env |= {"IDENTITY_URL": pool, "IDENTITY_SECRET": "s", "IDENTITY_NAME": "Acme"}
    desk.start_one("web")
    desk.wait_until_ready()

    page.goto(f"{desk.url}/account/")
    expect(page).to_have_url(f"{desk.url}/account/")
    stranger = visitor(browser, desk, [])
    stranger.goto(f"{desk.url}/account/login/")
    stranger.get_by_role("button", name="Sign in with Acme").click()

    expect(stranger.get_by_role("alert")).to_contain_text("Try again in a minute")
    assert grave(stranger) == []
    stranger.get_by_role("link", name="To the sign-in page").click()
    expect(stranger.get_by_label("Password", exact=True)).to_be_visible()
