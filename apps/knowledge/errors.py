"""What an action on an article may refuse, with codes that clients may depend on."""

from __future__ import annotations

from apps.kernel.errors import DomainError


class StaleArticleError(DomainError):
    code = "article.changed-meanwhile"
    status = 409
    message = (
        "Somebody changed this article while you were working on it. Your text is kept: look at"
        " what they changed, then save again."
    )


class TitleRefusedError(DomainError):
    code = "article.title"
    message = "Give it a title of 1 to 200 characters."


class EmptyArticleError(DomainError):
    code = "article.empty"
    message = "Write the article first."


class ArticleTooLongError(DomainError):
    code = "article.too-long"
    status = 413
    message = "This is too long for one article. Split it into several."


class CategoryMissingError(DomainError):
    code = "article.category-missing"
    status = 409
    message = "Choose a category first: readers look for articles there."


class DateRefusedError(DomainError):
    code = "article.date"
    message = "Choose a time in the future."


class StateRefusedError(DomainError):
    code = "article.state-refused"
    status = 409


class TranslationRefusedError(DomainError):
    code = "article.translation"
    message = "Choose an original in another language that is no translation itself."


class LinkRefusedError(DomainError):
    code = "article.link"
    message = "This is nothing that an article can be linked to."


class ImageRefusedError(DomainError):
    code = "article.image"
    status = 413


class RatingRefusedError(DomainError):
    code = "article.rating"
    message = "Only articles that are out can be rated."


class CategoryRefusedError(DomainError):
    code = "article.category"
    message = "Categories stand on two levels: this one can't stand below that one."
