"""What readers say about an article, and what its writers enter."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.knowledge.actions.reading import COMMENT_LIMIT


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
