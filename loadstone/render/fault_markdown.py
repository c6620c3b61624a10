"""The manual pages of faults as Markdown: a page each, and an index."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from loadstone.model.fault_page import FaultPage

__all__ = ["fault_index", "fault_markdown", "paragraphs"]

WRITTEN = "<!-- Written by scripts/faults.py from loadstone/diagnose/faults; do not edit. -->"

INDEX = """\
# Faults

{written}

What `loadstone diagnose` looks for, in this order. Each page says what the fault is, what evidence it needs, how it is
cured, and when the judgement is wrong; it is the docstring of the file that judges, so the two cannot differ. In the
terminal: `loadstone faults`, or `loadstone faults n-plus-one` for one of them.

The cases are hand-written runs that hold a judge: the *guilty* must be named, the *solved* (the same after the cure)
and the *lookalikes* (what a hasty judge falls for) must be left alone.

| fault | what it is | needs | guilty | solved | lookalike |
|---|---|---|--:|--:|--:|
"""

KINDS = ("guilty", "solved", "lookalike")


def fault_index(pages: Sequence[FaultPage], cases: dict[str, dict[str, int]]) -> str:
    """``docs/faults/README.md``. ``cases`` counts them by code and kind."""
    rows = [
        f"| [{page.code}]({page.code}.md) | {_cell(_definition(page.title))} | {_cell(', '.join(page.needs))} |"
        f" {' | '.join(str(cases.get(page.code, {}).get(kind, 0)) for kind in KINDS)} |"
        for page in pages
    ]
    return INDEX.format(written=WRITTEN) + "\n".join(rows) + "\n"


def fault_markdown(page: FaultPage, cases: dict[str, int]) -> str:
    """``docs/faults/<code>.md``. ``cases`` counts the fault's cases by kind."""
    return "\n".join(_lines(page, cases)) + "\n"


def _lines(page: FaultPage, cases: dict[str, int]) -> Iterator[str]:
    yield f"# {_prose(page.title.partition(':')[0])}"
    yield ""
    yield WRITTEN
    yield ""
    yield f"{_sentence(_definition(page.title))} The code is `{page.code}`; [all faults](README.md)."
    for heading, body in page.sections.items():
        yield ""
        yield f"## {heading}"
        for literal, text in paragraphs(body):
            yield ""
            if literal:
                yield f"```text\n{text}\n```"
            else:
                yield _prose(text)
    yield ""
    yield "## What it is judged by"
    yield ""
    yield f"Needs: {', '.join(page.needs)}. Where one is missing, the fault is told as not looked for."
    if page.limits:
        yield ""
        yield "| limit | value |"
        yield "|---|--:|"
        for limit in page.limits:
            shown = f"{limit.value:g}" if isinstance(limit.value, float) else str(limit.value)
            yield f"| `{limit.name}` | {_cell(shown)} |"
        for _, text in paragraphs(page.reasons):
            yield ""
            yield _prose(text)
    yield ""
    counted = [f"{cases.get(kind, 0)} {kind}" for kind in KINDS]
    folder = f"tests/cases/{page.code.replace('-', '_')}"
    yield f"Held by {counted[0]}, {counted[1]} and {counted[2]} cases in [{folder}](../../{folder})."


def paragraphs(body: str) -> Iterator[tuple[bool, str]]:
    """Paragraphs of a docstring, each with whether it is an example to be kept line by line (what follows ``::``)."""
    literal: list[str] = []
    for part in body.split("\n\n"):
        lines = part.splitlines()
        if lines and all(line.startswith("    ") or not line for line in lines):
            literal.append("\n".join(line.removeprefix("    ") for line in lines))
            continue
        if literal:
            yield True, "\n\n".join(literal)
            literal = []
        if part.strip():
            yield False, re.sub(r" ?::$", ":" if not part.rstrip().endswith(" ::") else "", part.rstrip())
    if literal:
        yield True, "\n\n".join(literal)


def _definition(title: str) -> str:
    """What stands after the fault's name in its first line."""
    name, _, said = title.partition(":")
    return (said or name).strip()


def _sentence(text: str) -> str:
    return _prose(text[:1].upper() + text[1:] + ("" if text.endswith(".") else "."))


def _prose(text: str) -> str:
    """Double backticks around code become single ones; what Markdown would obey outside of code is escaped."""
    parts = re.split(r"``(.+?)``", text, flags=re.DOTALL)
    return "".join(
        f"`{part}`" if place % 2 else re.sub(r"[*<]|(?<!\w)_|_(?!\w)", r"\\\g<0>", part)
        for place, part in enumerate(parts)
    )


def _cell(text: str) -> str:
    return _prose(" ".join(text.split())).replace("|", "\\|")
