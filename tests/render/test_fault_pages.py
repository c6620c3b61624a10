"""Manual pages on the terminal and in docs/: the same words, and none of them stale."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from loadstone.model.fault_page import FaultPage, Limit
from loadstone.render.fault_markdown import fault_index, fault_markdown, paragraphs
from loadstone.render.fault_text import fault_list, fault_text

ROOT = Path(__file__).parents[2]

PAGE = FaultPage(
    code="odd-fault",
    title="Odd fault: ``n_items`` are *read*, all <of> them",
    sections={
        "What it sees": "Rows that ``SELECT *`` reads,\none after another.\n\nAnd more.",
        "Example": "A table::\n\n    SELECT a\n      FROM b\n\n    SELECT c\n\nAfter it \x1b[31m.",
    },
    needs=("spans", "plans"),
    limits=(Limit("cost_share", 0.05), Limit("repeats", 5), Limit("words", "a, b|c")),
    reasons="``repeats`` as Sentry has it.",
)


def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("faults_script", ROOT / "scripts" / "faults.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_written_pages_are_not_stale() -> None:
    written = {path.name: path.read_text("utf-8") for path in (ROOT / "docs" / "faults").glob("*.md")}
    made = script().pages()
    assert set(written) == set(made), "run: make docs"
    assert [name for name in made if written[name] != made[name]] == [], "run: make docs"


def test_an_example_is_told_apart_from_prose() -> None:
    assert list(paragraphs(PAGE.sections["Example"])) == [
        (False, "A table:"),
        (True, "SELECT a\n  FROM b\n\nSELECT c"),
        (False, "After it \x1b[31m."),
    ]
    assert list(paragraphs("Such ::\n\n    x")) == [(False, "Such"), (True, "x")]
    assert list(paragraphs("")) == []


def test_a_page_in_markdown() -> None:
    text = fault_markdown(PAGE, {"guilty": 3, "solved": 1})
    assert text.startswith("# Odd fault\n")
    assert "\n`n_items` are \\*read\\*, all \\<of> them. The code is `odd-fault`" in text
    assert "\nRows that `SELECT *` reads,\none after another.\n\nAnd more.\n" in text
    assert "\nA table:\n\n```text\nSELECT a\n  FROM b\n\nSELECT c\n```\n" in text
    assert "| `cost_share` | 0.05 |\n| `repeats` | 5 |\n| `words` | a, b\\|c |" in text
    assert "Held by 3 guilty, 1 solved and 0 lookalike cases" in text


def test_an_index_in_markdown() -> None:
    text = fault_index([PAGE], {"odd-fault": {"guilty": 3, "solved": 1, "lookalike": 7}})
    assert (
        "| [odd-fault](odd-fault.md) | `n_items` are \\*read\\*, all \\<of> them | spans, plans | 3 | 1 | 7 |" in text
    )


@pytest.mark.parametrize("width", [40, 100])
def test_a_page_on_the_terminal(width: int) -> None:
    text = fault_text(PAGE, width)
    lines = text.splitlines()
    assert lines[:2] == ["odd-fault", "Odd fault: n_items are *read*, all <of>" if width == 40 else lines[1]]
    assert all(len(line) <= width for line in lines)
    assert "        SELECT a\n          FROM b\n\n        SELECT c\n" in text
    assert "\x1b" not in text
    assert "    cost_share    0.05\n    repeats          5" in text


def test_the_list_on_the_terminal() -> None:
    assert fault_list([PAGE]) == "odd-fault  Odd fault: n_items are *read*, all <of> them"
    assert fault_list([]) == "no faults"
