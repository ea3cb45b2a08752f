"""Where the desk writes, publishes and looks after its articles."""

from apps.knowledge.admin import articles

__all__ = ["articles"]
