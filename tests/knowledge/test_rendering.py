"""An article's Markdown: what lives, which images load, where headings lead."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.knowledge.rendering import render
from tests.kernel.test_markup import _ALIVE, HOSTILE

OWN, FOREIGN = "0123456789abcdef", "fedcba9876543210"
IMAGES = frozenset({OWN})
_SHOWN = re.compile(r'<img[^>]*\ssrc="([^"]*)"')


def shown(source: str) -> list[str]:
    """Where the images of a text are loaded from."""
    return _SHOWN.findall(render(source, images=IMAGES).html)


@pytest.mark.parametrize(
    "source", [f"![A screen](image:{OWN})", f"![A screen](/help/images/{OWN}/)"]
)
def test_shows_its_own_images(source: str) -> None:
    html = render(source, images=IMAGES).html

    assert shown(source) == [f"/help/images/{OWN}/"]
    assert 'alt="A screen"' in html


@pytest.mark.parametrize(
    "source",
    [
        "![x](https://evil.example/pixel.png)",
        "![x](//evil.example/pixel.png)",
        "![x](http://127.0.0.1/admin/logout/)",
        "![x](data:image/svg+xml;base64,PHN2Zz4=)",
        "![x](javascript:alert(1))",
        f"![x](image:{FOREIGN})",
        f"![x](/help/images/{FOREIGN}/)",
        f"![x](/help/images/{OWN}/../../../admin/logout/)",
        f"![x](https://evil.example/help/images/{OWN}/)",
        f"![x](image:{OWN}?x=1)",
        f"![x](image:{OWN}#x)",
        "![x](/files/0123456789abcdef/)",
        "![x][r]\n\n[r]: https://evil.example/pixel.png",
        f'<img src="/help/images/{OWN}/" onerror="alert(1)">',
        "<img src=https://evil.example/pixel.png>",
        '<picture><source srcset="https://evil.example/x"></picture>',
        f"![![x](https://evil.example/y)](image:{FOREIGN})",
        "[![x](https://evil.example/y)](https://evil.example/z)",
    ],
)
def test_loads_nothing_else(source: str) -> None:
    assert shown(source) == []
    assert not _ALIVE.search(render(source, images=IMAGES).html)


def test_a_foreign_image_becomes_a_link() -> None:
    html = render("![A **map**](https://elsewhere.example/map.png)", images=IMAGES).html

    assert '<a href="https://elsewhere.example/map.png"' in html
    assert ">A map</a>" in html


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_hostile_lives(text: str) -> None:
    assert not _ALIVE.search(render(text, images=IMAGES).html)


@given(st.text())
def test_whatever_is_written_nothing_lives(text: str) -> None:
    html = render(f"# {text}\n\n![{text}]({text})\n\n{text}", images=IMAGES).html

    assert not _ALIVE.search(html)
    assert set(_SHOWN.findall(html)) <= {f"/help/images/{OWN}/"}


@pytest.mark.parametrize(
    ("source", "contents"),
    [
        ("# One\n\n### Two\n\n#### Four", [(2, "h-one", "One"), (3, "h-two", "Two")]),
        ("## Same\n\n## Same", [(2, "h-same", "Same"), (2, "h-same-2", "Same")]),
        ("## `Code` & <b>", [(2, "h-code-b", "Code & <b>")]),
        ("## بطاقة", [(2, "h-بطاقة", "بطاقة")]),
        ("## !!!", [(2, "h-part", "!!!")]),
        ("no headings", []),
    ],
)  # fmt: skip
def test_headings_are_named_in_order(source: str, contents: list[tuple[int, str, str]]) -> None:
    rendered = render(source, images=IMAGES)

    assert list(rendered.contents) == contents
    for level, anchor, _text in contents:
        assert f'<h{level} id="{anchor}">' in rendered.html


def test_the_title_is_the_only_first_heading() -> None:
    assert "<h1" not in render("# Title again\n\nTitle\n=====", images=IMAGES).html


def test_tables_and_links_are_shown_as_meant() -> None:
    html = render("| a | b |\n|--|--|\n| 1 | [x](/help/) |", images=IMAGES).html

    assert "<td>1</td>" in html
    assert 'href="/help/"' in html
