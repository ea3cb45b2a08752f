"""What readers say about an article, and what its writers enter."""

from __future__ import annotations

from typing import Any, Self

from django import forms
from django.conf import settings
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from apps.kernel.forms import shown_on
from apps.knowledge.actions.placing import check_levels
from apps.knowledge.actions.reading import COMMENT_LIMIT
from apps.knowledge.actions.rows import NOTE_LIMIT, SUMMARY_LIMIT, TEXT_LIMIT, TITLE_LIMIT
from apps.knowledge.models import Article, KnowledgeCategory


class CategoryField(forms.ModelChoiceField):  # type: ignore[type-arg]
    """Categories as they stand: those below under the name of the one above."""

    def __init__(self, **kwargs: Any) -> None:
        rows = KnowledgeCategory.objects.select_related("parent")
        kwargs.setdefault("empty_label", _("None yet"))
        super().__init__(rows.order_by("position", "name"), **kwargs)

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.parent.name} / {obj.name}" if obj.parent else obj.name


class RatingForm(forms.Form):
    """Yes or no by button; a comment when the reader has more to say."""

    helpful = forms.ChoiceField(choices=[("yes", _("Yes")), ("no", _("No"))])
    comment = forms.CharField(
        label=_("What was missing or wrong?"),
        help_text=_("We read this, but can't answer it: raise a request if you need one."),
        max_length=COMMENT_LIMIT,
        widget=forms.Textarea(attrs={"rows": 3}),
        required=False,
    )


class HeadForm(forms.Form):
    """What stands above an article's text."""

    title = forms.CharField(label=_("Title"), max_length=TITLE_LIMIT)
    summary = forms.CharField(
        label=_("Summary"),
        help_text=_("One sentence for lists and search results."),
        max_length=SUMMARY_LIMIT,
        required=False,
    )


class EditorForm(HeadForm):
    """An article's text. `version` and `base` are the article as its writer saw it."""

    source = forms.CharField(
        label=_("Text"),
        help_text=_("Markdown works. Headings become the table of contents."),
        max_length=TEXT_LIMIT,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 22}),
    )
    note = forms.CharField(label=_("What did you change?"), max_length=NOTE_LIMIT, required=False)
    version = forms.IntegerField(widget=forms.HiddenInput)
    base = forms.IntegerField(widget=forms.HiddenInput)

    @classmethod
    def of(cls, article: Article) -> Self:
        """The form with the newest revision in it."""
        newest = article.current
        assert newest is not None
        return cls(
            initial={
                "title": newest.title,
                "summary": newest.summary,
                "source": newest.source,
                "version": article.version,
                "base": newest.number,
            }
        )

    def refresh(self, article: Article) -> None:
        """Save it again over what is there now: its writer has been told what is new."""
        fresh = QueryDict(mutable=True)
        fresh.update(self.data)
        assert article.current is not None
        fresh["version"], fresh["base"] = str(article.version), str(article.current.number)
        self.data = fresh


class PlaceForm(forms.Form):
    """Where an article stands and who reads it."""

    category = CategoryField(label=_("Category"), required=False)
    audience = forms.ChoiceField(label=_("Who reads it"), choices=Article.Audience.choices)
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if len(settings.LANGUAGES) == 1:
            self.fields["language"].widget = forms.HiddenInput()


class DraftForm(HeadForm, PlaceForm):
    """A new article."""

    source = forms.CharField(
        label=_("Text"),
        help_text=_("Markdown works. Pictures can be added once the draft is saved."),
        max_length=TEXT_LIMIT,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 18}),
    )
    field_order = ("title", "summary", "category", "audience", "language", "source")


class ImageForm(forms.Form):
    image = forms.FileField(
        label=_("Picture"),
        help_text=_("PNG, JPEG, GIF or WebP, up to 5 MB."),
        widget=forms.FileInput(attrs={"accept": "image/png,image/jpeg,image/gif,image/webp"}),
    )


class CategoryForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = KnowledgeCategory
        fields = ("name", "slug", "parent", "description", "icon", "position")
        labels = {
            "name": _("Name"),
            "slug": _("Name in addresses"),
            "parent": _("Below"),
            "description": _("Description"),
            "icon": _("Icon"),
            "position": _("Place in the list"),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "parent" in self.fields:  # who may only look has no field
            tops = KnowledgeCategory.objects.filter(parent=None).exclude(pk=self.instance.pk)
            self.fields["parent"].queryset = tops  # type: ignore[attr-defined]

    def clean(self) -> None:
        super().clean()
        with shown_on(self):
            check_levels(self.instance, self.cleaned_data.get("parent"))
