"""A run: what was asked, what happened, whether to believe it. The summary is what every surface tells."""

from __future__ import annotations

from typing import Literal

import msgspec

__all__ = [
    "Caveat",
    "Collector",
    "GeneratorSummary",
    "Latency",
    "LatencySet",
    "Machine",
    "Manifest",
    "Outcome",
    "ServiceRecord",
    "ServiceUse",
    "SloResult",
    "Status",
    "StepSummary",
    "Summary",
    "Validity",
]

Status = Literal["running", "complete", "interrupted", "aborted", "crashed"]
Outcome = Literal["pass", "fail", "undecided", "invalid", "none"]
Validity = Literal["valid", "doubtful", "invalid"]
Level = Literal["note", "doubt", "void"]


class Caveat(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A typed doubt. ``metrics`` names what it touches (``latency``, ``rate``, ``errors``); empty means everything."""

    code: str
    level: Level
    metrics: tuple[str, ...]
    message: str
    advice: str


class Latency(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One distribution in seconds; every value is null when nothing was measured."""

    min: float | None
    mean: float | None
    p50: float | None
    p90: float | None
    p95: float | None
    p99: float | None
    p999: float | None
    max: float | None


class LatencySet(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Response counts from the intended start, service from the send; lag lies between; first byte from the send."""

    response: Latency
    service: Latency
    lag: Latency
    first_byte: Latency


class StepSummary(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A step over the measured phases; a null step is the whole journey. ``results`` counts by status or error kind."""

    journey: str
    step: str | None
    requests: int
    errors: int
    results: dict[str, int]
    latency_s: LatencySet


class SloResult(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An objective judged. ``value``, ``limit``, ``interval`` are in the objective's own unit: seconds or a share."""

    name: str
    outcome: Outcome
    good: int
    bad: int
    value: float | None
    limit: float
    interval: tuple[float, float] | None
    objective: str
    reason: str | None = None


class GeneratorSummary(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the generator took over the whole run."""

    cores: int
    cpu_s: float
    cpu_per_request_s: float | None
    rss_bytes: int


class Summary(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A run in one screen; ``--json`` of ``run`` and ``show``. Warm-up is left out of every count but ``generator``.

    ``offered_per_s``, ``achieved_per_s`` (completed) and ``dropped`` count journeys; ``requests`` and ``errors``
    count requests. In a closed population what is offered is what was started.
    """

    format: Literal[1]
    run: str
    status: Status
    outcome: Outcome
    validity: Validity
    caveats: tuple[Caveat, ...]
    duration_s: float
    offered_per_s: float
    achieved_per_s: float
    requests: int
    errors: int
    dropped: int
    latency_s: LatencySet
    steps: tuple[StepSummary, ...]
    slos: tuple[SloResult, ...]
    generator: GeneratorSummary
    report: str | None


class Machine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the generator ran. ``class_`` reads ``class`` in JSON, for example ``linux-x86_64``."""

    class_: str = msgspec.field(name="class")
    cores: int = 0
    memory_bytes: int = 0
    kernel: str = ""


class ServiceRecord(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the service was had: its command, the names (never values) of its environment, its revision."""

    url: str
    argv: tuple[str, ...] | None = None
    env_names: tuple[str, ...] = ()
    commit: str | None = None
    dirty: bool | None = None


class ServiceUse(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the service's processes took: CPU over the whole run, warm-up included, and resident memory at its end,
    each None where it could not be read."""

    cpu_s: float | None = None
    rss_bytes: int | None = None


class Collector(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A source of evidence and what it cost the service."""

    name: str
    cost: str | None = None


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``manifest.json``: written first, replaced atomically at each change of status."""

    format: Literal[1]
    run: str
    kind: Literal["load", "gather", "import"]
    status: Status
    pid: int
    pid_start_ticks: int | None
    boot_id: str | None
    nonce: int
    versions: dict[str, str]
    started_ns: int
    monotonic_ns: int
    machine: Machine
    service: ServiceRecord | None
    seed: int
    labels: dict[str, str] = {}
    command: tuple[str, ...] = ()
    observed: str | None = None
    experiment: str | None = None
    pair: int | None = None
    side: str | None = None
    collectors: tuple[Collector, ...] = ()
    service_use: ServiceUse | None = None
    summary: Summary | None = None
