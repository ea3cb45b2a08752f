"""nginx on an instance, over the wire: the platform's own files, ours on top, gunicorn behind."""

from __future__ import annotations

import http.client
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
from django.core.management import CommandError, call_command

from apps.ops.proxy import directives
from tests import databases
from tests.e2e.desk import Desk
from tests.e2e.forms import page_form
from tests.nginx import ROOT, Nginx

MEGABYTE = 1 << 20
# A desk that takes less, so that what is too much is sent in no time.
SMALL = {"ATTACHMENT_MAX_BYTES": str(MEGABYTE), "ATTACHMENTS_PER_MESSAGE": "2"}
MOST = 5  # megabytes that nginx takes for it: two of fields, two of files, one more


@dataclass(frozen=True, slots=True)
class Instance:
    desk: Desk
    nginx: Nginx

    @property
    def url(self) -> str:
        return self.nginx.url


@pytest.fixture(scope="module", params=["web", "worker"])
def instance(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, released: Path
) -> Iterator[Instance]:
    folder = tmp_path_factory.mktemp(request.param)
    nginx = Nginx(folder / "nginx")
    with databases.own_desk(released, folder / "var") as url:
        desk = Desk(folder, database_url=url, ROLE=request.param, TRUSTED_PROXIES="2", **SMALL)
        desk.env["SITE_URL"] = nginx.url
        desk.commands = {"web": desk.commands["web"]}
        nginx.as_instance(app=desk.port)
        conf = nginx.etc / "conf.d" / "elasticbeanstalk" / "20_settings.conf"
        desk.manage("nginx", "--write", str(conf))  # as the hook does
        desk.start()
        nginx.start()
        try:
            yield Instance(desk, nginx)
        finally:
            nginx.stop()
            desk.stop()


@pytest.fixture
def web(instance: Instance) -> Instance:
    if instance.desk.env["ROLE"] != "web":
        pytest.skip("of the web tier")
    return instance


def test_the_configuration_is_one(tmp_path: Path) -> None:
    nginx = Nginx(tmp_path / "nginx")
    nginx.as_instance(app=8000)

    done = nginx.test()

    assert done.returncode == 0, done.stderr


def test_a_mistake_in_ours_is_found(tmp_path: Path) -> None:
    """Such as a directive that the platform's server block has already."""
    nginx = Nginx(tmp_path / "nginx")
    nginx.as_instance(app=8000)
    (nginx.etc / "conf.d" / "elasticbeanstalk" / "40_more.conf").write_text("keepalive_timeout 5;")

    done = nginx.test()

    assert done.returncode != 0
    assert "duplicate" in done.stderr


def test_what_is_committed_is_of_the_defaults(settings: Any) -> None:
    call_command("nginx", check=True)

    settings.ATTACHMENT_MAX_BYTES, settings.PORT = 30 * MEGABYTE, 9000

    assert "client_max_body_size 303m;" in directives()
    assert "set $desk 127.0.0.1:9000;" in directives()
    with pytest.raises(CommandError, match="not of these settings"):
        call_command("nginx", check=True)


def test_no_port_is_written_by_hand() -> None:
    """The platform takes it from the property PORT."""
    ours = (ROOT / ".platform/nginx").rglob("*.conf")

    assert [path.name for path in ours if "127.0.0.1:" in path.read_text()] == ["20_settings.conf"]


def test_a_page_comes_with_its_headers_once(web: Instance) -> None:
    answer = requests.get(f"{web.url}/account/login/", timeout=20)

    once = ("Content-Security-Policy", "X-Content-Type-Options", "X-Frame-Options")
    assert answer.status_code == 200
    assert [len(answer.raw.headers.getlist(name)) for name in once] == [1, 1, 1]
    assert "camera=()" in answer.headers["Permissions-Policy"]
    assert answer.headers["Server"] == "nginx"
    assert answer.headers.get("Content-Encoding") is None


def test_health_is_answered_by_address(instance: Instance) -> None:
    """The load balancer asks with the instance's private address as Host."""
    answer = requests.get(f"{instance.url}/healthz/", headers={"Host": "10.0.3.17"}, timeout=20)
    page = requests.get(f"{instance.url}/", headers={"Host": "10.0.3.17"}, timeout=20)

    assert (answer.status_code, answer.text) == (200, "ok\n")
    assert page.status_code == 400


def test_every_request_is_told_to_the_health_agent(instance: Instance) -> None:
    requests.get(f"{instance.url}/healthz/?told", timeout=20)

    deadline = time.monotonic() + 20
    told = ""
    while '"/healthz/"200"' not in told and time.monotonic() < deadline:
        logs = (instance.nginx.folder / "log" / "healthd").glob("application.log.*")
        told = "".join(path.read_text() for path in logs)
        time.sleep(0.05)

    assert '"/healthz/"200"' in told


@pytest.mark.parametrize("size", [MOST * MEGABYTE + 1, 300 * MEGABYTE])
def test_what_is_larger_than_any_form_is_refused_in_words(web: Instance, size: int) -> None:
    """By what it says of its length, before any of it is sent."""
    asked = http.client.HTTPConnection("127.0.0.1", web.nginx.port, timeout=20)
    asked.putrequest("POST", "/new/other/")
    asked.putheader("Content-Length", str(size))
    asked.endheaders()

    answer = asked.getresponse()
    text = answer.read().decode()
    asked.close()

    assert answer.status == 413
    assert "This is too large" in text
    assert "Das ist zu groß" in text
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers.get("Retry-After") is None


