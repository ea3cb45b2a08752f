from __future__ import annotations

from django.core.files.storage import default_storage

from apps.events.envelope import Envelope
from apps.events.registry import subscriber
from apps.knowledge.events import ArticleImageRemoved


@subscriber(ArticleImageRemoved)
def delete_the_bytes(event: Envelope) -> None:
    """Deleting what is gone already is no error, so it may run again."""
    default_storage.delete(ArticleImageRemoved.read(event).key)
