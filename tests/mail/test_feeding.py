"""Whether SES brings mail to the bucket, asked of a server that answers as SES does."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from botocore.exceptions import ClientError

from apps.kernel import aws as clients
from apps.mail.inbox import Inbox, InboxAwayError, UnfedError, inbox
from apps.mail.inbox.s3 import PREFIX, PROOF
from tests.mail.boxes import RAW, BucketBox

# The shapes are those of botocore's service model "ses".
NAMESPACE = "http://ses.amazonaws.com/doc/2010-12-01/"
RULE = (
    "<member><Name>keep-and-tell</Name><Enabled>{enabled}</Enabled><Actions><member><S3Action>"
    "<BucketName>{bucket}</BucketName><ObjectKeyPrefix>{prefix}</ObjectKeyPrefix>"
    "</S3Action></member></Actions></member>"
)


class Rules:
    """What SES answers to DescribeActiveReceiptRuleSet."""

    def __init__(self) -> None:
        self.status, self.result = 200, ""
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True)
        self.thread.start()

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def activate(self, *, bucket: str, prefix: str = PREFIX, enabled: str = "true") -> None:
        rule = RULE.format(bucket=bucket, prefix=prefix, enabled=enabled)
        name = "<Metadata><Name>tendril-staging</Name></Metadata>"
        self.result = f"{name}<Rules>{rule}</Rules>"

    def refuse(self) -> None:
        self.status = 403

    def _body(self) -> str:
        if self.status != 200:
            told = "<Type>Sender</Type><Code>AccessDenied</Code><Message>not authorized</Message>"
            return f'<ErrorResponse xmlns="{NAMESPACE}"><Error>{told}</Error></ErrorResponse>'
        name = "DescribeActiveReceiptRuleSet"
        result = f"<{name}Result>{self.result}</{name}Result>"
        return f'<{name}Response xmlns="{NAMESPACE}">{result}</{name}Response>'

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        rules = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                content = rules._body().encode()
                self.send_response(rules.status)
                self.send_header("Content-Type", "text/xml")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                """Not into the tests' output."""

        return Handler


@pytest.fixture
def box(aws: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> BucketBox:
    return BucketBox(monkeypatch)


@pytest.fixture
def rules(box: BucketBox, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rules]:
    server = Rules()
    monkeypatch.setenv("AWS_ENDPOINT_URL_SES", server.url)
    clients.client.cache_clear()
    yield server
    server.stop()


def test_rules_that_put_mail_into_the_bucket_are_named(box: BucketBox, rules: Rules) -> None:
    rules.activate(bucket=box.bucket)

    assert "SES brings mail by the rules of tendril-staging" in box.inbox.prove()


def test_a_mail_that_is_there_is_read(box: BucketBox, rules: Rules) -> None:
    rules.activate(bucket=box.bucket)
    box.put("m1")

    assert f"read a mail of {len(RAW)} bytes from {box.bucket}" in box.inbox.prove()


def test_a_proof_that_was_left_behind_is_no_mail(box: BucketBox) -> None:
    box.client.put_object(Bucket=box.bucket, Key=f"{PROOF}1", Body=b"proof")

    assert list(box.inbox.walk()) == []


def test_without_active_rules_no_mail_comes_in(box: BucketBox, rules: Rules) -> None:
    with pytest.raises(UnfedError, match="no receipt rule set is active"):
        box.inbox.prove()


@pytest.mark.parametrize(
    "other", [{"bucket": "elsewhere"}, {"prefix": "post/"}, {"enabled": "false"}]
)
def test_rules_that_put_none_there_are_named(
    box: BucketBox, rules: Rules, other: dict[str, str]
) -> None:
    rules.activate(**{"bucket": box.bucket, **other})

    with pytest.raises(UnfedError, match=f"tendril-staging: none puts it into {box.bucket}"):
        box.inbox.prove()


def test_a_role_that_may_not_look_at_them_is_told_what_is_not_proved(
    box: BucketBox, rules: Rules
) -> None:
    rules.refuse()

    assert "may not ses:DescribeActiveReceiptRuleSet" in box.inbox.prove()


def test_that_can_not_be_reached_fails(
    box: BucketBox, rules: Rules, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_SES", "http://127.0.0.1:9")
    clients.client.cache_clear()

    with pytest.raises(InboxAwayError):
        box.inbox.prove()


def test_a_local_aws_takes_none_in_and_says_so(box: BucketBox) -> None:
    assert "a local AWS takes none in" in box.inbox.prove()


class TestAnEmptyBucketThatNobodyMayWriteTo:
    @pytest.fixture
    def guarded(self, box: BucketBox, monkeypatch: pytest.MonkeyPatch) -> Inbox:
        """S3 answers a write as it does a role without the permission."""
        made = inbox.build(f"ses://desk?inbox={box.bucket}")
        made._client().meta.events.register("before-call.s3.PutObject", refused)  # type: ignore[attr-defined]
        return made

    def test_says_what_is_not_proved(self, guarded: Inbox) -> None:
        assert "not proved: reading" in guarded.prove()


def refused(**_: object) -> None:
    error = {"Error": {"Code": "AccessDenied", "Message": "no identity-based policy allows it"}}
    raise ClientError(error, "PutObject")  # type: ignore[arg-type]