def test_what_is_a_little_too_large_is_refused_by_the_desk(web: Instance) -> None:
    """Which says it in the reader's language and its own design."""
    answer = requests.post(
        f"{web.url}/new/other/",
        data=b"x" * (MOST * MEGABYTE - 1),
        headers={"Accept-Language": "de", "Content-Type": "application/x-www-form-urlencoded"},
        timeout=20,
    )

    assert answer.status_code == 413
    assert "Das ist zu groß" in answer.text
    assert "/static/css/tokens." in answer.text


def test_pages_of_nginx_are_only_shown_when_they_are_meant(web: Instance) -> None:
    for path in ("/nginx/away.html", "/nginx/", "/nginx/../conf.d/10-desk.conf"):
        assert requests.get(f"{web.url}{path}", timeout=20).status_code == 404


def _sign_in_badly(web: Instance, forwarded: str) -> None:
    headers = {"X-Forwarded-For": forwarded, "Referer": f"{web.url}/account/login/"}
    session = requests.Session()
    page = session.get(f"{web.url}/account/login/", timeout=20)
    fields = page_form(page.text, "login") | {"login": "a@example.com", "password": "wrong"}
    answer = session.post(f"{web.url}/account/login/", data=fields, headers=headers, timeout=20)
    assert answer.status_code == 200, answer.text


_COUNTED = """
from apps.accounts import throttle
from apps.accounts.models import Throttle
key = throttle._digest("login-client", "203.0.113.9")
print(Throttle.objects.get(key=key).count)
"""


def test_a_forged_address_counts_for_nothing(web: Instance) -> None:
    """The load balancer appends whom it hears from to whatever a client has said."""
    for n in range(3):
        _sign_in_badly(web, f"198.51.100.{n}, 203.0.113.9")

    assert web.desk.run(_COUNTED) == "3"


@pytest.mark.parametrize(
    "path", ["/worker/", "//worker/", "/%77orker/", "/x/../worker/", "/worker/?a=/"]
)
def test_the_queues_page_is_for_this_machine_alone(instance: Instance, path: str) -> None:
    """Whatever a header says: it is about whom nginx hears from."""
    said = {
        "X-Aws-Sqsd-Msgid": "m-1",
        "X-Forwarded-For": "127.0.0.1",
        "X-Real-IP": "127.0.0.1",
    }
    elsewhere = ("127.0.0.2", 0)  # the desk itself takes it for this machine, so it is nginx's no
    asked = http.client.HTTPConnection(
        "127.0.0.1", instance.nginx.port, timeout=20, source_address=elsewhere
    )

    asked.request("POST", path, b"{}", said)
    answer = asked.getresponse()
    text = answer.read()
    asked.close()

    assert answer.status == 403
    assert b"<center>nginx</center>" in text


def test_the_poster_on_this_machine_is_let_through(instance: Instance) -> None:
    """To the desk, which says that this is no message; a web instance has no such page."""
    answer = requests.post(f"{instance.url}/worker/", data=b"{}", timeout=20)

    expected = {"worker": 400, "web": 404}
    assert answer.status_code == expected[instance.desk.env["ROLE"]]


def test_the_smoke_test_passes_on_either_tier(instance: Instance) -> None:
    assert "This instance serves." in instance.desk.manage("smoke", "--at", instance.url)


def test_who_finds_nobody_behind_is_told_when_to_come_again(tmp_path: Path) -> None:
    nginx = Nginx(tmp_path / "nginx")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and doesn't listen
        nginx.as_instance(app=taken.getsockname()[1])
        nginx.start()
        try:
            answer = requests.get(nginx.url, timeout=20)
        finally:
            nginx.stop()

    assert answer.status_code == 502
    assert answer.headers["Retry-After"] == "60"
    assert "We'll be right back" in answer.text
    assert "Server: nginx/" not in str(answer.headers)


def test_what_is_under_way_is_answered_when_nginx_stops(web: Instance, tmp_path: Path) -> None:
    nginx = Nginx(tmp_path / "nginx")
    nginx.as_instance(app=web.desk.port)
    nginx.start()
    asked = socket.create_connection(("127.0.0.1", nginx.port), timeout=20)
    asked.sendall(b"POST /healthz/ HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nab")
    process = nginx.process
    assert process is not None
    time.sleep(0.2)  # nginx has begun to read
    process.send_signal(3)

    asked.sendall(b"cd")
    answer = asked.recv(4096)
    asked.close()
    nginx.stop()

    assert b"200 OK" in answer


def test_the_folder_has_what_a_deployment_copies() -> None:
    names = {str(p.relative_to(ROOT)) for p in (ROOT / ".platform" / "nginx").rglob("*.conf")}

    assert ".platform/nginx/nginx.conf" not in names, "the platform's own stays"
    assert not [name for name in names if name.endswith("00_application.conf")]
