"""What the desk keeps of its own: views of the queue, and counts that facts keep."""

from apps.desk.models.counters import DayCount, Place, Tally
from apps.desk.models.views import DeskPreference, SavedView

__all__ = ["DayCount", "DeskPreference", "Place", "SavedView", "Tally"]
