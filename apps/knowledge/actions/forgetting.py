from __future__ import annotations

from apps.accounts.models import User
from apps.knowledge.models import Article, Feedback


def forget_person(user: User) -> None:
    """Take a person's words about articles away, and the articles that they looked after.

    What they wrote as an author stays, under no name; so does whether an article helped them.
    """
    Feedback.objects.filter(user=user).update(user=None, comment="")
    Article.objects.filter(owner=user).update(owner=None)
