"""A change judged by its guardrails: any that validly fails makes it a fail, else any that is invalid makes it invalid,
else any that is undecided makes it undecided, else it is a pass.

Counters come first: they are counted request by request in one observed run a side, so one that fails is known before
any pair is run, and nothing about noise can excuse it.
"""

from __future__ import annotations

from collections.abc import Sequence

from loadstone.guard.cause import cause_of, new_finding
from loadstone.guard.judge import by_count, judge, metric_of, unmeasured
from loadstone.guard.objective import CandidateRun, judge_objective
from loadstone.model.comparison import Comparison
from loadstone.model.finding import Diagnosis
from loadstone.model.guard_words import name_of
from loadstone.model.guardrail import GateReport, GateVerdict, Guard, GuardResult
from loadstone.model.run import Caveat
from loadstone.model.slo import Slo

__all__ = ["EXITS", "gate", "settled", "verdict_of"]

EXITS: dict[GateVerdict, int] = {"pass": 0, "fail": 1, "undecided": 3, "invalid": 4}
"""What the command line answers with."""

ORDER: tuple[GateVerdict, ...] = ("fail", "invalid", "undecided", "pass")


def verdict_of(results: Sequence[GuardResult]) -> GateVerdict:
    """The verdict over all guards; without any, undecided: nothing was held."""
    found = {one.verdict for one in results}
    return next((verdict for verdict in ORDER if verdict in found), "undecided")


def settled(comparison: Comparison, guards: Sequence[Guard], *, every: bool = False) -> str | None:
    """Why nothing is left to measure at this look, None while something is: a guardrail fails, or all that pairs can
    decide are decided. ``every`` asks for the latter even where one fails.

    Objectives do not count here: their intervals do not allow for looking again and again, so they are judged once,
    at the end.
    """
    results = [
        judge(guard, metric, comparison)
        for guard in guards
        if guard.kind != "slo" and (metric := metric_of(guard, comparison)) is not None
    ]
    failed = next((one for one in results if one.verdict == "fail"), None)
    if not comparison.pairs:
        return None if failed is None or every else failed.sentence
    if failed is not None and not every:
        return failed.sentence
    open_ = [one for one in results if one.verdict == "undecided" and not by_count(one.guard)]
    held = [one for one in results if not by_count(one.guard)]
    return "Every guardrail is decided." if held and not open_ else None


def gate(
    comparison: Comparison,
    guards: Sequence[Guard],
    *,
    slos: Sequence[Slo] = (),
    base_runs: Sequence[CandidateRun] = (),
    candidate_runs: Sequence[CandidateRun] = (),
    diagnoses: tuple[Diagnosis | None, Diagnosis | None] = (None, None),
    ended: bool = False,
    missing: str = "",
    base: str = "",
    candidate: str = "",
) -> GateReport:
    """The report on a change.

    ``base_runs`` and ``candidate_runs`` are those of the judged pairs; ``diagnoses`` those of the observed runs, base
    first; ``ended`` says that the gate stopped at its counters, so that only these are told; ``missing`` is why
    counters could not be had, where they could not.
    """
    results: list[GuardResult] = []
    caveats = list(comparison.caveats)
    for guard in _counters_first(guards):
        if ended and not by_count(guard):
            continue
        told = _judged(guard, comparison, slos, base_runs, candidate_runs, missing)
        if told is None:
            caveats.append(_left_out(guard, missing))
        else:
            results.append(told)
    if ended:
        caveats = [*(one for one in caveats if one.code != "decided-early"), _ENDED]
    verdict = verdict_of(results)
    deciding = _deciding(results, comparison, verdict)
    worse = verdict in ("fail", "undecided") and deciding is not None
    return GateReport(
        format=1,
        experiment=comparison.experiment or "",
        verdict=verdict,
        sentence=_sentence(verdict, deciding, results),
        decided_by=None if deciding is None else name_of(deciding.guard),
        results=tuple(results),
        comparison=comparison,
        cause=cause_of(deciding.guard, comparison.moved) if worse and deciding is not None else None,
        found=new_finding(deciding.guard, *diagnoses) if verdict == "fail" and deciding is not None else None,
        caveats=tuple(caveats),
        spent_s=comparison.design.spent_s,
        base=base,
        candidate=candidate,
    )


def _counters_first(guards: Sequence[Guard]) -> list[Guard]:
    return sorted(guards, key=lambda guard: not by_count(guard))


def _judged(
    guard: Guard,
    comparison: Comparison,
    slos: Sequence[Slo],
    base_runs: Sequence[CandidateRun],
    candidate_runs: Sequence[CandidateRun],
    missing: str,
) -> GuardResult | None:
    """The result; None for a default that has nothing to look at, which the spec did not ask for."""
    if guard.kind == "slo":
        slo = next(one for one in slos if one.name == guard.metric)
        return judge_objective(guard, slo, base_runs, candidate_runs)
    metric = metric_of(guard, comparison)
    if metric is not None:
        return judge(guard, metric, comparison)
    if by_count(guard) and guard.line is None:
        return None
    return unmeasured(guard, missing if by_count(guard) and missing else _why_not(comparison))


def _why_not(comparison: Comparison) -> str:
    return comparison.vetoed[0].rstrip(".") if comparison.vetoed else "neither side's runs have it"


def _left_out(guard: Guard, missing: str) -> Caveat:
    return Caveat(
        "guardrail-left-out",
        "note",
        (),
        f"{name_of(guard)} could not be counted{f': {missing}' if missing else ''}, so that default is not held.",
        "Let Loadstone start both sides, so that an observed run can count; or write [guardrails] yourself.",
    )


_ENDED = Caveat(
    "ended-at-counters",
    "note",
    (),
    "A counter fails, which no further run can change: no pairs were run.",
    "--all measures the other guardrails too.",
)


def _deciding(results: Sequence[GuardResult], comparison: Comparison, verdict: GateVerdict) -> GuardResult | None:
    """The first with that verdict; of a pass, the one whose metric the comparison judges, else one with an interval."""
    of_verdict = [one for one in results if one.verdict == verdict]
    if verdict != "pass":
        return of_verdict[0] if of_verdict else None
    judged = {metric.label for metric in comparison.metrics if metric.judged}
    ranked = sorted(of_verdict, key=lambda one: (name_of(one.guard) not in judged, one.guard.kind != "relative"))
    return ranked[0] if ranked else None


def _sentence(verdict: GateVerdict, deciding: GuardResult | None, results: Sequence[GuardResult]) -> str:
    """The answer: verdict, how many guardrails it is about, and the number that decided."""
    if deciding is None:
        return "Undecided: there was nothing to hold; write [guardrails] or [[slo]] in the spec."
    count, total = sum(one.verdict == verdict for one in results), len(results)
    if verdict == "pass":
        many = "the guardrail holds" if total == 1 else f"all {total} guardrails hold"
        return f"Pass: {many}; {deciding.sentence}"
    more = f" {count} of {total} guardrails {_PLURAL[verdict]}." if count > 1 else ""
    return f"{verdict.capitalize()}: {deciding.sentence}{more}"


_PLURAL: dict[GateVerdict, str] = {"fail": "fail", "undecided": "are undecided", "invalid": "are invalid"}
