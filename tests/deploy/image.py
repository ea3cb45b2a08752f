"""A Dockerfile read without Docker, and what would go into an image."""

from __future__ import annotations

import fnmatch
import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Step:
    """One instruction: `stage` counts from 0, `word` is in capitals."""

    stage: int
    word: str
    said: str


def steps(text: str) -> list[Step]:
    """Lines that end in a backslash go on; comments are left out."""
    kept = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    found, stage = [], -1
    for line in re.sub(r"\\\n\s*", "", kept).splitlines():
        word, _, said = line.strip().partition(" ")
        if not word:
            continue
        stage += word.upper() == "FROM"
        found.append(Step(stage, word.upper(), said.strip()))
    return found


def said(found: list[Step], word: str) -> str:
    """What the last one of its kind says. Raises LookupError where there is none."""
    for step in reversed(found):
        if step.word == word:
            return step.said
    raise LookupError(word)


def command(found: list[Step]) -> list[str]:
    parts: list[str] = json.loads(said(found, "CMD"))
    return parts


def complaints(text: str) -> Iterator[str]:  # noqa: C901, PLR0912 - a table, with one branch a rule
    """A line for each thing that an image should not be."""
    found = steps(text)
    last = max(step.stage for step in found)
    bases = dict(re.findall(r"^ARG (\w+)=(\S+)$", text, re.MULTILINE))
    users = [step.said for step in found if (step.stage, step.word) == (last, "USER")]
    for step in found:
        if step.word == "FROM":
            base = step.said.split(" ")[0]
            base = bases.get(base.strip("${}"), base)
            named = base in {s.said.rpartition(" AS ")[2] for s in found if s.word == "FROM"}
            if not named and not re.search(r":\d+\.\d+\.\d+[\w.-]*(@sha256:|$)", base):
                yield f"{base} is another image tomorrow"
        if step.word == "ADD":
            yield "ADD fetches and unpacks: COPY says what it does"
        if step.word in {"ENV", "ARG"} and re.search(r"(?i)secret|password|token", step.said):
            yield f"{step.said} would be readable in the image"
        if step.word == "RUN" and "pip install" in step.said:
            for flag in ("--require-hashes", "--only-binary :all:"):
                if flag not in step.said:
                    yield f"pip without {flag}"
        if step.word == "RUN" and re.search(r"\b(sudo|curl|wget)\b|chmod [0-7]*7\b", step.said):
            yield f"{step.said}: not in an image of ours"
        if step.word in {"CMD", "HEALTHCHECK", "ENTRYPOINT"} and "[" not in step.said:
            yield f"{step.word} starts a shell, which keeps signals to itself"
        if step.stage == last and step.word == "COPY" and "--from=" not in step.said:
            yield "the last stage takes files that no stage has prepared"
        if step.stage == last and step.word == "COPY" and "--chown" in step.said:
            yield "the desk could change itself"
    if not users or not re.fullmatch(r"[1-9]\d*(:[1-9]\d*)?", users[-1]):
        yield "it runs as root, or as somebody whom nobody can tell from root"
    if last < 2:  # packages, the desk, and what is left of both
        yield "what builds it is in it"
    if not any(step.word == "HEALTHCHECK" for step in found):
        yield "nobody sees how it is"


def context(ignore: str, to: Path, root: Path = ROOT) -> None:
    """Copy what `COPY . .` would find. Only for a file that names what goes in, as ours does."""
    lines = [line for line in ignore.splitlines() if line and not line.startswith("#")]
    if lines[0] != "*":
        raise ValueError("everything goes in that is not named: begin with *")
    out = [line.removeprefix("**/") for line in lines[1:] if not line.startswith("!")]

    def left_out(_folder: str, names: list[str]) -> set[str]:
        return {name for name in names for pattern in out if fnmatch.fnmatch(name, pattern)}

    for name in (line[1:] for line in lines if line.startswith("!")):
        target = to / name
        if (root / name).is_dir():
            shutil.copytree(root / name, target, ignore=left_out)
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(root / name, target)
