"""What an experiment is asked for, and what that comes to before anything is run: design, length, what it will see."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import msgspec

from loadstone.archive import Archive
from loadstone.errors import SpecError
from loadstone.lab.calibration import found_calibration
from loadstone.lab.machine import machine
from loadstone.lab.observation import Observing
from loadstone.lab.sides import service_key
from loadstone.model.branching import expected_requests
from loadstone.model.calibration import Calibration, CalibrationKey, Noise
from loadstone.model.comparison import Comparison, DesignTold
from loadstone.model.experiment import SideAsked
from loadstone.model.finding import Finding
from loadstone.model.quantity import format_rate
from loadstone.model.service import Service
from loadstone.model.shape import Phase, Shape
from loadstone.model.slo import Slo
from loadstone.model.workload import Step, Workload
from loadstone.prove.design import PAIRS, Design, design_of, told
from loadstone.prove.measures import measures
from loadstone.prove.noise import foreseen, refusal
from loadstone.spec import Spec

__all__ = ["ExperimentAsked", "Plan", "load_told", "planned", "shaped"]

Observe = Callable[[Service, Workload], Observing]


class ExperimentAsked(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be compared, under which load, and how often.

    ``observe`` says how a side's observed run looks inside it, None for none. ``decided_early`` is asked once both
    observed runs are counted: a sentence ends the experiment before any pair. ``margins`` are by a metric's label.
    """

    sides: tuple[SideAsked, SideAsked]
    spec: Spec
    shape: Shape
    workload: Workload
    seed: int
    kind: Literal["prove", "calibrate", "gate"] = "prove"
    pairs: int = PAIRS
    budget_s: float | None = None
    measured_s: float | None = None
    warm_up_s: float | None = None
    margin: float = 1.05
    margins: Mapping[str, float] = {}
    build: str | None = None
    observe: Observe | None = None
    finding: Finding | None = None
    found_in: str | None = None
    command: tuple[str, ...] = ()
    labels: Mapping[str, str] = {}
    hosts: tuple[str, ...] = ()
    cores: int = 1
    decided_early: Callable[[Comparison], str | None] | None = None

    @property
    def slos(self) -> tuple[Slo, ...]:
        """The spec's objectives over what is driven."""
        steps = {(journey.name, one.name) for journey in self.workload.journeys for one in _steps(journey.actions)}
        names = {journey for journey, _ in steps}
        return tuple(
            slo
            for slo in self.spec.slos
            if slo.journey is None or (slo.journey in names if slo.step is None else (slo.journey, slo.step) in steps)
        )

    @property
    def allowed(self) -> tuple[str, ...]:
        """Hosts that may be driven beside this machine."""
        return (*self.spec.allow_hosts, *self.hosts)


@dataclass(frozen=True)
class Plan:
    """``length_s`` is all of it, with every extension that the budget allows, without builds and starts. ``smallest``
    has by metric the ratio that the design sees with power .8, where a calibration tells. ``refusal`` is why it will
    not be run."""

    design: Design
    told: DesignTold
    length_s: float
    smallest: dict[str, float]
    calibration: Calibration | None
    key: CalibrationKey
    refusal: str | None = None


def planned(archive: Archive, asked: ExperimentAsked) -> Plan:
    """The plan; nothing is run. Raises SpecError for what cannot be."""
    if asked.shape.arrivals == "once":
        raise SpecError(f'the shape "{asked.shape.name}" runs each journey once; a comparison needs a rate or users')
    load = load_told(asked.workload, asked.shape)
    try:
        design = design_of(
            requests_per_s=_requests_per_s(asked.workload, asked.shape),
            slos=asked.slos,
            finding=asked.finding,
            pairs=asked.pairs,
            budget_s=asked.budget_s,
            measured_s=asked.measured_s,
            warm_up_s=asked.warm_up_s,
            seed=asked.seed,
            load=load,
            observed=asked.observe is not None,
        )
    except ValueError as error:
        raise SpecError(str(error)) from error
    key = CalibrationKey(
        machine=machine(),
        service=service_key(asked.sides[0], asked.spec.service),
        load=load,
        measured_s=design.measured_s,
    )
    calibration = found_calibration(archive, key)
    pairs = design.pairs if asked.budget_s is None else design.most
    return Plan(
        design=design,
        told=told(design, pairs=0, order=design.order[: design.pairs], together=False, spent_s=None),
        length_s=design.length_s if asked.budget_s is None else design.most_s,
        smallest=foreseen(calibration, _labels(calibration), pairs),
        calibration=calibration,
        key=key,
        refusal=_refusal(calibration, asked, pairs),
    )


