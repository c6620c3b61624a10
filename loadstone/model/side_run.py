"""What one run of a side measured, as it stands beside the run of the other side in its pair."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from loadstone.model.run import Caveat
from loadstone.stats.histogram import Histogram

__all__ = ["Side", "SideRun", "StepMeasured"]

Side = Literal["A", "B"]


@dataclass(frozen=True, slots=True)
class StepMeasured:
    """Measured requests of one step of a journey, of a whole journey (``step`` None), or of all steps together (both
    None). ``response`` and ``service`` hold failures too; ``results`` counts by status or error kind."""

    journey: str | None
    step: str | None
    requests: int
    errors: int
    results: dict[str, int]
    response: Histogram
    service: Histogram
    bytes_in: int = 0

    @property
    def label(self) -> str:
        """``journey.step``, ``journey``, or ``all requests``."""
        if self.journey is None:
            return "all requests"
        return self.journey if self.step is None else f"{self.journey}.{self.step}"


@dataclass(frozen=True)
class SideRun:
    """One run of one side. ``pair`` and ``place`` count from 0: the pair, and the run's place in the experiment's
    order. ``whole`` is all steps together. ``service_cpu_s`` (CPU the service took, warm-up included, over
    ``all_requests``) and ``service_rss_bytes`` (at the end) are None where its processes are unknown. ``others_share``
    is the part of the machine's CPU time that neither the service (where its processes are known) nor the generator
    took, None where the system does not tell. ``ended`` says how the service ended when it did so during the run.
    ``closed`` is a population of users, which offers what the service lets it. ``caveats`` are those of the run."""

    run: str
    side: Side
    pair: int
    place: int
    seed: int
    started_ns: int
    measured_s: float
    offered_per_s: float
    achieved_per_s: float
    whole: StepMeasured
    steps: tuple[StepMeasured, ...]
    all_requests: int
    service_cpu_s: float | None = None
    service_rss_bytes: int | None = None
    others_share: float | None = None
    ended: str | None = None
    complete: bool = True
    closed: bool = False
    caveats: tuple[Caveat, ...] = field(default=())

    def step(self, journey: str | None, step: str | None) -> StepMeasured | None:
        """The measured part of that step, of a journey, or of all requests; None where there was none."""
        if journey is None:
            return self.whole
        return next((one for one in self.steps if (one.journey, one.step) == (journey, step)), None)
