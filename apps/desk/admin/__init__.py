"""The agent's desk: the queue, the workspace of one ticket, and what the desk is set up with."""

from apps.desk.admin import queue, reference, replies

__all__ = ["queue", "reference", "replies"]
