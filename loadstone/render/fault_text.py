"""The manual pages of faults on the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from loadstone.model.fault_page import FaultPage
from loadstone.render.fault_markdown import paragraphs
from loadstone.render.text import plain, table, wrapped

__all__ = ["fault_list", "fault_text"]

INDENT = 4


def fault_list(pages: Sequence[FaultPage], width: int = 100) -> str:
    """Every fault's code and title, a line each where it fits."""
    if not pages:
        return "no faults"
    room = max(len(page.code) for page in pages) + 2
    return "\n".join(page.code.ljust(room) + wrapped(_said(page.title), width, room)[room:] for page in pages)


def fault_text(page: FaultPage, width: int = 100) -> str:
    """One fault's page: its sections as they stand in its file, then its limits and where each comes from."""
    return "\n".join(_lines(page, width)).rstrip()


def _lines(page: FaultPage, width: int) -> Iterator[str]:
    yield page.code
    yield wrapped(_said(page.title), width, 0)
    for heading, body in page.sections.items():
        yield ""
        yield heading
        for at, (literal, text) in enumerate(paragraphs(body)):
            if at:
                yield ""
            yield _literal(text) if literal else wrapped(_said(text), width, INDENT)
    if page.needs:
        yield ""
        yield "Needs"
        yield wrapped(", ".join(page.needs), width, INDENT)
    if page.limits:
        yield ""
        yield "Limits"
        rows = [(limit.name, f"{limit.value:g}" if isinstance(limit.value, float) else str(limit.value))
                for limit in page.limits]  # fmt: skip
        yield from (" " * INDENT + line for line in table(rows, left=(0,)))
        yield ""
        for at, (_, text) in enumerate(paragraphs(page.reasons)):
            if at:
                yield ""
            yield wrapped(_said(text), width, INDENT)


def _literal(text: str) -> str:
    """An example, line by line."""
    return "\n".join(f"{' ' * (INDENT + 4)}{plain(line)}".rstrip() for line in text.splitlines())


def _said(text: str) -> str:
    return plain(" ".join(text.replace("``", "").split()))
