"""What a probe says: one factor was varied in short runs; traces alone cannot tell what changes with it.

With a parameter (rows of a page, a page's number) the slope of each operation's count tells an N+1 from a fixed set of
statements, and the slope of its time work that grows with the data. With load (rate, concurrency, think time) the
growth of the response is divided among the resources it lies in: time outside the service's span is a queue before it,
time within that grows while the CPU a request does not is waiting for what requests share.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from loadstone.model.finding import Bounded
from loadstone.model.probe import ProbeReport, ProbeRun, ProbeSaid, ProbeSlope, ProbeStep
from loadstone.model.quantity import format_count, format_duration, format_share
from loadstone.stats.replicates import Estimate, change, growth, line, trend

__all__ = ["LOADS", "told"]

LOADS = ("rate", "concurrency", "think")
"""Factors that change the load and leave the requests as they are."""

FEWEST_REQUESTS = 20
"""Requests of a step in a run that its means rest on."""

MORE = 1.0
"""Executions from the lowest to the highest level that make a count grow: less is not one more for anything."""

FIXED = 0.5
"""A count is fixed where its whole interval stays within so much from the lowest to the highest level."""

GROWS = 0.2
"""Growth of a time, against itself at the lowest level, that is worth a word; the interval must exclude none."""

FLAT = 0.1
"""A response whose whole interval of change is below so much of itself is flat."""

SURE = 0.025
"""One-sided p at which something grows with the load: three levels of two runs each can reach .011."""

NEGLIGIBLE = 0.01
"""Of the response at the lowest load, what a part must hold for its logarithm to mean anything."""

COUNTS = 0.05
"""Of the response's growth, what a part must take to be named."""

HOLDS = 0.1
"""Of the response's growth, what a wait within the service must take to be why others queue before it: who waits
inside holds a worker."""

FORMAT = 1

_UNITS = {"rate": "journeys/s", "concurrency": "in flight", "think": "of the think time"}

_WAITS: dict[str, tuple[str, tuple[str, ...], tuple[str, ...]]] = {
    "queue": (
        "before the service's span, where requests queue for a worker",
        ("server-queue", "saturation"),
        ("lock-wait", "pool-wait"),
    ),
    "cpu": (
        "on the CPU: a request needs more of it the more run at once",
        ("gc-pause", "saturation"),
        ("server-queue",),
    ),
    "database": (
        "in database calls: they wait for each other or for the database",
        ("lock-wait", "saturation"),
        ("server-queue",),
    ),
    "pool": ("waiting for a connection of the pool", ("pool-wait",), ("server-queue",)),
    "calls": ("in calls of other services", ("slow-dependency",), ("server-queue",)),
    "elsewhere": (
        "within the service off the CPU: waiting for a core, the interpreter's lock or a lock of its own",
        ("gil-wait", "saturation"),
        ("server-queue",),
    ),
}
_SHARED = ("server-queue", "pool-wait", "lock-wait", "gil-wait", "saturation")


def told(factor: str, runs: Sequence[ProbeRun], caveats: Sequence[str] = ()) -> ProbeReport:
    """The slopes over these runs, and what they say; ``factor`` is one of LOADS or a parameter's name."""
    slopes: list[ProbeSlope] = []
    said: list[ProbeSaid] = []
    for journey, step in sorted({(one.journey or "", one.step) for run in runs for one in run.steps}):
        seen = [
            (run, one)
            for run in runs
            for one in run.steps
            if (one.journey or "", one.step) == (journey, step) and one.requests >= FEWEST_REQUESTS
        ]
        if len({run.value for run, _ in seen}) < 2:
            continue
        view = _View(factor, journey or None, step, seen)
        found, words = (_load if factor in LOADS else _parameter)(view)
        slopes += found
        said += words
    more = [] if slopes else ["no step had enough requests at two levels: longer runs, or levels further apart"]
    return ProbeReport(
        FORMAT, factor, _UNITS.get(factor, factor), tuple(runs), tuple(slopes), tuple(said), (*caveats, *more)
    )


