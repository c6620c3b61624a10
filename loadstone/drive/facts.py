"""What a run was asked to do, read back from its plan: all that judging it needs to know (docs/formats.md, Plan)."""

from __future__ import annotations

import math
from typing import Any

import msgspec

from loadstone.errors import EvidenceError
from loadstone.model.run_view import PhaseSpan
from loadstone.model.shape import Arrivals, Phase

__all__ = ["PlanFacts", "Threshold"]

NS = 1e9


class Threshold(msgspec.Struct, frozen=True):
    """One entry of the plan's thresholds; ``over`` in a cell has a count for each, in this order."""

    journey: str | None
    step: str | None
    limit_ns: int


class PlanFacts(msgspec.Struct, frozen=True):
    """The part of a plan that outlives its run. ``steps`` names (journey, step) in the plan's order; ``thinks`` is
    true when a journey pauses between steps. ``dispersion`` is the index of dispersion of the number of arrivals in a
    long time, of the phase that has most; 1 is Poisson. ``once`` has no phase."""

    arrivals: Arrivals
    phases: tuple[Phase, ...]
    thresholds: tuple[Threshold, ...]
    steps: tuple[tuple[str, str], ...]
    thinks: bool
    cores: int
    connections: int
    seed: int
    dispersion: float = 1.0

    @classmethod
    def of(cls, plan: bytes) -> PlanFacts:
        """Read a plan, as the engine was given it or as the archive keeps it.

        Raises EvidenceError for what is not a plan of format 1.
        """
        try:
            document = msgspec.json.decode(plan, type=dict[str, Any])
            if document["format"] != 1:
                raise EvidenceError(f"the plan has format {document['format']}; this version reads format 1")
            return cls._of(document)
        except (msgspec.MsgspecError, KeyError, TypeError, ValueError) as error:
            raise EvidenceError(f"the plan cannot be read: {type(error).__name__}: {error}") from error

    @classmethod
    def _of(cls, document: dict[str, Any]) -> PlanFacts:
        journeys = document["journeys"]
        ops = [(journey["name"], op) for journey in journeys for op in journey["ops"]]
        shape, limits = document["shape"], document["limits"]
        phases = tuple(
            Phase(
                name=phase["name"],
                duration_s=phase["duration_ns"] / NS,
                rate_per_s=phase.get("rate_per_s"),
                users=phase.get("users"),
                measured=phase["measured"],
            )
            for phase in shape.get("phases", ())
        )
        return cls(
            arrivals=msgspec.convert(shape["arrivals"], Arrivals),
            phases=phases,
            thresholds=tuple(
                Threshold(entry.get("journey"), entry.get("step"), entry["limit_ns"])
                for entry in document["thresholds"]
            ),
            steps=tuple((journey, op["step"]) for journey, op in ops if op["op"] == "request"),
            thinks=any(op["op"] == "think" or op.get("pause") is not None for _, op in ops),
            cores=limits["cores"],
            connections=limits["connections"],
            seed=document["seed"],
            dispersion=max((_dispersion(phase) for phase in shape.get("phases", ())), default=1.0),
        )

    @property
    def open_model(self) -> bool:
        """Arrivals come by the clock, whatever the service does."""
        return self.arrivals in ("poisson", "even")

    @property
    def duration_s(self) -> float:
        """Length of the schedule."""
        return sum(phase.duration_s for phase in self.phases)

    def measured(self, phase: int) -> bool:
        """Whether a cell of this phase counts. Without phases every one does."""
        return not self.phases or (phase < len(self.phases) and self.phases[phase].measured)

    def spans(self) -> tuple[PhaseSpan, ...]:
        """The phases on the time axis of the run."""
        spans: list[PhaseSpan] = []
        at = 0.0
        for phase in self.phases:
            spans.append(PhaseSpan(phase.name, at, at + phase.duration_s, phase.measured))
            at += phase.duration_s
        return tuple(spans)

    def overlaps(self, start_s: float, end_s: float) -> tuple[float, float]:
        """Seconds of [start_s, end_s) that lie in the schedule, and in its measured phases; without phases, all."""
        if not self.phases:
            whole = max(0.0, end_s - start_s)
            return whole, whole
        scheduled = measured = 0.0
        for span in self.spans():
            overlap = max(0.0, min(end_s, span.end_s) - max(start_s, span.start_s))
            scheduled += overlap
            measured += overlap if span.measured else 0.0
        return scheduled, measured


def _dispersion(phase: dict[str, Any]) -> float:
    """The index in windows as long as the longest whose factors the rate has (loadstone/stats/traffic/bursts.py)."""
    found, before, bursts = 1.0, 0, phase.get("bursts", ())
    for place, burst in enumerate(bursts):
        shared = math.prod(1.0 + one["variance"] for one in bursts[place:]) - 1.0
        found += (phase.get("rate_per_s") or 0.0) * (burst["window_ns"] - before) / NS * shared
        before = burst["window_ns"]
    return found
