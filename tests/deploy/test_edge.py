"""What the edge needs and nobody should type: a key for links, and CloudFront's addresses."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import boto3
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from apps.kernel.storage.s3 import _signer
from deploy import edge, stacks


@pytest.fixture(autouse=True)
def account(aws: dict[str, str]) -> None:
    """Every test has an account of its own."""


def test_links_that_the_desk_signs_are_read_with_the_public_half() -> None:
    made = edge.media_key("local")
    private = boto3.client("secretsmanager").get_secret_value(SecretId=made["MediaKeySecret"])
    signer = _signer("KEY", private["SecretString"])
    public = load_pem_public_key(made["MediaPublicKey"].encode())
    assert isinstance(public, rsa.RSAPublicKey)

    signature = signer.rsa_signer(b"a link")
    link = signer.generate_presigned_url(
        "https://files.example.net/a", date_less_than=datetime(2030, 1, 1, tzinfo=UTC)
    )

    public.verify(signature, b"a link", padding.PKCS1v15(), hashes.SHA1())
    assert public.key_size == 2048
    assert "Key-Pair-Id=KEY" in link


def test_a_key_is_made_once() -> None:
    """CloudFront would refuse another one under the same name."""
    assert edge.media_key("local") == edge.media_key("local")


def test_its_secret_is_one_that_the_desks_roles_may_read() -> None:
    arn = edge.media_key("staging")["MediaKeySecret"]

    assert re.fullmatch(r"arn:aws:secretsmanager:[^:]+:\d+:secret:tendril-staging-.+", arn)


def test_who_names_no_domain_for_files_gets_no_key() -> None:
    assert edge.completed({"SiteUrl": "https://x"}, stage="local") == {"SiteUrl": "https://x"}
    assert boto3.client("secretsmanager").list_secrets()["SecretList"] == []


def test_what_was_given_by_hand_stays() -> None:
    given = {
        "MediaDomain": "files.example.net",
        "MediaKeySecret": "arn:mine",
        "OnlyThroughEdge": "true",
        "EdgePrefixList": "pl-123",
    }

    assert edge.completed(given, stage="local") == given


def test_a_desk_behind_the_edge_is_reached_from_there_alone() -> None:
    lists = boto3.client("ec2").describe_managed_prefix_lists()["PrefixLists"]
    (wanted,) = [one for one in lists if one["PrefixListName"] == edge.ADDRESSES]

    found = edge.completed({"OnlyThroughEdge": "true"}, stage="local")

    assert found["EdgePrefixList"] == wanted["PrefixListId"]


def test_a_region_without_such_a_list_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(edge, "ADDRESSES", "com.amazonaws.nowhere")

    with pytest.raises(stacks.StackError, match="set EdgePrefixList"):
        edge.completed({"OnlyThroughEdge": "true"}, stage="local")


def test_without_a_service_the_error_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")

    with pytest.raises(stacks.StackError, match=r"what the edge needs: .*127\.0\.0\.1:9"):
        edge.completed({"MediaDomain": "files.example.net"}, stage="local")
