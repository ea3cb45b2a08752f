"""The small forms beside an article: each is one of the domain's actions."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.contrib.auth.models import Permission as DjangoPermission
from django.db.models import Q
from django.http import QueryDict
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.kernel.actors import Actor
from apps.kernel.errors import NotFoundError
from apps.knowledge import access, actions, policies
from apps.knowledge.forms import PlaceForm
from apps.knowledge.models import Article, ArticleImage

Text = str | Promise
State = Article.State


class Panel(forms.Form):
    """A form about one article. `version` is the article as the reader of the page saw it."""

    name: ClassVar[str]
    title: ClassVar[Text]
    button: ClassVar[Text]
    done: ClassVar[Text]
    hint: ClassVar[Text] = ""
    is_grave: ClassVar[bool] = False
    is_main: ClassVar[bool] = False

    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, data: QueryDict | None = None, *, article: Article, actor: Actor) -> None:
        known = {"version": article.version, **self.initial_for(article)}
        super().__init__(data, initial=known, auto_id=f"{self.name}-%s")
        self.article, self.actor = article, actor
        self.prepare()

    @classmethod
    def shown(cls, article: Article, actor: Actor) -> bool:
        """Whether it makes sense for this article, and is allowed."""
        return cls.allowed(article, actor)

    @classmethod
    def allowed(cls, article: Article, actor: Actor) -> bool:  # noqa: ARG003
        return policies.can_write(actor)

    @classmethod
    def initial_for(cls, article: Article) -> dict[str, object]:  # noqa: ARG003
        return {}

    def prepare(self) -> None:
        """Fill in what depends on the article."""

    def apply(self, *, now: datetime) -> Article:
        """Do it. Raises the action's errors."""
        raise NotImplementedError

    def refresh(self, article: Article) -> None:
        """Send it again against the article as it is now: its reader has been told of the news."""
        fresh = QueryDict(mutable=True)
        fresh.update(self.data)
        fresh["version"] = str(article.version)
        self.data = fresh

    def common(self, now: datetime) -> dict[str, Any]:
        return {
            "article": self.article,
            "actor": self.actor,
            "now": now,
            "expected_version": self.cleaned_data["version"],
        }


class PublishPanel(Panel):
    name, title, button = "publish", _("Publish"), _("Publish now")
    done = _("Readers see it now.")
    is_main = True

    @classmethod
    def allowed(cls, article: Article, actor: Actor) -> bool:  # noqa: ARG003
        return policies.can_publish(actor)

    @classmethod
    def shown(cls, article: Article, actor: Actor) -> bool:
        is_ahead = article.state != State.PUBLISHED or article.live_id != article.current_id
        return is_ahead and cls.allowed(article, actor)

    def apply(self, *, now: datetime) -> Article:
        return actions.publish(**self.common(now))


class SchedulePanel(PublishPanel):
    name, title, button = "schedule", _("Publish later"), _("Schedule")
    done = _("It goes live by itself then.")
    is_main = False

    at = forms.DateTimeField(
        label=_("When"),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )

    @classmethod
    def initial_for(cls, article: Article) -> dict[str, object]:
        return {"at": timezone.localtime(article.publish_at) if article.publish_at else None}

    def apply(self, *, now: datetime) -> Article:
        return actions.schedule(at=self.cleaned_data["at"], **self.common(now))


class UnschedulePanel(PublishPanel):
    name, title, button = "unschedule", _("Scheduled"), _("Don't publish it then")
    done = _("It waits until somebody publishes it.")
    is_main = False

    @classmethod
    def shown(cls, article: Article, actor: Actor) -> bool:
        return article.publish_at is not None and cls.allowed(article, actor)

    def apply(self, *, now: datetime) -> Article:
        return actions.unschedule(**self.common(now))


