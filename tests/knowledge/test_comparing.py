"""Two texts beside each other."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from apps.knowledge.comparing import Line, compare, is_different, words


def kinds(before: str, after: str) -> list[str]:
    return [line.kind for line in compare(before, after)]


def told(line: Line, without: str) -> str:
    return "".join(segment.text for segment in line.segments if segment.kind != without)


def test_a_changed_word_is_marked_within_its_line() -> None:
    (line,) = compare("Free up to £800 a month.", "Free up to £1,000 a month.")

    assert line.kind == "changed"
    assert [s.text for s in line.segments if s.kind == "removed"] == ["800"]
    assert [s.text for s in line.segments if s.kind == "added"] == ["1,000"]


def test_lines_that_are_not_alike_go_and_come_whole() -> None:
    assert kinds("One thing", "Completely different words") == ["removed", "added"]


def test_a_new_line_is_added_and_a_lost_one_removed() -> None:
    assert kinds("a\nb", "a\nb\nc") == ["same", "same", "added"]
    assert kinds("a\nb", "a") == ["same", "removed"]


def test_what_is_far_from_a_change_is_skipped() -> None:
    text = "\n".join(f"line {n}" for n in range(20))
    lines = compare(text, text.replace("line 10", "line ten"))

    assert [line.kind for line in lines].count("same") == 4
    assert sum(line.count for line in lines if line.kind == "skipped") == 15


def test_equal_texts_have_no_difference() -> None:
    assert not is_different(compare("a\nb\nc\nd", "a\nb\nc\nd"))
    assert is_different(compare("a", "b"))


def test_markup_is_text() -> None:
    (line,) = compare("", "<script>alert(1)</script>")

    assert told(line, "removed") == "<script>alert(1)</script>"


@given(st.text(), st.text())
def test_both_texts_can_be_read_from_the_words(before: str, after: str) -> None:
    segments = words(before, after)

    assert "".join(s.text for s in segments if s.kind != "added") == before
    assert "".join(s.text for s in segments if s.kind != "removed") == after


@given(st.lists(st.sampled_from("abcd ")), st.lists(st.sampled_from("abcd ")))
def test_both_texts_can_be_read_from_the_lines(old: list[str], new: list[str]) -> None:
    lines = compare("\n".join(old), "\n".join(new))
    hidden = sum(line.count for line in lines if line.kind == "skipped")
    before = [told(line, "added") for line in lines if line.kind not in {"added", "skipped"}]
    after = [told(line, "removed") for line in lines if line.kind not in {"removed", "skipped"}]

    assert len(before) + hidden == len("\n".join(old).splitlines())
    assert len(after) + hidden == len("\n".join(new).splitlines())


def test_a_very_long_line_is_told_whole() -> None:
    before, after = "a " * 3000, "b " * 3000

    assert [s.kind for s in words(before, after)] == ["removed", "added"]
