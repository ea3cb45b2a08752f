from __future__ import annotations

import hashlib
import hmac

from hypothesis import given
from hypothesis import strategies as st

from apps.webhooks.signing import TOLERANCE, holds, secret, signature

NOW = 1_780_000_000
BODY = b'{"kind":"ping"}'


def test_a_signature_is_what_the_documents_say() -> None:
    header = signature(BODY, secrets=["whsec_x"], at=NOW)

    mac = hmac.new(b"whsec_x", f"{NOW}.".encode() + BODY, hashlib.sha256).hexdigest()
    assert header == f"t={NOW},v1={mac}"


@given(st.binary(), st.lists(st.text(min_size=1), min_size=1, max_size=3), st.data())
def test_each_of_its_secrets_holds(body: bytes, secrets: list[str], data: st.DataObject) -> None:
    header = signature(body, secrets=secrets, at=NOW)

    one = data.draw(st.sampled_from(secrets))

    assert holds(header, body, secret=one, now=NOW + TOLERANCE)
    assert not holds(header, body, secret=one, now=NOW + TOLERANCE + 1)
    assert not holds(header, body, secret=one, now=NOW - TOLERANCE - 1)
    assert not holds(header, body + b"x", secret=one, now=NOW)
    assert not holds(header, body, secret=one + "x", now=NOW) or one + "x" in secrets
    assert not holds(header.replace(str(NOW), str(NOW + 1)), body, secret=one, now=NOW)


@given(st.text())
def test_no_other_text_holds(header: str) -> None:
    assert not holds(header, BODY, secret="whsec_x", now=NOW)


@given(st.lists(st.tuples(st.text(), st.text(alphabet="abc"), st.integers(1, 99)), unique=True))
def test_no_two_endpoints_share_a_secret(of: list[tuple[str, str, int]]) -> None:
    made = {secret(key, ref=ref, generation=number) for key, ref, number in of}

    assert len(made) == len(of)
    assert all(each.startswith("whsec_") for each in made)
