"""Every change of articles and what belongs to them is one of these verbs."""

from apps.knowledge.actions.drafting import draft, restore, revise
from apps.knowledge.actions.images import add_image, remove_image
from apps.knowledge.actions.placing import link, place, save_category, unlink
from apps.knowledge.actions.publishing import publish, publish_due, retire, schedule, unschedule
from apps.knowledge.actions.reading import count_spared, count_view, rate
from apps.knowledge.actions.reviewing import set_review, tell_review

__all__ = [
    "add_image",
    "count_spared",
    "count_view",
    "draft",
    "link",
    "place",
    "publish",
    "publish_due",
    "rate",
    "remove_image",
    "restore",
    "retire",
    "revise",
    "save_category",
    "schedule",
    "set_review",
    "tell_review",
    "unlink",
    "unschedule",
]
