"""What the desk keeps of its own: views and counts, saved replies, drafts and mentions."""

from apps.desk.models.counters import DayCount, Place, Tally
from apps.desk.models.drafts import Draft, DraftFile, Mention
from apps.desk.models.replies import SavedReply
from apps.desk.models.views import DeskPreference, SavedView

__all__ = [
    "DayCount",
    "DeskPreference",
    "Draft",
    "DraftFile",
    "Mention",
    "Place",
    "SavedReply",
    "SavedView",
    "Tally",
]
