"""Text from people to HTML that is safe to show: Markdown or plain text in, nh3 out. Pure."""

from __future__ import annotations

import html
import re
from typing import Literal

import nh3
from markdown_it import MarkdownIt

Format = Literal["markdown", "plain"]

# Kept beside every rendered message: raise it whenever the rules below change, so that old rows
# can be found and rendered anew from their source.
SANITISER_VERSION = 1

_TAGS = {
    "a", "b", "blockquote", "br", "code", "del", "em", "h1", "h2", "h3", "h4", "h5", "h6",
    "hr", "i", "li", "ol", "p", "pre", "s", "strong", "table", "tbody", "td", "th", "thead",
    "tr", "ul",
}  # fmt: skip
_SCHEMES = {"http", "https", "mailto", "tel"}

# No address is longer, and looking for some in a longer run of characters takes time that grows
# with its square: seconds for one message.
_LONGEST_RUN = 2048
_LONG_RUN = re.compile(rf"\S{{{_LONGEST_RUN + 1}}}")


def _parser(*, linkify: bool) -> MarkdownIt:
    parser = MarkdownIt(
        "commonmark", {"html": False, "linkify": linkify, "breaks": True, "typographer": False}
    ).enable(["table", "strikethrough", "linkify"])
    # Images would load from anywhere and tell the sender when they were read: link to them instead.
    return parser.disable("image")


_markdown = _parser(linkify=True)
_unlinked = _parser(linkify=False)

# Words, and marks that mean nothing in Markdown where they stand: nine messages in ten are only
# that. Lines begin with a letter, so none begins a list, a heading or code; no dot or colon stands
# inside a word, so nothing becomes a link. Possessive: it reads every text once.
_PROSE = re.compile(
    r"[^\W\d_](?:[^\W_]++|[,;?'\u2019…€£$%\u2013—)\-]++|[.](?!\w)| (?!\s|\Z)|\((?=\w)|:(?=\s)"
    r"|\n{1,2}(?=[^\W\d_]))*+"
)


def sanitise(dirty: str) -> str:
    """The safe part of some HTML: no scripts, styles, images, forms, ids, classes or handlers."""
    return nh3.clean(
        dirty,
        tags=_TAGS,
        attributes={"a": {"href", "title"}, "ol": {"start"}},
        url_schemes=_SCHEMES,
        link_rel="noopener noreferrer nofollow ugc",
    )


def render(source: str, form: Format) -> str:
    """`source` as safe HTML. Total: every string gives some HTML, whatever it holds."""
    if form == "plain":
        paragraphs = html.escape(source).replace("\r\n", "\n").strip().split("\n\n")
        return sanitise("".join(f"<p>{p.replace(chr(10), '<br>')}</p>" for p in paragraphs if p))
    if _PROSE.fullmatch(source):
        return _prose(source)
    return render_markdown(source)


def render_markdown(source: str) -> str:
    """The long way, which every text may go."""
    parser = _unlinked if _LONG_RUN.search(source) else _markdown
    return sanitise(parser.render(source))


def _prose(source: str) -> str:
    paragraphs = (part.replace("\n", "<br>\n") for part in source.split("\n\n"))
    return "".join(f"<p>{paragraph}</p>\n" for paragraph in paragraphs)


def excerpt(source: str, length: int) -> str:
    """The first words of a text on one line, at most `length` characters."""
    line = " ".join(source.split())
    if len(line) <= length:
        return line
    return line[: length - 1].rsplit(" ", 1)[0] + "…"


def as_format(text: str) -> Format:
    """A stored format's name as what `render` takes."""
    return "plain" if text == "plain" else "markdown"