def shaped(shape: Shape, design: Design) -> Shape:
    """The shape of one run: the load of the shape's measured phases for the design's length, its warm-up before it."""
    measured = [phase for phase in shape.phases if phase.measured]
    whole_s = sum(phase.duration_s for phase in measured)
    phases = [
        msgspec.structs.replace(phase, duration_s=design.measured_s * phase.duration_s / whole_s) for phase in measured
    ]
    if design.warm_up_s > 0:
        first = phases[0]
        phases.insert(0, Phase("warm-up", design.warm_up_s, first.rate_per_s, first.users, measured=False))
    return msgspec.structs.replace(shape, phases=tuple(phases))


def load_told(workload: Workload, shape: Shape) -> str:
    """``40/s, Poisson arrivals: browse 70, buy 30``: what two experiments have in common that are of the same load."""
    measured = [phase for phase in shape.phases if phase.measured]
    rates = [
        f"{phase.users:,} users" if phase.users is not None else format_rate(phase.rate_per_s or 0.0, exact=True)
        for phase in measured
    ]
    arrivals = {"poisson": ", Poisson arrivals", "even": ", even arrivals"}.get(shape.arrivals, "")
    if shape.bursts and shape.arrivals == "poisson":
        arrivals += " in bursts"
    if len(workload.journeys) == 1:
        return f"{', then '.join(rates)}{arrivals}: {workload.journeys[0].name}"
    names = ", ".join(f"{journey.name} {journey.weight:g}" for journey in workload.journeys)
    return f"{', then '.join(rates)}{arrivals}: {names}"


def _requests_per_s(workload: Workload, shape: Shape) -> dict[tuple[str, str | None], float]:
    """Measured requests a second of each step, and with None for a step whole journeys; none for a closed population,
    whose rate the service decides."""
    measured = [phase for phase in shape.phases if phase.measured and phase.rate_per_s is not None]
    whole_s = sum(phase.duration_s for phase in measured)
    weight = sum(journey.weight for journey in workload.journeys)
    if not measured or whole_s <= 0 or weight <= 0:
        return {}
    rate = sum((phase.rate_per_s or 0.0) * phase.duration_s for phase in measured) / whole_s
    found: dict[tuple[str, str | None], float] = {}
    for journey in workload.journeys:
        found[journey.name, None] = rate * journey.weight / weight
        for name, times in expected_requests(journey).items():
            key = journey.name, name
            found[key] = found.get(key, 0.0) + rate * journey.weight / weight * times
    return found


def _steps(actions: tuple[object, ...]) -> list[Step]:
    return [one for one in actions if isinstance(one, Step)]


def _labels(calibration: Calibration | None) -> list[str]:
    return [] if calibration is None else [_label(one) for one in calibration.noise]


def _label(noise: Noise) -> str:
    """As a metric's is written: ``p99 response of browse.detail``."""
    if noise.journey is None:
        return noise.name
    return f"{noise.name} of {noise.journey}" if noise.step is None else f"{noise.name} of {noise.journey}.{noise.step}"


def _refusal(calibration: Calibration | None, asked: ExperimentAsked, pairs: int) -> str | None:
    """A margin that nobody could hold here: that of the judged metric, and those asked for by name."""
    if asked.kind == "calibrate":
        return None
    known_steps = _requests_per_s(asked.workload, asked.shape)
    steps = [(journey, step) for journey, step in known_steps if step is not None]
    known = measures(asked.slos, asked.finding, asked.margin, asked.margins, steps)
    latencies = [one for one in known if one.share is not None]
    judged = next((one for one in latencies if one.slo is not None), latencies[0] if asked.finding else None)
    margins = {one.label: one.margin for one in known if one.label in asked.margins}
    margins |= {"p95 response": asked.margin} if judged is None else {judged.label: judged.margin}
    return refusal(calibration, margins, pairs)
