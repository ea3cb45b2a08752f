"""The house's rules that no linter knows. Each is shown to catch what it forbids."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest
from django.contrib import admin
from unfold.admin import ModelAdmin

from apps.accounts.guarded import GuardedAdmin
from apps.knowledge.models import Article
from apps.tickets.models import Ticket

ROOT = Path(__file__).resolve().parents[2]
LINES_A_FILE, LINES_A_FUNCTION = 500, 60
WRITES = {
    "abulk_create", "acreate", "adelete", "asave", "aupdate",
    "bulk_create", "bulk_update", "create", "delete",
    "aget_or_create", "aupdate_or_create", "get_or_create", "save", "save_base", "update",
    "update_or_create",
}  # fmt: skip
# Sets have such methods too: these write rows when they are called on a relation.
RELATION_WRITES = {"add", "clear", "remove", "set"}
RELATIONS = {"groups", "members", "tags", "teams", "user_permissions"}
RAW = {"execute", "executemany", "copy"}
# Modules besides actions that write rows, and why.
WRITERS = {
    "apps/events/journal.py": "facts: its rows are its own",
    "apps/events/relay.py": "deliveries: its rows are its own",
    "apps/events/stream/sending.py": "likewise: what the stream has had",
    "apps/insights/figures/database.py": "figures, which facts make: no domain rows",
    "apps/accounts/throttle.py": "counts attempts, which are no domain rows",
    "apps/accounts/managers.py": "createsuperuser, Django's own command",
    "apps/kernel/storage/folder.py": "saves and deletes files, which are no rows",
    "apps/kernel/compiled.py": "runs a queryset's SELECT, whose SQL is made once",
    "apps/kernel/postgresql/patience.py": "settings of a connection, which are no rows",
    "apps/ops/chores.py": "when a chore is due, which is no domain row",
    "apps/ops/doctor/keeping.py": "writes a row and takes it back, to see whether it can",
    "apps/ops/doctor/safety.py": "asks the database for the time",
    "apps/ops/health.py": "asks the database whether it is there",
    "apps/ops/release.py": "an advisory lock, which is no row",
    "apps/search/adapters/base.py": "the index, which is made from rows and is none",
    "apps/search/adapters/postgresql.py": "likewise",
    "apps/search/adapters/sqlite.py": "likewise",
    "apps/search/people.py": "asks by trigrams, which the ORM doesn't know",
}
# Classes with such methods that are no models, and why.
NO_MODELS = {
    "apps/kernel/storage/__init__.py": "what Django's storages have, in words",
    "apps/kernel/storage/s3.py": "a storage of Django's, which has delete()",
    "apps/accounts/cached_sessions.py": "Django's sessions: a copy goes with each",
    "apps/ops/caches/redis.py": "a cache's, which has no rows",
}
# Where a library is loaded late, and why.
LATE = {
    "apps/ops/apps.py": "models are there only when it is called",
    "apps/kernel/aws.py": "AWS's, which an embedded desk never needs",
    "project/env.py": "likewise",
    "deploy/sqsd.py": "PyYAML, for cron.yaml: containers have neither, relays tick the chores",
}
# Who may call a cache: everything else names an entry of the first.
CACHING = {
    "apps/kernel/caching.py",
    "apps/ops/caches/__init__.py",
    "apps/ops/doctor/keeping.py",  # asks each cache whether it keeps
}
# These have such methods and are no rows.
HARMLESS = {
    *("cache", "caches[self.cache]", "guards()", "catalog", "digest", "fresh", "form"),
    *("default_storage", "formset", "line", "store()", "storage()"),
    *("_choosers", "_handlers", "_subscriptions"),
}


def sources() -> list[Path]:
    folders = ("apps", "project", "demo", "deploy")
    files = (path for folder in folders for path in (ROOT / folder).rglob("*.py"))
    return sorted(path for path in files if "migrations" not in path.parts)


def where(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def may_write(path: Path) -> bool:
    name = where(path)
    in_actions = "/actions/" in name or name.endswith("/actions.py")
    return in_actions or name in WRITERS or not name.startswith("apps/")


def row_writes(tree: ast.AST) -> Iterator[int]:
    """Lines that call a method that writes rows, on anything not known to be harmless."""
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        of, verb = ast.unparse(node.func.value), node.func.attr
        on_rows = verb in WRITES and of not in HARMLESS and not of.startswith("super()")
        on_relation = verb in RELATION_WRITES and of.rpartition(".")[2] in RELATIONS
        raw = verb in RAW and "cursor" in of
        if on_rows or on_relation or raw:
            yield node.lineno


def signal_uses(tree: ast.AST) -> Iterator[int]:
    for node in ast.walk(tree):
        names = [alias.name for alias in node.names] if isinstance(node, ast.ImportFrom) else []
        of = node.module or "" if isinstance(node, ast.ImportFrom) else ""
        if "signals" in of or "receiver" in names or "Signal" in names:
            yield node.lineno  # type: ignore[attr-defined]


def save_overrides(tree: ast.AST) -> Iterator[int]:
    for owner in ast.walk(tree):
        if isinstance(owner, ast.ClassDef):
            for node in owner.body:
                if isinstance(node, ast.FunctionDef) and node.name in {"save", "delete"}:
                    yield node.lineno


def late_imports(tree: ast.AST) -> Iterator[int]:
    for owner in ast.walk(tree):
        if isinstance(owner, (ast.FunctionDef, ast.AsyncFunctionDef)):
            for node in ast.walk(owner):
                if isinstance(node, (ast.Import, ast.ImportFrom)):
                    yield node.lineno


def cache_calls(tree: ast.AST) -> Iterator[int]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            names = {alias.name for alias in node.names}
            hidden = node.module == "django.core" and "cache" in names
            if (node.module or "").startswith("django.core.cache") or hidden:
                yield node.lineno
            if names & {"cache_page", "caches"}:
                yield node.lineno
        elif isinstance(node, ast.Import):
            yield from (
                node.lineno for alias in node.names if alias.name.startswith("django.core.cache")
            )


def long_functions(tree: ast.AST) -> Iterator[int]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > LINES_A_FUNCTION:
                yield node.lineno


RULES = {
    "only actions write rows": row_writes,
    "only actions write relations": row_writes,
    "only actions write SQL": row_writes,
    "no signals": signal_uses,
    "no save() overrides": save_overrides,
    "no imports inside functions": late_imports,
    "only the list of what is cached calls a cache": cache_calls,
    "no long functions": long_functions,
}
PLANTED = {
    "only actions write rows": "def view(request):\n    Ticket.objects.filter(pk=1).update(x=1)",
    "only actions write relations": "def view(user):\n    user.groups.set([1])",
    "only actions write SQL": "def view(cursor):\n    cursor.execute('DELETE FROM x')",
    "no signals": "from django.db.models.signals import post_save",
    "no save() overrides": "class Ticket:\n    def save(self):\n        pass",
    "no imports inside functions": "def f():\n    import os",
    "only the list of what is cached calls a cache": "from django.core.cache import cache",
    "no long functions": "def f():\n" + "    x = 1\n" * 61,
}


@pytest.mark.parametrize("rule", RULES)
def test_the_house_keeps_the_rule(rule: str) -> None:
    broken = [
        f"{where(path)}:{line}"
        for path in sources()
        if not (rule.startswith("only actions") and may_write(path))
        if not (rule == "no imports inside functions" and where(path) in LATE)
        if not (rule == "no save() overrides" and where(path) in NO_MODELS)
        if not (rule.startswith("only the list") and where(path) in CACHING)
        for line in RULES[rule](ast.parse(path.read_text()))
    ]

    assert broken == []


@pytest.mark.parametrize("rule", RULES)
def test_the_rule_catches_what_it_forbids(rule: str) -> None:
    assert list(RULES[rule](ast.parse(PLANTED[rule])))


@pytest.mark.parametrize(
    "page", [a for a in admin.site._registry.values() if isinstance(a, GuardedAdmin)], ids=str
)
def test_admin_pages_that_save_call_actions(page: GuardedAdmin) -> None:
    if page.model in {Article, Ticket}:
        return  # their views are our own: Django's never run
    if page.may_add or page.may_change:
        assert type(page).save_model is not ModelAdmin.save_model
    if page.inlines and (page.may_add or page.may_change):
        assert type(page).save_formset is not ModelAdmin.save_formset


def test_no_file_is_long() -> None:
    lengths = {path: len(path.read_text().splitlines()) for path in sources()}

    assert {path: length for path, length in lengths.items() if length > LINES_A_FILE} == {}


EXCEPTIONS: tuple[tuple[Iterable[str], Callable[[ast.AST], Iterator[int]]], ...] = (
    (WRITERS, row_writes),
    (LATE, late_imports),
    (NO_MODELS, save_overrides),
    (CACHING, cache_calls),
)


def test_every_exception_still_is_one() -> None:
    for names, rule in EXCEPTIONS:
        for name in names:
            assert list(rule(ast.parse((ROOT / name).read_text()))), name


@pytest.mark.parametrize(
    ("where", "text", "told"),
    [
        ("apps/extra/__init__.py", "", "extra"),
        ("apps/kernel/planted.py", "import apps.tickets.models\n", "Apps only import downwards"),
        ("apps/tickets/planted.py", "import project.settings\n", "Nobody imports the project"),
        ("apps/tickets/planted.py", "import apps.events.models\n", "Only the journal"),
    ],
)
def test_the_layers_are_kept(tmp_path: Path, where: str, text: str, told: str) -> None:
    for folder in ("apps", "project", "demo"):
        shutil.copytree(
            ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__", "data")
        )
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    planted = tmp_path / where
    planted.parent.mkdir(exist_ok=True)
    planted.write_text(text)

    linter = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(
        [linter, "--no-cache"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert done.returncode != 0
    assert told in done.stdout + done.stderr
