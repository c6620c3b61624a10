"""The model as a spec says it: journeys whose steps lead to one another, the peak as a shape, items as feeds."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from loadstone.model.assumption import Assumption
from loadstone.model.route import Field, Route
from loadstone.model.shape import Burst, Phase, Shape
from loadstone.model.traffic import Popularity, Traffic, VisitClass
from loadstone.model.workload import Feed, Journey, Step, Think
from loadstone.stats.traffic.bursts import burst_variances, nearest_indexes
from loadstone.traffic.fit.assumptions import assumption_of, review_of
from loadstone.traffic.fit.generating import MOST_STEPS, bursty
from loadstone.traffic.fit.scope import group_of

__all__ = ["feed_names", "feeds", "journeys", "shapes"]

DIGITS = 4
"""Of a probability as it is written: a hundredth of a per cent."""

PEAK_S, WARM_UP_S = 300.0, 30.0
"""Five minutes hold some windows of each burst; a run as long as the peak can still be asked for."""

MOST_VARIANCE = 49.0
"""Of a burst's factor, as the spec allows it (50): above it arrivals come in so few windows that no run is alike."""


def journeys(traffic: Traffic, steps: Mapping[str, Step]) -> tuple[tuple[Journey, ...], tuple[Assumption, ...]]:
    """A journey for each class of visits, by the steps that are known for its routes.

    A route without a step is spliced out: what came before it leads to what came after it. Weights are percentages of
    visits. The assumptions are what was left out, and what each journey's share and length rest on.
    """
    told: list[Journey] = []
    assumed: list[Assumption] = []
    missing: dict[str, float] = {}
    names: set[str] = set()
    review = review_of(traffic)
    for one in traffic.visits:
        table, routes = _table(one)
        visited = _visited(table)
        for at, route in enumerate(routes):
            if route not in steps:
                missing[route] = missing.get(route, 0.0) + one.share.value * float(visited[at])
                table = _spliced(table, at)
        journey = _journey(traffic, one, table, routes, steps)
        if journey is None:
            assumed.append(
                Assumption(
                    f"visits of {one.name} are left out", 0.0, None, None, "no request of them has a step", review
                )
            )
            continue
        journey = msgspec.structs.replace(journey, name=_free(one.name, names))
        told.append(journey)
        assumed.append(assumption_of(f"share of visits: {one.name}", one.share, review))
        assumed.append(assumption_of(f"requests of a visit: {one.name}", one.length, review))
    total = sum(load.requests for load in traffic.mix)
    count = {load.route: load.requests for load in traffic.mix}
    for route in sorted(missing, key=lambda name: (-count.get(name, 0), name)):
        share = count.get(route, 0) / total if total else 0.0
        source = f"no step for it; {share:.3g} of the log's requests"
        assumed.append(Assumption(f"{route} is left out", 0.0, None, None, source, review))
    return tuple(told), tuple(assumed)


def _table(one: VisitClass) -> tuple[NDArray[np.float64], list[str]]:
    """Probabilities float64[routes + 1, routes + 1]; the last row is where visits begin, the last column their end."""
    routes = sorted({name for step in one.transitions for name in (step.before, step.after) if name is not None})
    number = {name: at for at, name in enumerate(routes)}
    end = len(routes)
    table = np.zeros((end + 1, end + 1))
    for step in one.transitions:
        before = end if step.before is None else number[step.before]
        table[before, end if step.after is None else number[step.after]] += step.probability.value
    table[table.sum(axis=1) == 0, end] = 1.0
    return table / table.sum(axis=1, keepdims=True), routes


def _visited(table: NDArray[np.float64]) -> NDArray[np.float64]:
    """Times that a visit comes to each route, on the average; 0 where that has no end."""
    inner = table[:-1, :-1]
    try:
        found = np.linalg.solve(np.eye(len(inner)) - inner.T, table[-1, :-1])
    except np.linalg.LinAlgError:
        return np.zeros(len(inner))
    return np.asarray(np.maximum(0.0, found), dtype=np.float64)


def _spliced(table: NDArray[np.float64], at: int) -> NDArray[np.float64]:
    """Without one state: its place is taken by whatever follows it in the end."""
    follows = table[at].copy()
    again = follows[at]
    follows[at] = 0.0
    if again < 1:
        follows /= 1 - again
    else:
        follows[:] = 0.0
        follows[-1] = 1.0
    after = table + np.outer(table[:, at], follows)
    after[:, at] = 0.0
    after[at] = 0.0
    after[at, -1] = 1.0
    return np.asarray(after, dtype=np.float64)


def _journey(
    traffic: Traffic, one: VisitClass, table: NDArray[np.float64], routes: list[str], steps: Mapping[str, Step]
) -> Journey | None:
    end = len(routes)
    begins = table[end, :end]
    if begins.sum() <= 0:
        return None
    weight = 100 * one.share.value * float(begins.sum())  # visits that would make no request at all are not made
    begins = begins / begins.sum()
    kept = {load.route for load in traffic.mix if load.kept is not None}
    paces = {pace.route: pace for pace in one.paces}
    names = _step_names(routes, steps)
    rounded = [_rounded(table[at, :end], [route in kept for route in routes]) for at in range(end)]
    start = _rounded(begins, [route in kept for route in routes])
    start[int(np.argmax(start))] += round(1 - float(start.sum()), DIGITS)
    order = _reached(start, rounded)
    actions = []
    for at in order:
        pace = paces.get(routes[at])
        follows = {names[after]: round(float(rounded[at][after]), DIGITS) for after in order if rounded[at][after] > 0}
        think = (
            Think("lognormal", float(f"{pace.median_s.value:.3g}"), sigma=float(f"{pace.sigma.value:.3g}"))
            if pace is not None and follows
            else None
        )
        actions.append(msgspec.structs.replace(steps[routes[at]], name=names[at], next=follows, pause=think))
    begin = {names[at]: round(float(start[at]), DIGITS) for at in order if start[at] > 0}
    return Journey(
        one.name,
        float(f"{weight:.3g}"),
        tuple(actions),
        None if len(begin) == 1 and next(iter(begin)) == actions[0].name else begin,
        MOST_STEPS,
    )


