"""An article's Markdown to HTML that is safe to show: own images, anchors, contents. Pure.

Like apps.kernel.markup, with two things more: headings can be linked to, and images are shown if
they are the article's own. A picture from anywhere else would tell its owner who reads what, and
when: it becomes a link.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token

from apps.kernel import markup

# Kept beside every revision: raise it whenever the rules below or those of the kernel change, so
# that old rows can be found and rendered anew from their source.
SANITISER_VERSION = 1
IMAGE_PATH = "/help/images/{ref}/"

_IMAGE = re.compile(r"(?:image:|/help/images/)([0-9a-hjkmnp-tv-z]{16})/?")
_SHIFT = {"h1": "h2", "h2": "h2", "h3": "h3", "h4": "h4", "h5": "h5", "h6": "h6"}
_IN_CONTENTS = {"h2": 2, "h3": 3}
_ANCHOR_LIMIT = 60  # characters
_TAGS = set(markup.TAGS - {"h1"}) | {"img"}
_ATTRIBUTES = {
    "a": {"href", "title"},
    "ol": {"start"},
    "img": {"src", "alt", "title", "loading"},
    **{f"h{level}": {"id"} for level in range(2, 7)},
}
_WORDS = {"text", "code_inline", "image"}
_ID = re.compile(r"h-[\w-]+")

_markdown = MarkdownIt(
    "commonmark", {"html": False, "linkify": True, "breaks": False, "typographer": False}
).enable(["table", "strikethrough", "linkify"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """`contents` are the headings that a table of contents shows: level (2, 3), anchor, text."""

    html: str
    contents: tuple[tuple[int, str, str], ...]


def render(source: str, *, images: frozenset[str]) -> Rendered:
    """`source` as safe HTML; `images` are the refs of those that it may show. Total.

    The page's title is its only first heading, so those of the text begin at the second level.
    """
    tokens = _markdown.parse(source)
    contents = _name_headings(tokens)
    for token in tokens:
        if token.children:
            token.children = _with_own_images(token.children, images)
    dirty = _markdown.renderer.render(tokens, _markdown.options, {})
    return Rendered(html=_sanitise(dirty, images), contents=tuple(contents))


def image_refs(source: str) -> set[str]:
    """The refs that a text asks for, whether or not there are such images."""
    return set(_IMAGE.findall(source))


def anchor_of(text: str, taken: set[str]) -> str:
    """An id for a heading, unlike those before it: letters and digits of any script."""
    plain = unicodedata.normalize("NFKC", text).lower()
    words = "-".join(re.findall(r"\w+", plain))[:_ANCHOR_LIMIT].strip("-") or "part"
    anchor, number = f"h-{words}", 2
    while anchor in taken:
        anchor, number = f"h-{words}-{number}", number + 1
    taken.add(anchor)
    return anchor


def _name_headings(tokens: Sequence[Token]) -> list[tuple[int, str, str]]:
    contents, taken = [], set[str]()
    for place, token in enumerate(tokens):
        if token.type not in {"heading_open", "heading_close"}:
            continue
        token.tag = _SHIFT[token.tag]
        if token.type == "heading_open":
            text = _text_of(tokens[place + 1])
            anchor = anchor_of(text, taken)
            token.attrSet("id", anchor)
            if token.tag in _IN_CONTENTS and text:
                contents.append((_IN_CONTENTS[token.tag], anchor, text))
    return contents


def _text_of(inline: Token) -> str:
    shown = (child.content for child in inline.children or () if child.type in _WORDS)
    return " ".join("".join(shown).split())


def _with_own_images(children: Sequence[Token], images: frozenset[str]) -> list[Token]:
    kept: list[Token] = []
    for child in children:
        if child.type != "image":
            kept.append(child)
            continue
        found = _IMAGE.fullmatch(str(child.attrs.get("src", "")))
        if found and found[1] in images:
            child.attrSet("src", IMAGE_PATH.format(ref=found[1]))
            child.attrSet("loading", "lazy")
            kept.append(child)
        else:
            kept.extend(_as_link(child))
    return kept


def _as_link(image: Token) -> list[Token]:
    """What isn't ours is not loaded: its words stay, as a link if it leads anywhere."""
    address = str(image.attrs.get("src", ""))
    words = Token("text", "", 0, content=_text_of(image) or address)
    if not address.lower().startswith(("http://", "https://")):
        return [words]
    return [
        Token("link_open", "a", 1, attrs={"href": address}),
        words,
        Token("link_close", "a", -1),
    ]


def _sanitise(dirty: str, images: frozenset[str]) -> str:
    own = {IMAGE_PATH.format(ref=ref) for ref in images}

    def checked(tag: str, attribute: str, value: str) -> str | None:
        if tag == "img" and attribute == "src":
            return value if value in own else None
        if attribute == "id":
            return value if _ID.fullmatch(value) else None
        return value

    return nh3.clean(
        dirty,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        attribute_filter=checked,
        url_schemes=set(markup.SCHEMES),
        link_rel=markup.LINK_REL,
    )
