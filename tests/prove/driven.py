"""Runs of two sides as the scripted engine drives them: what the engine says of itself is among their caveats."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from loadstone.drive.facts import PlanFacts
from loadstone.drive.fake import Script, scripted
from loadstone.drive.summary import summary_of
from loadstone.drive.tally import StepTally, Tally
from loadstone.model.run import Status
from loadstone.model.side_run import Side, SideRun, StepMeasured
from loadstone.prove.design import order_of
from tests.drive.plans import phase, plan

RATE = 40.0
SECONDS = 12.0


def driven(
    count: int = 6,
    a: Script | None = None,
    b: Script | None = None,
    *,
    scripts: Mapping[tuple[int, str], Script] | None = None,
    stopped: Mapping[tuple[int, str], float] | None = None,
) -> list[SideRun]:
    """Pairs of runs. ``scripts`` are by (pair, side); ``stopped`` ends such a run after so many seconds."""
    runs = []
    for pair, order in enumerate(order_of(count, 1)):
        for which, name in enumerate(order):
            side: Side = "A" if name == "A" else "B"
            script = (scripts or {}).get((pair, side)) or (a if side == "A" else b) or Script()
            end_s = (stopped or {}).get((pair, side))
            runs.append(run_of(side, pair, 2 * pair + which, script, end_s))
    return runs


def run_of(side: Side, pair: int, place: int, script: Script, end_s: float | None = None) -> SideRun:
    """One run; both sides of a pair have the same arrivals and luck of their own."""
    document = plan(
        (phase("warm-up", 2, rate=RATE, measured=False), phase("steady", SECONDS, rate=RATE)), seed=100 + pair
    )
    own = msgspec.structs.replace(script, seed=script.seed * 1_000 + 2 * pair + (side == "B"))
    engine = scripted(document, own)
    engine.start()
    tally = Tally(PlanFacts.of(document))
    status: Status = "complete"
    while (interval := engine.poll(0.0)) is not None:
        tally.add(interval)
        if end_s is not None and interval.t_s + interval.span_s >= end_s:
            status = "interrupted"
            break
    told = summary_of(tally, f"{pair}{side}", status, build="release")
    return SideRun(
        run=f"{pair}{side}",
        side=side,
        pair=pair,
        place=place,
        seed=100 + pair,
        started_ns=place,
        measured_s=tally.measured_s,
        offered_per_s=told.offered_per_s,
        achieved_per_s=told.achieved_per_s,
        whole=_measured(None, None, tally.overall),
        steps=tuple(_measured(journey, step, one) for (journey, step), one in tally.steps.items()),
        all_requests=tally.all_requests,
        complete=status == "complete",
        caveats=told.caveats,
    )


def _measured(journey: str | None, step: str | None, tally: StepTally) -> StepMeasured:
    told: dict[str, Any] = dict(sorted(tally.results.items()))
    return StepMeasured(journey, step, tally.requests, tally.errors, told, tally.response, tally.service)
