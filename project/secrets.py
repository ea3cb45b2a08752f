"""The signing key of a desk that runs on its embedded defaults: made once, kept in its folder."""

from __future__ import annotations

import os
import secrets
from pathlib import Path


def embedded_secret_key(folder: Path) -> str:
    """The key in `folder`, made on first use.

    Three processes may start at once: each writes a file of its own and links it into place,
    and whoever comes second reads the first one's.
    """
    path = folder / "secret_key"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        draft = folder / f".secret_key.{os.getpid()}"
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(50))
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text()
