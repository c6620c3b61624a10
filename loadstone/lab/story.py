"""The demo's story after its diagnosis: the load of the proof.

The finding is proved on its own journey alone, at a rate of its own: a run of the whole mix would hold a few requests a
second of the step in question, and a p99 rests on a thousand.
"""

from __future__ import annotations

import math

import msgspec

from loadstone.model.branching import expected_requests
from loadstone.model.run import Summary
from loadstone.model.shape import Phase, Shape
from loadstone.spec import Spec

__all__ = ["BUSY", "ENOUGH", "MOST_PER_S", "journey_alone", "proof_rate", "run_length_s"]

BUSY = 0.6
"""Mean requests of the journey in service at once, by Little's law at the faulty service's times: a core is then busy
by no more than that, and predictions hold up to a load of .7 (docs/accuracy.md)."""

MOST_PER_S = 200.0
"""Journeys a second. Above it nothing is gained: 5.5 s hold the thousand requests that a p99 rests on."""

LEAST_PER_S = 2.0

ENOUGH = 1_050
"""Requests of the judged step in a run: 1,000, and what a Poisson process may fall short of."""


def journey_alone(spec: Spec, journey: str | None, rate_per_s: float, measured_s: float, warm_up_s: float) -> Spec:
    """The spec with that journey and its objectives alone, and one steady shape. Raises ValueError for no journey."""
    chosen = [one for one in spec.workload.journeys if journey in (None, one.name)]
    if not chosen:
        raise ValueError(f"the spec has no journey {journey}")
    names = {one.name for one in chosen}
    phases = (
        Phase("warm-up", warm_up_s, rate_per_s=rate_per_s, measured=False),
        Phase("steady", measured_s, rate_per_s=rate_per_s),
    )
    return msgspec.structs.replace(
        spec,
        workload=msgspec.structs.replace(spec.workload, journeys=tuple(chosen)),
        slos=tuple(slo for slo in spec.slos if slo.journey in (None, *names)),
        shapes={"proof": Shape("proof", "poisson", phases)},
    )


def proof_rate(spec: Spec, journey: str | None, summary: Summary) -> float:
    """Journeys a second at which ``BUSY`` requests are in service, by the steps' mean service times in a bare run; two
    digits, MOST_PER_S at most."""
    wanted = {
        (one.name, step): times
        for one in spec.workload.journeys
        if journey in (None, one.name)
        for step, times in expected_requests(one).items()
    }
    taken_s = sum(
        (step.latency_s.service.mean or 0.0) * wanted.get((step.journey, step.step or ""), 0.0)
        for step in summary.steps
    )
    if taken_s <= 0:
        return MOST_PER_S
    rate = min(max(BUSY / taken_s, LEAST_PER_S), MOST_PER_S)
    scale = 10.0 ** (math.floor(math.log10(rate)) - 1)
    return float(round(rate / scale) * scale)


def run_length_s(rate_per_s: float, least_s: float, most_s: float) -> float:
    """How long a run is measured for ``ENOUGH`` requests of a step that each journey asks once, within bounds."""
    return min(max(math.ceil(2 * ENOUGH / rate_per_s) / 2, least_s), most_s)
