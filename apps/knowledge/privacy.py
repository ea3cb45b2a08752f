from __future__ import annotations

from apps.accounts.models import User
from apps.accounts.personal_data import Holder, register
from apps.knowledge.actions.forgetting import forget_person
from apps.knowledge.models import Article, ArticleImage, Feedback, Revision


def export(user: User) -> object:
    """What the person wrote in the knowledge base, and what they said about it."""
    return {
        "revisions written": [
            {
                "article": revision.article.slug,
                "revision": revision.number,
                "title": revision.title,
                "at": revision.created_at.isoformat(),
            }
            for revision in Revision.objects.filter(author=user)
            .select_related("article")
            .order_by("pk")
        ],
        "articles looked after": list(
            Article.objects.filter(owner=user).order_by("pk").values_list("slug", flat=True)
        ),
        "pictures": list(
            ArticleImage.objects.filter(author=user).order_by("pk").values_list("name", flat=True)
        ),
        "ratings": [
            {
                "article": rating.article.slug,
                "helpful": rating.is_helpful,
                "comment": rating.comment,
                "at": rating.updated_at.isoformat(),
            }
            for rating in Feedback.objects.filter(user=user)
            .select_related("article")
            .order_by("pk")
        ],
    }


register(Holder(name="knowledge", export=export, forget=forget_person))