def _rounded(row: NDArray[np.float64], kept: Sequence[bool]) -> NDArray[np.float64]:
    """As written, never more than 1 in all; what leads to a rare route that is kept on purpose does not vanish."""
    least = 10.0**-DIGITS
    found = np.round(row, DIGITS)
    found = np.where((row > 0) & np.array(kept) & (found < least), least, found)
    over = float(found.sum()) - 1
    if over > 0:
        at = int(np.argmax(found))
        found[at] = round(float(found[at]) - over, DIGITS)
    return np.asarray(found, dtype=np.float64)


def _reached(start: NDArray[np.float64], follows: Sequence[NDArray[np.float64]]) -> list[int]:
    """Steps in the order in which users first come to them, the likeliest way first."""
    order: list[int] = []
    waiting = [at for at in np.argsort(-start, kind="stable").tolist() if start[at] > 0]
    while waiting:
        at = waiting.pop(0)
        if at in order:
            continue
        order.append(at)
        waiting += [after for after in np.argsort(-follows[at], kind="stable").tolist() if follows[at][after] > 0]
    return order


def _step_names(routes: list[str], steps: Mapping[str, Step]) -> list[str]:
    used: set[str] = set()
    return [_free(steps[route].name, used) if route in steps else "" for route in routes]


def _free(name: str, used: set[str]) -> str:
    found, number = name, 2
    while found in used:
        found, number = f"{name} {number}", number + 1
    used.add(found)
    return found


def shapes(traffic: Traffic) -> tuple[Shape, ...]:
    """The peak: its rate of beginning visits with its bursts, after a while to build up; nothing where the log tells no
    rate."""
    arrivals = traffic.arrivals
    rate = float(f"{arrivals.visits_per_s.value:.3g}")
    if rate <= 0:
        return ()
    phases = (
        Phase("warm-up", WARM_UP_S, rate_per_s=rate, measured=False),
        Phase("peak", PEAK_S, rate_per_s=rate),
    )
    return (Shape("peak", "poisson", phases, _bursts(traffic, rate)),)


def _bursts(traffic: Traffic, rate: float) -> tuple[Burst, ...]:
    """As a rate can have them; none where the log's arrivals are no burstier than Poisson's, by their intervals."""
    known = [each for each in traffic.arrivals.dispersion if each.window_s <= PEAK_S]
    if not known or not bursty(traffic.arrivals):
        return ()
    windows = [each.window_s for each in known]
    found = nearest_indexes(windows, [each.index.value for each in known])
    variances = [min(MOST_VARIANCE, one) for one in burst_variances(rate, windows, found)]
    together = np.cumprod(1 + np.array(variances[::-1]))[::-1] - 1
    told = (rate * np.cumsum(np.diff(windows, prepend=0.0) * together)).tolist()  # indexes less 1
    for digits in (3, 4, 6):
        indexes = [round(1 + float(f"{each:.{digits}g}"), 12) for each in told]
        near = nearest_indexes(windows, indexes)
        close = all(abs(one / other - 1) < 0.005 for one, other in zip(indexes, near, strict=True))
        if close and max(burst_variances(rate, windows, indexes)) < MOST_VARIANCE + 0.5:
            break  # rounded so far that it still can be
    return tuple(map(Burst, windows, indexes)) if indexes[-1] > 1 else ()


def feed_names(traffic: Traffic) -> dict[tuple[str, str], str]:
    """The feed's name for each (route, field) of which popularity is known and values may be read."""
    used: set[str] = set()
    names = {}
    routes = {route.id: route for route in traffic.routes}
    for one in traffic.popularity:
        route = routes.get(one.route)
        if route is None or _field(route, one) is None:
            continue
        words = [part for part in route.template.split("/") if part and not part.startswith("{")]
        name = _word(group_of(route.template))
        candidates = [name, *(f"{name}_{_word(word)}" for word in words[-1:])]
        candidates.append(f"{candidates[-1]}_{_word(one.field)}")
        candidates += [f"{candidates[-1]}_{number}" for number in range(2, 100)]
        chosen = next(each for each in candidates if each not in used)
        used.add(chosen)
        names[one.route, one.field] = chosen if not chosen[0].isdigit() else f"feed_{chosen}"
    return names


def _word(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9_]", "_", text)


def feeds(traffic: Traffic) -> tuple[Feed, ...]:
    """Rows by rank, the most popular first, drawn anew for each request; where the values may be kept at all."""
    routes = {route.id: route for route in traffic.routes}
    popular = {(one.route, one.field): one for one in traffic.popularity}
    told = []
    for (route, name), feed in feed_names(traffic).items():
        field, one = _field(routes[route], popular[route, name]), popular[route, name]
        if field is not None:
            told.append(
                Feed(
                    feed,
                    (field.name,),
                    tuple((value,) for value in field.values),
                    "zipf",
                    f"traffic/{feed}.csv",
                    float(f"{one.exponent.value:.3g}"),
                    float(f"{one.shift.value:.3g}"),
                    "request",
                )
            )
    return tuple(told)


def _field(route: Route, one: Popularity) -> Field | None:
    """The one field with values to write down; none of several together, nor one whose values are not kept."""
    return next(
        (
            each
            for each in route.fields
            if each.name == one.field and each.values and each.kind not in ("personal", "token")
        ),
        None,
    )
