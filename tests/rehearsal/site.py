"""One machine as an environment: a balancer, and instances of two versions behind it."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import requests

from tests.deploy.sandbox import Sandbox
from tests.e2e.desk import Desk
from tests.nginx import Nginx

WARM_UP = ("/", "/account/login/", "/search/?q=card", "/account/signup/") * 8
DRAIN = 1.0  # seconds after which nothing is under way any more: no page takes as long
# As the load balancer has it: it splits by request, appends whom it hears from, and tries nothing
# twice. `$version` is what its metrics are kept by, as those of a target group are.
BALANCER = """
error_log {folder}/log/error.log warn;
pid {folder}/nginx.pid;
worker_processes 1;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    log_format judged '$msec $version $status $request_time $request_method $uri';
    split_clients "$request_id" $version {{
{shares}
    }}
{upstreams}
    server {{
        listen 127.0.0.1:{port};
        access_log {folder}/log/judged.log judged;
        location / {{
            proxy_pass http://$version;
            proxy_next_upstream off;
            proxy_http_version 1.1;
            proxy_set_header Host $host;
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
            proxy_set_header X-Forwarded-Proto http;
        }}
    }}
}}
"""


class Balancer:
    """What the clients ask. `share` changes it while they do."""

    def __init__(self, folder: Path) -> None:
        self.nginx = Nginx(folder)
        self.url = self.nginx.url
        self.log = folder / "log" / "judged.log"
        self.groups: dict[str, list[int]] = {}

    def share(self, groups: Mapping[str, Sequence[Instance]], new_percent: int = 0) -> None:
        """Send so much to the group "new", and the rest to "old", from now on."""
        if new_percent:
            shares = f'        {new_percent}% "new";\n        * "old";'
        else:
            shares = '        * "old";'
        upstreams = "\n".join(
            f"    upstream {name} {{ {' '.join(f'server 127.0.0.1:{i.port};' for i in found)} }}"
            for name, found in groups.items()
        )
        text = BALANCER.format(
            folder=self.nginx.folder, port=self.nginx.port, shares=shares, upstreams=upstreams
        )
        (self.nginx.etc / "nginx.conf").write_text(text)
        if self.nginx.process is None:
            self.nginx.start()
        else:
            self.nginx.reload()
            time.sleep(DRAIN)


@dataclass
class Site:
    """Where everything of a rehearsal is, and what each instance's environment says."""

    folder: Path
    database_url: str | None
    balancer: Balancer
    instances: list[Instance] = field(default_factory=list)

    def stop(self) -> None:
        """Everything that was started and still runs."""
        self.balancer.nginx.stop()
        for instance in self.instances:
            instance.stop()

    def properties(self) -> dict[str, str]:
        own = {"DATABASE_URL": self.database_url} if self.database_url else {}
        return {
            **own,
            "SECRET_KEY": "of a rehearsal",
            "VAR_DIR": str(self.folder / "var"),
            "SITE_URL": self.balancer.url,
            "TRUSTED_PROXIES": "2",
            "DEMO": "1",
        }


class Instance:
    """A version of the desk with the hooks, the nginx and the gunicorn that it has on Beanstalk."""

    def __init__(self, site: Site, name: str, *, fault: str = "", migration: str = "") -> None:
        self.site, self.name = site, name
        self.folder = site.folder / f"instance-{len(site.instances)}"
        self.sandbox = Sandbox(self.folder, site.properties())
        if migration:
            folder = self.sandbox.own("apps") / "ops" / "migrations"
            last = max(path.stem for path in folder.glob("0*.py"))
            (folder / "9000_next.py").write_text(migration.replace("{last}", last))
        self.desk = Desk(self.folder, database_url=site.database_url, **site.properties())
        self.desk.root = self.sandbox.app
        command = self.desk.commands["web"]
        if fault:
            self.desk.env["FAULT"] = fault
            command = command.replace("project.wsgi", "tests.rehearsal.faults:application")
        self.desk.commands = {"web": command}
        self.nginx = Nginx(self.folder / "nginx")
        self.nginx.as_instance(app=self.desk.port)
        self.port = self.nginx.port
        site.instances.append(self)

    def deploy(self) -> Self:
        """What the platform does: its hooks, the processes, and the smoke test last."""
        self.sandbox.deploy("hooks/predeploy")
        self.start()
        return self

    def start(self) -> None:
        self.desk.start()
        self.nginx.start()
        hook = self.sandbox.app / ".platform/hooks/postdeploy/10_smoke.sh"
        hook.write_text(hook.read_text().replace("http://127.0.0.1\n", f"{self.nginx.url}\n"))
        done = self.sandbox.run(hook)
        assert done.returncode == 0, done.stdout
        for path in WARM_UP:  # templates are made, so that figures say something of the version
            requests.get(f"{self.nginx.url}{path}", timeout=20)

    def stop(self) -> None:
        """As systemd does: what is under way is answered, before the desk behind it goes."""
        self.nginx.stop()
        self.desk.stop()
