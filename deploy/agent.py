r"""Tells the CloudWatch agent of this instance to take the desk's figures, traces and logs.

    python -m deploy.agent --agent FOLDER --get-config PROGRAM

Runs as root, last of a deployment (.platform/*hooks/postdeploy). The platform brings the agent and
tells it of the log files it knows; it does so anew in each deployment, by `fetch-config`, which
drops whatever else was said. So ours is appended each time, and only where it is not there already:
the agent is started anew by it. What it is sent meanwhile is kept (figures) or lost for some
seconds (traces).

Two things the agent's own defaults would do are said otherwise: it listens for figures at every
address (translator/translate/otel/receiver/tcplog), and the platform sends the log of the process
`web` alone (elastic-beanstalk-roadmap, issue 225): those of the others went with their instance.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import click

from deploy import procfile

FIGURES = "tcp://127.0.0.1:25888"  # METRICS_URL=emf+tcp://127.0.0.1:25888
TRACES = "127.0.0.1:4318"  # TRACES_URL=otlp+http://127.0.0.1:4318
LOGS = "aws:elasticbeanstalk:cloudwatch:logs"
Options = Mapping[str, Mapping[str, str]]  # by namespace


class AgentError(Exception):
    """Why the agent takes nothing, and what that means."""


def configuration(
    environment: str,
    options: Options,
    *,
    processes: Collection[str],
    known: Collection[str] = (),
) -> dict[str, Any]:
    """What the agent is to do besides. `known` are files, or patterns, that it sends already.

    Log groups are called as the platform calls its own. Those of figures are named by the figures
    themselves (apps/ops/metrics/emf.py).
    """
    logs: dict[str, Any] = {"metrics_collected": {"emf": {"service_address": FIGURES}}}
    asked = options.get(LOGS, {})
    files = [f"/var/log/{name}.stdout.log" for name in processes]
    if asked.get("StreamLogs", "false").lower() == "true":
        logs["logs_collected"] = {
            "files": {
                "collect_list": [
                    {
                        "file_path": path,
                        "log_group_name": f"/aws/elasticbeanstalk/{environment}{path}",
                        "log_stream_name": "{instance_id}",
                        "retention_in_days": int(asked.get("RetentionInDays", "7")),
                    }
                    for path in files
                    if not any(fnmatch(path, pattern) for pattern in known)
                ]
            }
        }
    return {"logs": logs, "traces": {"traces_collected": {"otlp": {"http_endpoint": TRACES}}}}


@dataclass(frozen=True, slots=True)
class Agent:
    """The agent in the folder that it is installed in."""

    folder: Path

    @property
    def control(self) -> Path:
        return self.folder / "bin" / "amazon-cloudwatch-agent-ctl"

    def known(self) -> set[str]:
        """The files, or patterns of files, that others have it send."""
        found = set()
        for path in self._taken.parent.glob("*.json"):
            if path != self._taken:
                found |= _files(json.loads(path.read_text()))
        return found

    def take(self, wanted: Mapping[str, Any]) -> bool:
        """Append it, and start the agent anew. False where it has just that. Raises AgentError."""
        text = json.dumps(wanted, indent=1, sort_keys=True)
        if self._taken.exists() and self._taken.read_text() == text:
            return False
        given = self.folder / "etc" / "desk.json"
        given.write_text(text)
        append = ["-a", "append-config", "-m", "ec2", "-s", "-c", f"file:{given}"]
        try:
            _run([str(self.control), *append])
        except AgentError:
            # What was refused would be taken for given, and refused with all others, the next time.
            self._taken.with_suffix(".json.tmp").unlink(missing_ok=True)
            raise
        return True

    @property
    def _taken(self) -> Path:
        """Where `append-config` leaves what it was given: by the last part of its name."""
        return self.folder / "etc" / "amazon-cloudwatch-agent.d" / "file_desk.json"


def configure(agent: Agent, get_config: Path) -> str:
    """What was done, in a word, for the version in whose folder this runs. Raises AgentError."""
    if not agent.control.exists():
        raise AgentError("it is not installed")
    environment = _run([str(get_config), "container", "-k", "environment_name"]).strip()
    options = json.loads(_run([str(get_config), "optionsettings"]))
    wanted = configuration(
        environment, options, processes=procfile.processes(), known=agent.known()
    )
    return "told" if agent.take(wanted) else "as it was"


def _files(configuration: Mapping[str, Any]) -> set[str]:
    found = configuration.get("logs", {}).get("logs_collected", {}).get("files", {})
    return {each["file_path"] for each in found.get("collect_list", ())}


def _run(words: list[str]) -> str:
    done = subprocess.run(  # noqa: S603 - our own words
        words, capture_output=True, text=True, check=False
    )
    if done.returncode:
        said = f"{done.stdout}{done.stderr}".strip()
        raise AgentError(f"{Path(words[0]).name} {words[1]} {words[2:3]}: {said}")
    return done.stdout


@click.command(help=__doc__)
@click.option("--agent", type=click.Path(path_type=Path), required=True, help="its folder")
@click.option("--get-config", type=click.Path(path_type=Path), required=True, help="a program")
def main(agent: Path, get_config: Path) -> None:
    # Never a reason to stop a deployment: an instance without it serves customers as well, and a
    # version that mends something would be kept back. What is missing then tells of it: a canary
    # without figures is not promoted unless a person says so, and the alarm `no-figures` rings.
    try:
        click.echo(f"CloudWatch agent: {configure(Agent(agent), get_config)}")
    except (AgentError, OSError, ValueError) as error:
        click.echo(f"NO FIGURES AND TRACES OF THIS INSTANCE: CloudWatch agent: {error}", err=True)


if __name__ == "__main__":
    main()
