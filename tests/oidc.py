"""A small OpenID Connect provider in a process of its own: the second one besides the local AWS's.

Whoever comes to its page is signed in at once, as the person that the test has set. It checks what
a provider must: the client, its secret, the redirect address, PKCE, and that a code is used once.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.e2e.desk import ROOT, free_port

CLIENT, SECRET = "desk", "a secret: of the desk/"
PATIENCE = 30  # seconds


class State:
    """What the test has set, and what is under way."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.rotate()
        self.reset()

    def reset(self) -> None:
        self.person: dict[str, Any] = {}
        self.issuer = self.url
        self.codes: dict[str, dict[str, str]] = {}
        self.asked: list[str] = []
        self.is_down = False

    def rotate(self) -> None:
        self.kid = secrets.token_hex(8)
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    def sign(self, claims: dict[str, Any], header: dict[str, Any] | None = None) -> str:
        return jwt.encode(claims, self.key, "RS256", headers={"kid": self.kid, **(header or {})})


class Handler(BaseHTTPRequestHandler):
    state: State

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        at = urllib.parse.urlsplit(self.path)
        given = dict(urllib.parse.parse_qsl(at.query))
        self.state.asked.append(at.path)
        if self.state.is_down:
            self._json({"error": "unavailable"}, 503)
        elif at.path.endswith("/openid-configuration"):
            self._json(self._described())
        elif at.path.endswith(("/jwks.json", "/keys")):
            public = jwt.algorithms.RSAAlgorithm.to_jwk(self.state.key.public_key(), as_dict=True)
            self._json({"keys": [{**public, "kid": self.state.kid, "use": "sig", "alg": "RS256"}]})
        elif at.path == "/authorize":
            self._authorize(given)
        elif at.path == "/leave":
            self._redirect(given["post_logout_redirect_uri"])
        elif at.path == "/_asked":
            self._json({"asked": self.state.asked})
        else:
            self._json({"error": "not found"}, 404)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"] or 0)).decode()
        if self.path == "/token":
            self._token(dict(urllib.parse.parse_qsl(body)))
        elif self.path == "/_sign":
            told = json.loads(body)
            self._json({"token": self.state.sign(told["claims"], told["header"])})
        elif self.path == "/_set":
            told = json.loads(body)
            if told.pop("reset", False):
                self.state.reset()
            if told.pop("rotate", False):
                self.state.rotate()
            for name, value in told.items():
                setattr(self.state, name, value)
            self._json({})

    def _described(self) -> dict[str, Any]:
        url = self.state.url
        return {
            "issuer": self.state.issuer,
            "authorization_endpoint": f"{url}/authorize",
            "token_endpoint": f"{url}/token",
            "userinfo_endpoint": f"{url}/userinfo",
            "end_session_endpoint": f"{url}/leave",
            "jwks_uri": f"{url}/keys",
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
        }

    def _authorize(self, given: dict[str, str]) -> None:
        if given["client_id"] != CLIENT or given["response_type"] != "code":
            self._json({"error": "invalid_request"}, 400)
            return
        code = secrets.token_urlsafe(16)
        self.state.codes[code] = given
        back = {"code": code, "state": given.get("state", "")}
        if "error" in self.state.person:
            back = {"error": self.state.person["error"], "state": given.get("state", "")}
        self._redirect(f"{given['redirect_uri']}?{urllib.parse.urlencode(back)}")

    def _token(self, form: dict[str, str]) -> None:
        asked = self.state.codes.pop(form.get("code", ""), None)
        if asked is None or form["redirect_uri"] != asked["redirect_uri"]:
            self._json({"error": "invalid_grant"}, 400)
            return
        if (form.get("client_id"), form.get("client_secret")) != (CLIENT, SECRET):
            self._json({"error": "invalid_client"}, 401)
            return
        if "code_challenge" in asked:
            digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
            made = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
            if made != asked["code_challenge"]:
                self._json({"error": "invalid_grant"}, 400)
                return
        now = int(time.time())
        claims = {"iss": self.state.url, "aud": CLIENT, "iat": now, "exp": now + 300}
        if "nonce" in asked:
            claims["nonce"] = asked["nonce"]
        claims.update(self.state.person)
        told = {"access_token": secrets.token_urlsafe(16), "token_type": "Bearer"}
        self._json({**told, "id_token": self.state.sign(claims)})

    def _redirect(self, to: str) -> None:
        self.send_response(302)
        self.send_header("Location", to)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _json(self, told: dict[str, Any], status: int = 200) -> None:
        body = json.dumps(told).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class OtherProvider:
    """The provider as a test steers it."""

    def __init__(self, url: str) -> None:
        self.url = url

    def set(self, **what: Any) -> None:
        """`person` is what its id tokens say besides; `is_down`, `issuer`; `rotate`, `reset`."""
        self._post("/_set", what)

    def sign(self, claims: dict[str, Any], **header: Any) -> str:
        token: str = self._post("/_sign", {"claims": claims, "header": header})["token"]
        return token

    def asked(self, path: str) -> int:
        """How often a path was asked for since the last reset."""
        with urllib.request.urlopen(f"{self.url}/_asked", timeout=PATIENCE) as answer:
            return sum(one.endswith(path) for one in json.load(answer)["asked"])

    def _post(self, path: str, told: dict[str, Any]) -> Any:
        request = urllib.request.Request(self.url + path, json.dumps(told).encode())
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            return json.load(answer)


@pytest.fixture(scope="session")
def _other_provider() -> Iterator[OtherProvider]:
    port = free_port()
    process = subprocess.Popen([sys.executable, "-m", "tests.oidc", str(port)], cwd=ROOT)
    found = OtherProvider(f"http://127.0.0.1:{port}")
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            found.set(reset=True)
            break
        except OSError:
            assert time.monotonic() < deadline, "the provider does not start"
            time.sleep(0.05)
    yield found
    process.terminate()
    process.wait(timeout=PATIENCE)


@pytest.fixture
def other(_other_provider: OtherProvider) -> OtherProvider:
    """As if it had just been started, but for its key."""
    _other_provider.set(reset=True)
    return _other_provider


def main(port: int) -> None:
    Handler.state = State(f"http://127.0.0.1:{port}")
    ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()


if __name__ == "__main__":
    main(int(sys.argv[1]))
