"""The bank's articles: read from demo/articles, and stored through the desk's own actions."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from django.core.files.base import File
from django.db import transaction

from apps.accounts.access import actor_for
from apps.accounts.models import User
from apps.kernel.actors import ANONYMOUS, Actor
from apps.kernel.references import ref_from
from apps.knowledge import actions, pictures
from apps.knowledge.models import Article, Feedback, KnowledgeCategory
from apps.tickets.models import Ticket
from demo.desk import HERE, PICTURES, Desk

ARTICLES = HERE / "articles"
PUBLISHER = "priya"
_PICTURE = "(picture:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A later revision: `new` stands where `old` stood before."""

    by: str
    days: int
    note: str
    new: str
    old: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One file. `text` is the newest; `days` and the like count back from the demo's end."""

    title: str
    text: str
    category: str
    by: str
    days: int
    summary: str = ""
    audience: str = "public"
    views: int = 0
    helpful: int = 0
    unhelpful: int = 0
    draft: bool = False
    scheduled_in: int = 0
    review_in: int | None = None
    helps_with: str = ""  # a category of tickets
    written_for: str = ""  # likewise
    said: tuple[tuple[str, str, str], ...] = ()  # helpful or not, who (or nobody), a comment
    revised: tuple[Change, ...] = field(default=())

    def texts(self) -> list[str]:
        """What each revision said, the first one first."""
        texts = [self.text]
        for change in reversed(self.revised):
            if change.new not in texts[0]:
                raise ValueError(f"{self.title}: {change.new!r} is not in its text")
            texts.insert(0, texts[0].replace(change.new, change.old, 1))
        return texts


def read() -> Iterator[Told]:
    """Every article, oldest first."""
    told = (_told(path.read_text(encoding="utf-8")) for path in sorted(ARTICLES.glob("*.md")))
    yield from sorted(told, key=lambda one: -one.days)


def _told(text: str) -> Told:
    _start, head, body = text.split("+++\n", 2)
    table = tomllib.loads(head)
    table["revised"] = tuple(Change(**change) for change in table.get("revised", ()))
    table["said"] = tuple(tuple(said) for said in table.get("said", ()))
    return Told(text=body.strip(), **table)


@transaction.atomic
def load_articles(desk: Desk, *, end: datetime, seed: int) -> int:
    """Store the articles. The people of the desk's own file are there already."""
    emails = {person.email: key for key, person in desk.people.items()}
    users = User.objects.select_related("organisation").filter(email__in=emails)
    librarian = _Librarian({emails[user.email]: user for user in users}, end, seed)
    librarian.shelve()
    articles = list(read())
    for told in articles:
        librarian.store(told)
    return len(articles)