class PlacePanel(Panel, PlaceForm):
    name, title, button = "place", _("Where it stands"), _("Save")
    done = _("Saved.")

    translates = forms.ModelChoiceField(
        Article.objects.none(), label=_("Translation of"), required=False
    )
    owner = forms.ModelChoiceField(
        User.objects.none(), label=_("Who looks after it"), required=False, empty_label=_("Nobody")
    )
    field_order = ("category", "audience", "owner", "language", "translates")

    @classmethod
    def allowed(cls, article: Article, actor: Actor) -> bool:
        return policies.can_file(actor, article)

    @classmethod
    def initial_for(cls, article: Article) -> dict[str, object]:
        names = ("category_id", "audience", "language", "translates_id", "owner_id")
        return {name.removesuffix("_id"): getattr(article, name) for name in names}

    def prepare(self) -> None:
        self.fields["owner"].queryset = writers()  # type: ignore[attr-defined]
        if len(settings.LANGUAGES) == 1:
            del self.fields["translates"]
            return
        originals = Article.objects.filter(translates=None).exclude(pk=self.article.pk)
        self.fields["translates"].queryset = originals.order_by("title")  # type: ignore[attr-defined]

    def apply(self, *, now: datetime) -> Article:
        data = self.cleaned_data
        return actions.place(
            category=data["category"],
            audience=data["audience"],
            language=data["language"],
            translates=data.get("translates"),
            owner=data["owner"],
            **self.common(now),
        )


class ReviewPanel(Panel):
    name, title, button = "review", _("Review"), _("I looked through it")
    done = _("Noted.")
    hint = _("An article that nobody looks through grows wrong quietly.")

    review_on = forms.DateField(
        label=_("Look through it again on"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        required=False,
    )

    def apply(self, *, now: datetime) -> Article:
        return actions.set_review(review_on=self.cleaned_data["review_on"], **self.common(now))


class RetirePanel(Panel):
    name, title, button = "retire", _("Retire"), _("Retire the article")
    done = _("Readers no longer see it. Publishing it brings it back.")
    is_grave = True

    @classmethod
    def allowed(cls, article: Article, actor: Actor) -> bool:
        return policies.can_file(actor, article)

    @classmethod
    def shown(cls, article: Article, actor: Actor) -> bool:
        return article.state != State.RETIRED and cls.allowed(article, actor)

    def apply(self, *, now: datetime) -> Article:
        return actions.retire(**self.common(now))


class Beside(Panel):
    """A button beside something that the page lists, not a panel of its own."""

    @classmethod
    def shown(cls, article: Article, actor: Actor) -> bool:  # noqa: ARG003
        return False


class RestorePanel(Beside):
    """On the page of revisions."""

    name, title, button = "restore", _("Restore"), _("Restore")
    done = _("Its text is the newest revision now.")

    number = forms.IntegerField(widget=forms.HiddenInput, min_value=1)

    def apply(self, *, now: datetime) -> Article:
        revision = access.revision_of(self.article, self.cleaned_data["number"])
        return actions.restore(revision=revision, **self.common(now))


class RemoveImagePanel(Beside):
    """Beside each picture."""

    name, title, button = "remove-image", _("Remove"), _("Remove")
    done = _("The picture is deleted.")

    ref = forms.CharField(widget=forms.HiddenInput)

    def apply(self, *, now: datetime) -> Article:
        refs = ArticleImage.objects.filter(article=self.article, ref=self.cleaned_data["ref"])
        image = refs.select_related("article").first()
        if image is None:
            raise NotFoundError
        actions.remove_image(image=image, actor=self.actor, now=now)
        return self.article


class UnlinkPanel(Beside):
    """Beside each ticket that it is linked to."""

    name, title, button = "unlink", _("Unlink"), _("Unlink")
    done = _("The link is gone.")

    target = forms.CharField(widget=forms.HiddenInput, max_length=60)

    def apply(self, *, now: datetime) -> Article:
        target = self.cleaned_data["target"]
        return actions.unlink(article=self.article, target=target, actor=self.actor, now=now)


PANELS: dict[str, type[Panel]] = {
    panel.name: panel
    for panel in (
        PublishPanel,
        SchedulePanel,
        UnschedulePanel,
        PlacePanel,
        ReviewPanel,
        RetirePanel,
        RestorePanel,
        RemoveImagePanel,
        UnlinkPanel,
    )
}


def panels_for(article: Article, actor: Actor, *, instead: Panel | None = None) -> list[Panel]:
    """The panels that this actor may use now; `instead` takes the place of its own kind."""
    return [
        instead
        if instead is not None and instead.name == kind.name
        else kind(article=article, actor=actor)
        for kind in PANELS.values()
        if kind.shown(article, actor)
    ]


def writers() -> Any:
    """Everybody who may look after an article."""
    write = DjangoPermission.objects.filter(codename=Permission.WRITE_ARTICLES)
    held = Q(groups__permissions__in=write) | Q(is_superuser=True)
    people = User.objects.filter(held, is_active=True, is_staff=True)
    return people.distinct().order_by("name", "email")
