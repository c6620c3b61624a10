"""What the demo shows: a finding, its fix proved, and what will hold it. Its JSON."""

from __future__ import annotations

from typing import Literal

import msgspec

from loadstone.model.comparison import Comparison
from loadstone.model.finding import Finding
from loadstone.model.run import Summary

__all__ = ["Demonstration"]


class Demonstration(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``demo --json``. ``fault`` is what the shop was told to do wrong and ``cure`` the code that its absence stands
    for. ``summary`` is of the bare run over all journeys, ``finding`` what was named in the observed one; the
    comparison, its guardrail's lines and whether the loop is ``closed`` follow where there was something to prove.
    ``sentence`` is the answer."""

    format: Literal[1]
    fault: str
    cure: str
    summary: Summary
    sentence: str
    finding: Finding | None = None
    comparison: Comparison | None = None
    guardrail: str | None = None
    closed: bool = False
