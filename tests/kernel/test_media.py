"""CloudFront's signed links, checked as CloudFront does: with the public key."""

from __future__ import annotations

import base64
import time
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.core.exceptions import ImproperlyConfigured
from django.core.files.base import ContentFile

from apps.kernel.storage import Showing
from apps.kernel.storage.s3 import LINK_SECONDS, Bucket
from tests.buckets import new_bucket

MEDIA = "https://media.example.com"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
LETTER = Showing(name="grüße.txt", content_type="text/html", is_inline=False)


def pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> str:
    form = PrivateFormat.TraditionalOpenSSL
    return key.private_bytes(Encoding.PEM, form, NoEncryption()).decode()


def decoded(text: str) -> bytes:
    """CloudFront's alphabet, which needs no escapes in a URL."""
    return base64.b64decode(text.translate(str.maketrans("-_~", "+=/")))


def lets_through(link: str, key: rsa.RSAPublicKey, *, at: float) -> bool:
    """What an edge decides: its policy is the whole link without the signature, and the end."""
    asked = parse_qs(urlsplit(link).query)
    resource = link.partition("&Expires=")[0]
    (ends,), (signature,) = asked["Expires"], asked["Signature"]
    policy = (
        f'{{"Statement":[{{"Resource":"{resource}","Condition":'
        f'{{"DateLessThan":{{"AWS:EpochTime":{ends}}}}}}}]}}'
    )
    try:
        key.verify(decoded(signature), policy.encode(), padding.PKCS1v15(), hashes.SHA1())
    except InvalidSignature:
        return False
    return at < int(ends)


@pytest.fixture
def media(aws: dict[str, str]) -> Bucket:
    del aws
    store = Bucket(bucket=new_bucket(), prefix="desk", media=MEDIA, key_id="K1", pem=pem(KEY))
    store.save("attachments/a", ContentFile(b"words"))
    return store


def test_lead_to_the_media_domain_until_they_expire(media: Bucket) -> None:
    link, now = media.serve("attachments/a", LETTER)["Location"], time.time()

    asked = parse_qs(urlsplit(link).query)

    assert link.startswith(f"{MEDIA}/desk/attachments/a?")
    assert asked["Key-Pair-Id"] == ["K1"]
    assert lets_through(link, KEY.public_key(), at=now)
    assert not lets_through(link, KEY.public_key(), at=now + 2 * LINK_SECONDS)


def test_let_nothing_else_through(media: Bucket) -> None:
    link, now = media.serve("attachments/a", LETTER)["Location"], time.time()
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    assert not lets_through(link.replace("/a?", "/b?"), KEY.public_key(), at=now)
    assert not lets_through(link.replace("octet-stream", "html"), KEY.public_key(), at=now)
    assert not lets_through(link, stranger.public_key(), at=now)


def test_say_what_a_browser_does_with_it(media: Bucket) -> None:
    asked = parse_qs(urlsplit(media.serve("attachments/a", LETTER)["Location"]).query)

    assert asked["response-content-type"] == ["application/octet-stream"]
    assert asked["response-content-disposition"] == [
        "attachment; filename*=utf-8''gr%C3%BC%C3%9Fe.txt"
    ]


def test_stay_the_same_for_a_while_so_that_browsers_keep_pictures(
    media: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    began = 1_800_000_000 // LINK_SECONDS * LINK_SECONDS
    links = []
    for second in (began + 1, began + LINK_SECONDS - 1, began + LINK_SECONDS + 1):
        monkeypatch.setattr(time, "time", lambda second=second: second)
        links.append(media.serve("attachments/a", LETTER)["Location"])

    assert links[0] == links[1] != links[2]
    assert lets_through(links[1], KEY.public_key(), at=began + 2 * LINK_SECONDS - 2)


def test_are_signed_with_a_key_from_one_line(media: Bucket) -> None:
    flat = Bucket(
        bucket=str(media.bucket_name),
        prefix="desk",
        media=MEDIA,
        key_id="K1",
        pem=pem(KEY).replace("\n", "\\n"),
    )

    link = flat.serve("attachments/a", LETTER)["Location"]

    assert lets_through(link, KEY.public_key(), at=time.time())


@pytest.mark.parametrize("wrong", ["", "secret", pem(ec.generate_private_key(ec.SECP256R1()))])
def test_need_an_rsa_key(wrong: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="MEDIA_SIGNING_KEY"):
        Bucket(bucket="b", media=MEDIA, key_id="K1", pem=wrong)
