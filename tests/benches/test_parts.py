"""A benchmark writes its own part of the page and leaves the others alone."""

from __future__ import annotations

from pathlib import Path

from benches.parts import put


def test_a_part_is_added_and_replaced_and_the_others_stay(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    put("one", "# One\n\nfirst\n", page)
    put("two", "## Two \\1", page)
    assert page.read_text() == (
        "<!-- part: one -->\n# One\n\nfirst\n<!-- end: one -->\n\n<!-- part: two -->\n## Two \\1\n<!-- end: two -->\n"
    )
    put("one", "# One\n\nsecond", page)
    assert "first" not in page.read_text()
    assert page.read_text().count("second") == 1
    assert page.read_text().endswith("## Two \\1\n<!-- end: two -->\n")
