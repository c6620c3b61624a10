"""Memory growth: the service's memory rises with every request and does not come back.

What it sees
    The resident memory of the service's processes over the measured part of the run: a robust slope (Theil-Sen)
    through the lowest readings of each twelfth of the time, so that a collector's saw-tooth does not count; the
    second half must go on rising as the first did, so that caches that fill do not count. Where allocations were
    recorded, who made those that stayed.

Why it hurts
    At first it costs nothing. Then the collector has more to walk, the page cache less to keep, and at the limit the
    process is killed with the requests that it was serving: at night, after the load of days.

Evidence it needs
    The host's figures of the service's processes. A longer run makes it surer; ``--memory`` tells who allocates.

Example
    Each request puts its answer into a dictionary by its full URL: 12 kB a request, 2.2 GB an hour at 50 requests a
    second.

Cure
    A bound for what is kept (``functools.lru_cache(maxsize=…)``, a cache with a time to live), no module-level list or
    dictionary that only grows, no closures or exceptions that hold on to requests. Replacing workers after so many
    requests hides it.

When it is wrong
    A cache that is larger than the run is long looks the same, and so does memory that an allocator keeps in pieces.
    More processes hold more memory: where their number changes, growth is not told.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loadstone.diagnose.runtime.frames import Frame, Reader, application_files
from loadstone.diagnose.runtime.readings import Readings, readings_of
from loadstone.diagnose.subject import Subject
from loadstone.diagnose.suspect import Scene, Suspect
from loadstone.model.finding import Fact, Locus, Roles
from loadstone.model.quantity import format_duration, format_size
from loadstone.stats.slope import Slope, slope

__all__ = ["CODE", "LIMITS", "NEEDS", "Limits", "detect"]

CODE = "memory-growth"
NEEDS = ("host",)


@dataclass(frozen=True, slots=True)
class Limits:
    """``share_per_h`` of what the service has is much (the published rule: more than 10 % an hour), and in this run at
    least ``share`` of it and ``grown_bytes``: pages come and go. ``seconds`` with so many ``readings`` tell anything;
    up to ``blocks`` lowest readings make the slope. ``steady_share`` of the first half's slope the second must have:
    what fills up slows down. In a run that is not ``long_s``, ``short_steady_share`` and ``short_share``: half a minute
    of a cache that fills in half a minute has a second half of a third. ``settle_share`` at the start is left out."""

    share_per_h: float = 0.1
    share: float = 0.03
    grown_bytes: float = 4e6
    seconds: float = 10.0
    long_s: float = 30.0
    readings: int = 12
    blocks: int = 12
    steady_share: float = 0.5
    short_steady_share: float = 0.7
    short_share: float = 0.1
    settle_share: float = 0.15


LIMITS = Limits()


def detect(run: Subject, scene: Scene, limits: Limits = LIMITS) -> Iterator[Suspect]:
    """The service, where its memory goes on growing."""
    readings = readings_of(scene, ("own_bytes", "rss_bytes", "processes", "memory_limit_bytes", "memory_bytes"))
    # Mapped files are no leak, and what records a service writes into one.
    found = readings.series.get(("service", "own_bytes")) or readings.series.get(("service", "rss_bytes"))
    if found is None:
        return
    at, values = found
    settled = at >= at[0] + limits.settle_share * float(at[-1] - at[0])
    seconds, held = (at[settled] - at[0]) / 1e9, values[settled]
    if len(held) < limits.readings or seconds[-1] - seconds[0] < limits.seconds or _changed(readings):
        return
    blocks = min(limits.blocks, len(held) // 2)
    whole = _rise(seconds, held, blocks)
    half = len(held) // 2
    first, second = (_rise(seconds[part], held[part], blocks // 2) for part in (slice(0, half), slice(half, None)))
    if whole is None or first is None or second is None:
        return
    level, span_s = float(np.median(held)), float(seconds[-1] - seconds[0])
    grown = whole.low * span_s
    long = span_s >= limits.long_s
    steady = second.value >= (limits.steady_share if long else limits.short_steady_share) * first.value
    if not steady or second.value <= 0:
        return
    if grown < max(limits.grown_bytes, (limits.share if long else limits.short_share) * level):
        return
    if whole.low * 3600 >= limits.share_per_h * level:
        yield _suspect(scene, readings, whole, level, span_s)


def _rise(seconds: NDArray[np.float64], held: NDArray[np.float64], blocks: int) -> Slope | None:
    """The slope through the lowest reading of each block, in bytes a second."""
    parts = [part for part in np.array_split(np.arange(len(held)), blocks) if len(part)]
    lowest = [int(part[held[part].argmin()]) for part in parts]
    return slope([float(seconds[place]) for place in lowest], [float(held[place]) for place in lowest])


def _changed(readings: Readings) -> bool:
    processes = readings.values("service", "processes")
    return len(processes) > 0 and float(processes.min()) != float(processes.max())


def _suspect(scene: Scene, readings: Readings, rise: Slope, level: float, span_s: float) -> Suspect:
    digest = scene.digest
    services = {digest.operations[number].service for number in np.unique(digest.requests.route).tolist()}
    service = next(iter(services)) if len(services) == 1 else None
    told = [
        Fact(
            f"{format_size(rise.value)} a second [{format_size(rise.low)}, {format_size(rise.high)}] over "
            f"{span_s:.0f} s, by robust slope through the lowest readings",
            rise.value,
            "bytes/s",
        ),
        Fact("the second half of the run rises as the first does: nothing is filling up"),
    ]
    rate = int(digest.requests.measured.sum()) / digest.span_s
    if rate > 0:
        each = rise.value / rate
        told.append(Fact(f"{format_size(each)} for each request that was seen", each, "bytes a request"))
    limit, scope = _limit(readings)
    if limit is not None and limit > level:
        hours = (limit - level) / rise.value / 3600
        told.append(Fact(f"the {scope}'s {format_size(limit)} are full in {hours:.3g} hours of this load", hours, "h"))
    who = _who(scene)
    frame = None if who is None else who[0]
    if who is not None:
        told.append(
            Fact(
                f"{format_size(who[1])} that were recorded and {'stayed' if who[2] else 'were held at the peak'} come "
                f"from {who[0].where}",
                who[1],
                "bytes",
            )
        )
    against = [Fact("a cache that needs longer than this run to fill looks the same")]
    if span_s < 300:
        against.append(Fact(f"{span_s:.0f} s are short for a leak: run for longer to be sure", span_s, "s"))
    if who is None:
        against.append(Fact("allocations were not recorded (--memory), so no line is named"))
    return Suspect(
        fault=CODE,
        title=f"the service's memory grows by {format_size(rise.value)} a second: {format_size(level)} more every "
        f"{format_duration(level / rise.value)}",
        step=None,
        locus=Locus(
            service=service,
            file=None if frame is None else frame.file,
            line=None if frame is None else frame.line,
            function=None if frame is None else frame.function,
        ),
        roles=Roles(cause=None if frame is None else frame.where, offender="memory that is not given back"),
        cure="bound what is kept between requests"
        + (f", first what {frame.where} allocates" if frame is not None else ": caches, module-level lists, closures"),
        confidence=(0.7 if span_s >= 60 else 0.55) + (0.15 if who is not None and who[2] else 0.0),
        key=(CODE, service or ""),
        unpredictable="memory costs no latency until it runs out",
        evidence_for=tuple(told),
        evidence_against=tuple(against),
        floor="warning",
    )


def _limit(readings: Readings) -> tuple[float | None, str]:
    limit = readings.last("cgroup", "memory_limit_bytes")
    whole = readings.last("host", "memory_bytes")
    if limit is not None and limit > 0 and (whole is None or limit < whole):
        return limit, "control group"
    return whole, "machine"


def _who(scene: Scene) -> tuple[Frame, float, bool] | None:
    """The application's line that allocated most of what stayed, or else of what was held at the peak."""
    reader = Reader(application_files(one.file for one in scene.digest.operations))
    for stayed, source in ((True, "source = 'memray leaks'"), (False, "source <> 'memray leaks'")):
        sizes: dict[Frame, float] = defaultdict(float)
        where = f"state = 'alloc' AND weight > 0 AND {source}"
        for batch in scene.rows("stacks", ("weight", "frames"), where=where):
            for weight, text in zip(batch["weight"].tolist(), batch["frames"].tolist(), strict=True):
                frames = reader.stack(text)
                frame = next((one for one in reversed(frames) if one.origin == "application"), None)
                if frame is not None:
                    sizes[frame] += float(weight)
        if sizes:
            most = max(sizes, key=lambda one: (sizes[one], one.where))
            return most, sizes[most], stayed
    return None
