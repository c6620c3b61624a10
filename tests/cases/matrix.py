"""Every story of every fault before the whole diagnosis: who is named, who cries wolf, who is named first."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib import import_module
from types import ModuleType

from loadstone.diagnose.diagnosis import diagnose
from loadstone.diagnose.faults import FAULTS
from loadstone.model.finding import Diagnosis
from tests.scenes import Story

__all__ = ["KINDS", "Case", "Score", "case_module", "cases", "diagnosed", "scores"]

KINDS = ("guilty", "solved", "lookalike")


@dataclass(frozen=True)
class Case:
    """A story of a fault's folder. ``also`` are other faults that are truly there."""

    fault: str
    kind: str
    story: Callable[[], Story]
    also: frozenset[str]
    module: ModuleType

    @property
    def name(self) -> str:
        return f"{self.fault}-{self.kind}-{self.story.__name__}"

    @property
    def guilty(self) -> bool:
        return self.kind == "guilty"


@dataclass
class Score:
    """Of one fault: guilty stories, how many of them it was named in and named first in (or after another that is truly
    there), claims that other stories' authors marked as truly there too, and the stories in which it was named without
    being there."""

    guilty: int = 0
    named: int = 0
    first: int = 0
    innocent: int = 0
    marked: int = 0
    wolf: list[str] = field(default_factory=list)

    @property
    def recall(self) -> float | None:
        return self.named / self.guilty if self.guilty else None

    @property
    def precision(self) -> float | None:
        told = self.named + len(self.wolf)
        return self.named / told if told else None


def cases() -> Iterator[Case]:
    """All of them. ``ALSO`` of a module names other faults that its stories truly have, by story or for all."""
    for fault in FAULTS:
        for kind in KINDS:
            module = case_module(fault, kind)
            also = getattr(module, "ALSO", ())
            for story in module.CASES:
                told = also.get(story.__name__, ()) if isinstance(also, dict) else also
                yield Case(fault, kind, story, frozenset(told), module)


def case_module(fault: str, kind: str) -> ModuleType:
    """The module with a fault's cases of a kind."""
    return import_module(f"tests.cases.{fault.replace('-', '_')}.{kind}")


def diagnosed(case: Case, *, predictions: int = 0) -> Diagnosis:
    """The whole diagnosis of a story, with its gains predicted where asked."""
    return diagnose(*case.story().told(), predictions=predictions)


def scores(told: Iterator[tuple[Case, Diagnosis]]) -> dict[str, Score]:
    """By fault, over all the stories: a finding above "info" is a claim."""
    found = {fault: Score() for fault in FAULTS}
    for case, diagnosis in told:
        claims = [finding.fault for finding in diagnosis.findings if finding.severity != "info"]
        for fault in FAULTS:
            score = found[fault]
            if case.guilty and case.fault == fault:
                score.guilty += 1
                score.named += fault in claims
                score.first += bool(claims) and fault in claims and claims[0] in {fault, *case.also}
            elif fault in case.also:
                score.marked += fault in claims
            else:
                score.innocent += 1
                if fault in claims:
                    score.wolf.append(case.name)
    return found