class _View:
    """A step over all runs: columns with one value a run."""

    def __init__(self, factor: str, journey: str | None, step: str, seen: Sequence[tuple[ProbeRun, ProbeStep]]) -> None:
        self.factor, self.journey, self.step = factor, journey, step
        self.steps = [one for _, one in seen]
        self.level = np.array([run.value for run, _ in seen])
        self.weight = np.array([float(one.requests) for one in self.steps])
        self.response = np.array([one.response_s for one in self.steps])
        self.low, self.high = float(self.level.min()), float(self.level.max())

    def named(self, level: float) -> str:
        """A level in a sentence."""
        return f"{self.factor}={level:g}"

    def at(self, y: NDArray[np.float64]) -> tuple[tuple[float, float], ...]:
        """Levels with their means."""
        known = np.isfinite(y)
        return tuple(
            (value, float(np.average(y[mine], weights=self.weight[mine])))
            for value in np.unique(self.level).tolist()
            if (mine := known & (self.level == value)).any()
        )

    def slope(self, x: NDArray[np.float64], y: NDArray[np.float64], what: str, unit: str) -> ProbeSlope | None:
        """The line over all runs."""
        found = line(x, y, self.weight)
        if found is None:
            return None
        return ProbeSlope(self.journey, self.step, what, unit, self.at(y), Bounded(found.value, found.low, found.high))

    def operation(
        self, label: str, family: str
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """How often a request, how long each, how many rows each: one of each a run; nan where not seen."""
        held = [
            next((one for one in step.operations if (one.label, one.family) == (label, family)), None)
            for step in self.steps
        ]
        return (
            np.array([0.0 if one is None else one.per_request for one in held]),
            np.array([np.nan if one is None else one.each_s for one in held]),
            np.array([np.nan if one is None or one.rows_each is None else one.rows_each for one in held]),
        )


def _parameter(view: _View) -> tuple[list[ProbeSlope], list[ProbeSaid]]:
    slopes: list[ProbeSlope] = []
    said: list[ProbeSaid] = []
    response = view.slope(view.level, view.response, "response", f"s per unit of {view.factor}")
    slopes += [response] if response else []
    for label, family in dict.fromkeys((one.label, one.family) for step in view.steps for one in step.operations):
        count, each_s, rows = view.operation(label, family)
        for slope, words in (
            _counted(view, label, family, count),
            _lasting(view, label, each_s, rows),
        ):
            slopes += [slope] if slope else []
            said += [words] if words else []
    if response is not None and not said:
        said.append(_no_growth(view, response))
    return slopes, said


def _counted(
    view: _View, label: str, family: str, count: NDArray[np.float64]
) -> tuple[ProbeSlope | None, ProbeSaid | None]:
    """Whether the operation comes once for each of the factor."""
    noun, fault = ("calls", "http-n-plus-one") if family in ("http", "rpc") else ("statements", "n-plus-one")
    slope = view.slope(view.level, count, f"{noun}: {label}", f"{noun} per unit of {view.factor}")
    if slope is None or (slope.slope.low == 0 == slope.slope.high and slope.at[0][1] < 2):
        return None, None
    reach = view.high - view.low
    (least, first), (most, last) = slope.at[0], slope.at[-1]
    figures = (
        f"{last:.3g} {noun} at {view.named(most)}, {first:.3g} at {view.named(least)}: "
        f"slope {_bounds(slope.slope)} {noun} per unit of {view.factor}"
    )
    if slope.slope.low > 0 and slope.slope.value * reach >= MORE:
        sentence = f"{figures}: an N+1, not a fixed set of {noun} ({label})"
        return slope, ProbeSaid(view.journey, view.step, sentence, for_=(fault,))
    if first >= 2 and max(abs(slope.slope.low), abs(slope.slope.high)) * reach < FIXED:
        sentence = f"{figures}: a fixed set of {noun}, no N+1 over {view.factor} ({label})"
        return slope, ProbeSaid(view.journey, view.step, sentence, against=(fault,))
    return slope, None


def _lasting(
    view: _View, label: str, each_s: NDArray[np.float64], rows: NDArray[np.float64]
) -> tuple[ProbeSlope | None, ProbeSaid | None]:
    """Whether each execution takes longer, and whether it returns more for that."""
    slope = view.slope(view.level, each_s, f"time each: {label}", f"s per unit of {view.factor}")
    if slope is None or slope.slope.low <= 0:
        return slope, None
    (least, first), (most, last) = slope.at[0], slope.at[-1]
    grown = change(view.level, each_s)
    if first <= 0 or last - first < GROWS * first or (grown is not None and grown.low <= 0):
        return slope, None
    more = line(view.level, rows, view.weight)
    returned = more is not None and more.low > 0 and more.value * (view.high - view.low) >= MORE
    why = (
        "it returns more rows for it: the work grows with what is asked"
        if returned
        else "without returning more rows: it reads what it does not return"
        if more is not None
        else "its rows are unknown"
    )
    sentence = (
        f"each {label} takes {format_duration(last)} at {view.named(most)}, {format_duration(first)} at "
        f"{view.named(least)}: {why}"
    )
    for_ = ("unbounded-result",) if returned else ("offset-pagination", "missing-index") if more is not None else ()
    return slope, ProbeSaid(view.journey, view.step, sentence, for_=for_)


def _no_growth(view: _View, response: ProbeSlope) -> ProbeSaid:
    found = change(view.level, view.response)
    lowest = response.at[0][1]
    name = f"{view.factor} from {view.low:g} to {view.high:g}"
    if found is not None and found.low > 0 and found.value >= GROWS * lowest:
        sentence = f"the response grows by {_seconds(found)} with {name}, in nothing that a span of a call shows"
        return ProbeSaid(view.journey, view.step, sentence, for_=("hot-function", "hot-serialiser"))
    if found is not None and max(abs(found.low), abs(found.high)) < FLAT * lowest:
        sentence = f"neither counts nor times change with {name}"
        return ProbeSaid(view.journey, view.step, sentence, against=("n-plus-one", "unbounded-result"))
    return ProbeSaid(
        view.journey, view.step, f"nothing can be told of {name}: the runs differ too much among themselves"
    )


def _load(view: _View) -> tuple[list[ProbeSlope], list[ProbeSaid]]:
    in_flight = np.array([one.in_flight for one in view.steps])
    x = view.level if view.factor == "rate" else in_flight
    unit = "s per journey/s" if view.factor == "rate" else "s per request in flight"
    names = [name for name in _WAITS if any(name in one.parts_s for one in view.steps)]
    columns = {name: np.array([one.parts_s.get(name, np.nan) for one in view.steps]) for name in names}
    slopes = [
        slope
        for name, y in {"response": view.response, **columns}.items()
        if (slope := view.slope(x, y, name, unit)) is not None
    ]
    # More think time is less load: the levels are ordered by the load that they made.
    load = -view.level if view.factor == "think" else view.level
    return slopes, list(_divided(view, load, in_flight, columns))


def _divided(
    view: _View, load: NDArray[np.float64], in_flight: NDArray[np.float64], columns: dict[str, NDArray[np.float64]]
) -> Iterator[ProbeSaid]:
    """Among what the growth of the response is divided."""
    lowest = float(view.response[load == load.min()].mean())
    grown = growth(load, view.response, NEGLIGIBLE * lowest)
    if grown is None:
        sentence = "nothing can be told: each level was run once, so that the spread of runs is unknown"
        yield ProbeSaid(view.journey, view.step, sentence)
        return
    few, many = (float(in_flight[load == end].mean()) for end in (load.min(), load.max()))
    reach = f"from {format_count(few)} to {format_count(many)} requests in flight"
    if max(abs(grown.low), abs(grown.high)) < FLAT * lowest:
        sentence = f"{reach} the response stays ({_seconds(grown)} on {format_duration(lowest)}): nothing is waited for"
        yield ProbeSaid(view.journey, view.step, sentence, against=_SHARED)
        return
    if grown.value < FLAT * lowest or not _grows(load, view.response, grown):
        sentence = f"{reach} the response changes by {_seconds(grown)}: too wide to tell; run longer, or more levels"
        yield ProbeSaid(view.journey, view.step, sentence)
        return
    parts = {name: found for name, y in columns.items() if (found := growth(load, y, NEGLIGIBLE * lowest)) is not None}
    sure = [name for name, found in parts.items() if _grows(load, columns[name], found)]
    sure = [name for name in sure if parts[name].value >= COUNTS * grown.value]
    sure.sort(key=lambda name: -parts[name].value)
    sentence = f"{reach} the response grows by {_seconds(grown)}"
    if not sure:
        yield ProbeSaid(view.journey, view.step, f"{sentence}, and no part of it alone is sure to")
        return
    first = sure[0]
    where, for_, against = _WAITS[first]
    share = format_share(min(1.0, parts[first].value / grown.value))
    sentence += f", {share} of it {where}"
    if "cpu" in parts and first != "cpu":
        sentence += f"; the CPU a request changes by {_seconds(parts['cpu'])}"
    holding = [name for name in sure if name not in ("queue", "cpu") and parts[name].value >= HOLDS * grown.value]
    if first == "queue" and holding:
        held = holding[0]
        sentence += f"; workers are held meanwhile: {held} grows by {_seconds(parts[held])}, so that others queue"
        for_ = tuple(dict.fromkeys((*_WAITS[held][1], *for_)))
    else:
        others = [f"{name} {_seconds(parts[name])}" for name in sure[1:]]
        sentence += f"; also {', '.join(others)}" if others else ""
    spoken = [fault for name in sure for fault in _WAITS[name][1]]
    unspoken = tuple(fault for fault in against if fault not in spoken)
    yield ProbeSaid(view.journey, view.step, sentence, for_, unspoken)


def _grows(load: NDArray[np.float64], y: NDArray[np.float64], grown: Estimate) -> bool:
    """By the order of all runs, which no wild run moves, or by the highest level against the lowest, which a flat
    beginning does not hide; each is wrong in 2.5 %."""
    return grown.low > 0 or trend(load, y) <= SURE


def _bounds(found: Bounded) -> str:
    return f"{found.value:.2f} [{found.low:.2f}, {found.high:.2f}]"


def _seconds(found: Estimate) -> str:
    low, high = format_duration(found.low), format_duration(found.high)
    return f"{format_duration(found.value)} [{low}, {high}]"
