from __future__ import annotations

from apps.events.envelope import Envelope
from apps.events.registry import subscriber
from apps.kernel.storage import store
from apps.knowledge.events import ArticleImageRemoved


@subscriber(ArticleImageRemoved)
def delete_the_bytes(event: Envelope) -> None:
    """Deleting what is gone already is no error, so it may run again."""
    store().erase(ArticleImageRemoved.read(event).key)
