"""What a stranger's server may do to us: nothing but answer."""

from __future__ import annotations

import ipaddress
import socket
import ssl
import threading
from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from apps.webhooks import posting
from apps.webhooks.addresses import Target, read
from apps.webhooks.posting import EXCERPT, Answer, PostError, post
from tests.webhooks.receiver import Receiver, receiver

HERE = frozenset({"127.0.0.1"})
BODY = b'{"kind":"ping"}'


def send(url: str, trusted: frozenset[str] = HERE) -> Answer:
    return post(url, BODY, {"X-One": "1", "Content-Type": "application/json"}, trusted=trusted)


def test_the_body_arrives_and_the_answer_comes_back(server: Receiver) -> None:
    answer = send(f"{server.url}?a=b")

    (got,) = server.got
    assert answer == Answer(200, "thanks")
    assert (got.path, got.body, got.headers["X-One"]) == ("/hook?a=b", BODY, "1")
    assert got.headers["Host"] == server.url.split("/")[2]


@pytest.mark.parametrize("status", [204, 400, 404, 410, 500, 503])
def test_any_status_is_an_answer(server: Receiver, status: int) -> None:
    server.then = status

    assert send(server.url).status == status


@pytest.mark.parametrize("status", [301, 302, 303])
def test_a_redirect_that_would_lose_the_body_is_an_answer(server: Receiver, status: int) -> None:
    server.answers = [(status, server.url)]

    assert send(server.url).status == status
    assert len(server.got) == 1


@pytest.mark.parametrize("status", [307, 308])
def test_one_that_keeps_it_is_followed(server: Receiver, status: int) -> None:
    server.answers = [(status, "/other"), (status, server.url)]

    assert send(server.url).status == 200
    assert [(got.path, got.body) for got in server.got] == [
        ("/hook", BODY),
        ("/other", BODY),
        ("/hook", BODY),
    ]


def test_but_not_for_ever(server: Receiver) -> None:
    server.answers = [(307, server.url)] * 10

    with pytest.raises(PostError, match="too often"):
        send(server.url)
    assert len(server.got) == posting.MOST_REDIRECTS + 1


@pytest.mark.parametrize(
    ("to", "told"),
    [
        ("http://169.254.169.254/latest/meta-data/", "only https"),
        ("https://169.254.169.254/latest/meta-data/", "169.254.169.254, which is not public"),
        ("https://[::ffff:169.254.169.254]/", "not public"),
        ("https://[::1]:8000/", "not public"),
        ("https://127.1/", "127.0.0.1, which is not public"),
        ("https://2130706433/", "127.0.0.1, which is not public"),
        ("https://10.0.0.1/", "not public"),
        ("https://100.64.0.1/", "not public"),
        ("https://localhost/", "not public"),
        ("file:///etc/passwd", "only https"),
        ("//user@127.0.0.1/", "or a person"),
    ],
)
def test_nor_to_where_nobody_else_may_go(server: Receiver, to: str, told: str) -> None:
    server.answers = [(307, to)]

    with pytest.raises(PostError, match=told):
        send(server.url)
    with pytest.raises(PostError):
        send(to)