class _Librarian:
    def __init__(self, users: Mapping[str, User], end: datetime, seed: int) -> None:
        self.end, self.random = end, Random(seed)  # noqa: S311 - the same demo again
        self.actors = {key: actor_for(user) for key, user in users.items()}
        self.categories: dict[str, KnowledgeCategory] = {}

    def shelve(self) -> None:
        shelf = tomllib.loads((ARTICLES / "shelf.toml").read_text(encoding="utf-8"))
        for position, (slug, table) in enumerate(shelf.items()):
            self.categories[slug] = actions.save_category(
                category=None,
                slug=slug,
                name=table["name"],
                description=table["description"],
                icon=table["icon"],
                parent=self.categories[table["parent"]] if "parent" in table else None,
                position=position,
                actor=self.actors[PUBLISHER],
                now=self.end - timedelta(days=330),
            )

    def store(self, told: Told) -> None:
        first, *later = told.texts()
        written = self.end - timedelta(days=told.days, hours=3)
        article = self._draft(told, first, written)
        if told.draft:
            return
        if told.scheduled_in:
            at = (self.end + timedelta(days=told.scheduled_in)).replace(hour=8, minute=0, second=0)
            lead = self.actors[PUBLISHER]
            actions.schedule(article=article, at=at, actor=lead, now=self.end)
            return
        article = self._publish(article, told.by, written + timedelta(hours=2))
        if told.review_in is not None:
            review_on = self.end.date() + timedelta(days=told.review_in)
            by = self.actors[told.by]
            actions.set_review(article=article, review_on=review_on, actor=by, now=written)
        for change, text in zip(told.revised, later, strict=True):
            article = self._revise(article, told, change, text)
        self._read(article, told)

    def _draft(self, told: Told, text: str, now: datetime) -> Article:
        actor = self.actors[told.by]
        ticket = self._ticket(told.written_for, before=now)
        article = actions.draft(
            title=told.title,
            summary=told.summary,
            source=re.sub(r"!\[[^\]]*\]\(picture:.*\)\n", "", text),
            category=self.categories[told.category],
            audience=told.audience,
            origin=f"ticket:{ticket.pk}" if ticket else "",
            actor=actor,
            now=now,
        )
        if _PICTURE in text:
            article = self._illustrate(article, told, text, actor, now)
        helped = self._ticket(told.helps_with, before=self.end)
        if helped is not None:
            actions.link(article=article, target=f"ticket:{helped.pk}", actor=actor, now=self.end)
            article.refresh_from_db()
        return article

    def _illustrate(
        self, article: Article, told: Told, text: str, actor: Actor, now: datetime
    ) -> Article:
        """A picture can be added once there is an article: so comes the second revision."""
        return actions.revise(
            article=article,
            title=told.title,
            summary=told.summary,
            source=self._with_picture(article, text, actor, now),
            note="With a picture",
            actor=actor,
            now=now + timedelta(minutes=20),
        )

    def _with_picture(self, article: Article, text: str, actor: Actor, now: datetime) -> str:
        before, _, rest = text.partition(_PICTURE)
        if not rest:
            return text
        name, _, after = rest.partition(")")
        image = article.images.filter(name=name).first()
        if image is None:
            with (
                (PICTURES / name).open("rb") as file,
                pictures.stored(File(file, name=name)) as kept,
            ):
                image = actions.add_image(article=article, stored=kept, actor=actor, now=now)
        return f"{before}(image:{image.ref}){after}"

    def _revise(self, article: Article, told: Told, change: Change, text: str) -> Article:
        now, actor = self.end - timedelta(days=change.days, hours=4), self.actors[change.by]
        article = actions.revise(
            article=article,
            title=told.title,
            summary=told.summary,
            source=self._with_picture(article, text, actor, now),
            note=change.note,
            actor=actor,
            now=now,
        )
        return self._publish(article, change.by, now + timedelta(hours=2))

    def _publish(self, article: Article, by: str, now: datetime) -> Article:
        actor = self.actors[by]
        lead = actor if actor.can("publish_articles") else self.actors[PUBLISHER]
        return actions.publish(article=article, actor=lead, now=now)

    def _read(self, article: Article, told: Told) -> None:
        """Those who only said yes or no are stored at once, as the demo's tickets are (ADR 14)."""
        for verdict, who, comment in told.said:
            actions.rate(
                article=article,
                is_helpful=verdict == "yes",
                comment=comment,
                actor=self.actors[who] if who else ANONYMOUS,
                browser="" if who else ref_from(self.random.getrandbits(80)),
                now=self._moment(told),
            )
        votes = [True] * told.helpful + [False] * told.unhelpful
        rows = [self._vote(article, vote, self._moment(told)) for vote in votes]
        Feedback.objects.bulk_create(rows)
        article.refresh_from_db(fields=["helpful", "unhelpful"])
        Article.objects.filter(pk=article.pk).update(
            views=told.views,
            helpful=article.helpful + told.helpful,
            unhelpful=article.unhelpful + told.unhelpful,
        )

    def _vote(self, article: Article, vote: bool, at: datetime) -> Feedback:
        browser = ref_from(self.random.getrandbits(80))
        return Feedback(
            article=article, browser=browser, is_helpful=vote, created_at=at, updated_at=at
        )

    def _moment(self, told: Told) -> datetime:
        return self.end - timedelta(days=told.days) * self.random.random()

    def _ticket(self, category: str, *, before: datetime) -> Ticket | None:
        """A solved one of this category, if the demo is large enough to have one."""
        if not category:
            return None
        solved = Ticket.objects.filter(
            category__slug=category,
            status_category__in=["resolved", "closed"],
            raised_at__lt=before,
        )
        return solved.order_by("-pk").first()
