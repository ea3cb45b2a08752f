"""PostgreSQL as the desk wants it: through a pool, with limits (ADR 43)."""

from __future__ import annotations

from typing import Any

from project import env


def postgresql(parsed: dict[str, Any]) -> dict[str, Any]:
    """Django's entry of a database, from what its URL says."""
    # Milliseconds. Whoever waits longer for a lock, or works longer at a page, is in others' way.
    limits = {
        "statement_timeout": 1000 * env.number("STATEMENT_SECONDS", 30, least=1, most=3600),
        "lock_timeout": 1000 * env.number("LOCK_SECONDS", 5, least=1, most=600),
        "idle_in_transaction_session_timeout": 60_000,
    }
    options = parsed.get("OPTIONS", {}) | {
        "options": " ".join(f"-c {name}={limit}" for name, limit in limits.items()),
        # A server that fails over says no goodbye: its silence has to be noticed.
        "connect_timeout": 5,
        "keepalives_idle": 30,
        "keepalives_interval": 5,
        "keepalives_count": 3,
        "tcp_user_timeout": 15_000,
    }
    # RDS keeps the password in a secret, which it changes by itself.
    password = env.changing("DATABASE_PASSWORD", parsed["PASSWORD"])
    entry = parsed | {
        "ENGINE": "apps.kernel.postgresql",
        "PASSWORD": password(),
        "NEWEST_PASSWORD": password,
        "OPTIONS": options,
    }
    # Connections of a process; 0 where something else pools them: then each thread keeps its own.
    connections = env.number("DATABASE_POOL", 8, least=0, most=100)
    if not connections:
        return entry | {"CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}
    patience = env.number("DATABASE_PATIENCE_SECONDS", 5, least=1, most=60)
    options["pool"] = {
        "min_size": 0,
        "max_size": connections,
        "timeout": patience,
        # It tries at growing distances: begun anew, so that nobody waits in vain for a server that
        # is back after a long time.
        "reconnect_timeout": patience,
        "max_idle": 300,
        "max_lifetime": 3600,
    }
    return entry