def test_a_strangers_redirect_is_trusted_nowhere(
    server: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Our own list is for whoever we ask first: not a way to our machines for everybody."""
    asked: list[bool] = []

    def as_a_stranger(url: str, *, trusted: Collection[str]) -> Target:
        if not asked:  # the first: a public host, for all that matters here
            asked.append(True)
            return replace(read(url, trusted=HERE), is_trusted=False)
        return read(url, trusted=trusted)

    monkeypatch.setattr(posting, "read", as_a_stranger)
    monkeypatch.setattr(posting, "is_public", lambda address: True)
    server.answers = [(307, server.url)]

    with pytest.raises(PostError, match="only https"):
        send(server.url)
    assert len(server.got) == 1


@pytest.mark.parametrize("onward", ["http://[x", "https://x:99999/", "//["])
def test_a_redirect_to_no_url_is_an_error(server: Receiver, onward: str) -> None:
    server.answers = [(307, onward)]

    with pytest.raises(PostError):
        send(server.url)


def test_a_name_that_is_not_resolved_in_time_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    asleep = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_a, **_s: (asleep.wait(30), [])[1])
    monkeypatch.setattr(posting, "WHOLE", 0.2)

    with pytest.raises(PostError, match="took too long"):
        send("https://hooks.example/")
    asleep.set()


def test_nothing_is_trusted_by_itself(server: Receiver) -> None:
    with pytest.raises(PostError, match="only https"):
        send(server.url, frozenset())
    with pytest.raises(PostError, match="not public"):
        send(server.url.replace("http:", "https:"), frozenset())
    assert server.got == []


def resolver(monkeypatch: pytest.MonkeyPatch, *turns: list[str]) -> None:
    """A name server whose answer for hooks.example changes from one question to the next."""
    known, left = socket.getaddrinfo, list(turns)

    def ask(host: Any, port: Any, *args: Any, **said: Any) -> Any:
        if host != "hooks.example":
            return known(host, port, *args, **said)
        found = left.pop(0) if len(left) > 1 else left[0]
        return [entry for one in found for entry in known(one, port, type=socket.SOCK_STREAM)]

    monkeypatch.setattr(socket, "getaddrinfo", ask)


def test_a_name_that_means_another_address_a_moment_later_changes_nothing(
    server: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection goes to the address that was judged: tests may not make it, and say so."""
    resolver(monkeypatch, ["93.184.216.34"], ["127.0.0.1"])
    port = server.url.split(":")[2].split("/")[0]

    with pytest.raises(UserWarning, match=r"93\.184\.216\.34"):
        send(f"https://hooks.example:{port}/", frozenset())


def test_a_name_that_means_a_private_address_too_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    resolver(monkeypatch, ["93.184.216.34", "127.0.0.1"])

    with pytest.raises(PostError, match=r"127\.0\.0\.1, which is not public"):
        send("https://hooks.example/", frozenset())


@pytest.mark.parametrize("what", ["headers", "body"])
def test_a_server_that_drips_is_cut_off(
    server: Receiver, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    monkeypatch.setattr(posting, "WHOLE", 1.0)
    server.drips, server.drips_headers = 8, what == "headers"

    with pytest.raises(PostError, match="took too long"):
        send(server.url)
    assert not server.ended


def test_a_long_answer_is_not_read_to_its_end(server: Receiver) -> None:
    server.text = b"x" * 20_000_000

    answer = send(server.url)

    assert answer == Answer(200, "x" * EXCERPT)


def test_what_an_answer_says_can_be_stored(server: Receiver) -> None:
    server.text = b"a\x00b\xff\r\n\x1b[31mc"

    assert send(server.url).excerpt == "a b� [31mc"


def test_a_server_that_is_not_there_is_an_error(server: Receiver) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        free = probe.getsockname()[1]

    with pytest.raises(PostError, match="ConnectionRefused"):
        send(f"http://127.0.0.1:{free}/")


def certificate(folder: Path, address: str) -> Path:
    """A server's key and certificate in one file, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))]),
            critical=False,
        )
        .sign(key, hashes.SHA256())
    )
    path = folder / "server.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


@pytest.mark.parametrize(
    ("address", "is_known", "told"),
    [
        ("127.0.0.1", True, None),
        ("127.0.0.1", False, "CERTIFICATE_VERIFY_FAILED"),
        ("127.0.0.9", True, "CERTIFICATE_VERIFY_FAILED"),
    ],
)
def test_over_tls_the_server_must_be_who_its_name_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, address: str, is_known: bool, told: str | None
) -> None:
    path = certificate(tmp_path, address)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(path)
    if is_known:
        monkeypatch.setenv("SSL_CERT_FILE", str(path))

    with receiver(context) as kept:
        if told is None:
            assert send(kept.url).status == 200
        else:
            with pytest.raises(PostError, match=told):
                send(kept.url)
        assert len(kept.got) == (1 if told is None else 0)
