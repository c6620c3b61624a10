"""A fault's manual page."""

from __future__ import annotations

import msgspec

__all__ = ["HEADINGS", "FaultPage", "Limit"]

HEADINGS = ("What it sees", "Why it hurts", "Evidence it needs", "Example", "Cure", "When it is wrong")
"""Every page's sections, in this order."""


class Limit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A number that the judgement turns on."""

    name: str
    value: float | int | str


class FaultPage(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``title`` is its first line, without the full stop. ``sections`` by heading, in the order of HEADINGS, as plain
    paragraphs with double backticks around code. ``reasons`` say where the limits come from."""

    code: str
    title: str
    sections: dict[str, str]
    needs: tuple[str, ...]
    limits: tuple[Limit, ...]
    reasons: str
