"""What must not get worse: the spec's guardrails, and what a gate says of a change."""

from __future__ import annotations

from typing import Literal

import msgspec

from loadstone.model.comparison import Comparison, Moved
from loadstone.model.finding import Finding
from loadstone.model.run import Caveat
from loadstone.model.slo import Slo

__all__ = ["GateReport", "GateVerdict", "Guard", "GuardKind", "GuardResult", "Guardrails", "guard_of"]

GuardKind = Literal["slo", "relative", "counter"]
GateVerdict = Literal["pass", "fail", "undecided", "invalid"]


class Guard(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One guardrail. ``kind``: ``slo`` (the candidate meets the objective named ``metric``), ``relative`` (the metric
    may become worse by the factor ``margin``, 1.05), ``counter`` (may grow by ``margin``, in its own unit). ``text``
    is how the spec writes it, ``line`` where (from 1)."""

    name: str
    kind: GuardKind
    metric: str
    margin: float
    journey: str | None = None
    step: str | None = None
    text: str = ""
    line: int | None = None


class Guardrails(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``[guardrails]``. Empty guards: the defaults of docs/gate.md."""

    guards: tuple[Guard, ...] = ()


def guard_of(slo: Slo) -> Guard:
    """The guard that holds an objective."""
    return Guard(slo.name, "slo", slo.name, 0.0, slo.journey, slo.step, slo.objective.text)


class GuardResult(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One guardrail judged. ``value`` with ``low`` and ``high`` is a ratio, a difference in ``unit`` or an objective's
    own value; ``limit`` what it is held to. ``sentence`` says it; ``settle`` what would decide it, where undecided."""

    guard: Guard
    verdict: GateVerdict
    a: float | None
    b: float | None
    value: float | None
    low: float | None
    high: float | None
    limit: float
    unit: str
    sentence: str
    settle: str | None = None


class GateReport(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``gate.json``. ``sentence`` is the answer, ``decided_by`` the name of the guardrail that made the verdict;
    ``cause`` the operation that moved most in what failed; ``found`` a fault of the candidate that the base has not."""

    format: Literal[1]
    experiment: str
    verdict: GateVerdict
    sentence: str
    decided_by: str | None
    results: tuple[GuardResult, ...]
    comparison: Comparison
    cause: Moved | None = None
    caveats: tuple[Caveat, ...] = ()
    spent_s: float | None = None
    base: str = ""
    candidate: str = ""
    found: Finding | None = None
