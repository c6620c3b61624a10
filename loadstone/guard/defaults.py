"""Which guards a gate holds: those of the spec, or where it has none, the defaults."""

from __future__ import annotations

from collections.abc import Sequence

from loadstone.model.counted import COUNTERS
from loadstone.model.guard_metric import parse_guard
from loadstone.model.guard_words import name_of
from loadstone.model.guardrail import Guard, Guardrails, guard_of
from loadstone.model.slo import Slo

__all__ = ["DEFAULTS", "guards_of", "margins_of"]

DEFAULTS = {"statements": "+0", "errors": "+0.1%", "p95 response": "5%"}
"""What is held beside the objectives where the spec has no ``[guardrails]`` (docs/gate.md)."""


def guards_of(guardrails: Guardrails, slos: Sequence[Slo]) -> tuple[Guard, ...]:
    """The guards in the order in which they are told. A default has no line."""
    if guardrails.guards:
        return guardrails.guards
    return (*map(guard_of, slos), *(parse_guard(name, text) for name, text in DEFAULTS.items()))


def margins_of(guards: Sequence[Guard]) -> dict[str, float]:
    """The margin that a comparison is judged by, by the label of its metric (``p95 response of browse.detail``): a
    ratio, or a difference in the metric's unit. Counts that are held to a ratio are not among them: a comparison holds
    counts to differences, and the guard looks at its interval."""
    return {
        name_of(guard): guard.margin
        for guard in guards
        if guard.kind != "slo" and not (guard.kind == "relative" and guard.metric in COUNTERS)
    }
