"""The agent's desk: the queue, the workspace of one ticket, and what the desk is set up with."""

from apps.desk.admin import availability, queue, reference, replies

__all__ = ["availability", "queue", "reference", "replies"]
