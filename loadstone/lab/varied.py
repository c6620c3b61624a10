"""One factor of a load varied, everything else as the spec has it, and never beyond what the spec allows for."""

from __future__ import annotations

import math
import random
import re
from collections.abc import Callable, Sequence

import msgspec

from loadstone.errors import SpecError
from loadstone.model.shape import Phase, Shape
from loadstone.model.workload import Body, Step, Think, Workload

__all__ = ["MOST_TIMES", "default_levels", "factor_of", "loads", "order_of", "varied"]

MOST_TIMES = 2.0
"""Load above the spec's own is bounded by this factor: its author vouched for no more."""

WARM_UP_SHARE = 0.2
"""Of a run's length, before it, unmeasured: connections open and caches fill."""

_LOADS = ("rate", "concurrency", "think")
_SHARES = (0.25, 0.5, 1.0, 1.5)
_THINKS = (0.5, 1.0, 2.0)

_Change = Callable[[Step | Think], Step | Think]


def factor_of(text: str) -> tuple[str, tuple[float, ...]]:
    """``rate``, ``think=0.5,1,2`` or ``limit=10,20,40``: the factor and its levels, () where none are given.

    Raises SpecError.
    """
    factor, equals, values = text.partition("=")
    try:
        levels = tuple(float(value) for value in values.split(",")) if equals else ()
    except ValueError:
        levels = (math.nan,)
    if not factor or not all(math.isfinite(level) for level in levels):
        raise SpecError(f'"{text}" is no factor to probe; write rate, concurrency, think or NAME=10,20,40')
    return factor, levels


def loads(factor: str, shape: Shape) -> str:
    """The factor as this shape has it: the concurrency of an open model is varied by its rate."""
    return "rate" if factor == "concurrency" and shape.arrivals in ("poisson", "even") else factor


def default_levels(factor: str, shape: Shape) -> tuple[float, ...]:
    """Levels where none were given: parts of the spec's own load. A parameter has none: () is returned."""
    if factor not in _LOADS:
        return ()
    if factor == "think":
        return _THINKS
    own = _own(shape, users=factor == "concurrency")
    levels = [own * share for share in _SHARES]
    return tuple(dict.fromkeys(float(max(1, round(level))) if factor == "concurrency" else level for level in levels))


def varied(workload: Workload, shape: Shape, factor: str, value: float, seconds: float) -> tuple[Workload, Shape]:
    """The workload and a shape of one measured phase of ``seconds`` at this value of the factor.

    ``rate`` is journeys a second, ``concurrency`` users of a closed population, ``think`` a factor on all think
    times; any other factor is a parameter of a query, a form or a JSON body. Raises SpecError.
    """
    if shape.arrivals == "once":
        raise SpecError(f'the shape "{shape.name}" runs each journey once; a probe needs a rate or users')
    closed = shape.arrivals == "closed"
    load = _own(shape, users=closed)
    if factor in ("rate", "concurrency"):
        if (factor == "concurrency") != closed:
            other = "rate" if factor == "concurrency" else "concurrency"
            kind = "a closed population" if closed else "an open model"
            raise SpecError(f'the shape "{shape.name}" is {kind}: probe its {other}, not its {factor}')
        if not 0 < value <= MOST_TIMES * load:
            raise SpecError(
                f"a {factor} of {value:g} is out of bounds: the spec asks for {load:g}, a probe goes up to "
                f"{MOST_TIMES * load:g}"
            )
        load = value
    elif factor == "think":
        workload = _thinking(workload, value)
    else:
        workload = _with_parameter(workload, factor, value)
    return workload, _steady(shape, load, seconds)


def order_of(levels: Sequence[float], replicates: int, seed: int) -> list[tuple[float, int]]:
    """(level, replicate) in the order in which they are run.

    It is drawn from the seed and turned round with each replicate, so that a service that warms up or tires shifts all
    levels alike.
    """
    drawn = random.Random(seed)
    order: list[tuple[float, int]] = []
    turned: list[float] = []
    for replicate in range(replicates):
        turned = drawn.sample(list(levels), len(levels)) if replicate % 2 == 0 else turned[::-1]
        order += [(level, replicate) for level in turned]
    return order


def _own(shape: Shape, *, users: bool) -> float:
    """The highest load of the shape's measured phases."""
    found = [phase.users if users else phase.rate_per_s for phase in shape.phases if phase.measured]
    return float(max((one for one in found if one is not None), default=0.0))


def _steady(shape: Shape, load: float, seconds: float) -> Shape:
    def phase(name: str, lasts: float, *, measured: bool) -> Phase:
        if shape.arrivals == "closed":
            return Phase(name, lasts, users=max(1, round(load)), measured=measured)
        return Phase(name, lasts, rate_per_s=load, measured=measured)

    phases = phase("warm-up", seconds * WARM_UP_SHARE, measured=False), phase("probe", seconds, measured=True)
    return Shape("probe", shape.arrivals, phases)


def _thinking(workload: Workload, times: float) -> Workload:
    actions = [action for journey in workload.journeys for action in journey.actions]
    if not any(isinstance(action, Think) or action.pause is not None for action in actions):
        raise SpecError("no journey has a think time to vary")
    if not 1 / MOST_TIMES <= times <= 100:
        raise SpecError(f"think times are multiplied by {1 / MOST_TIMES:g} to 100, not by {times:g}")

    def longer(think: Think) -> Think:
        low, high = think.low_s * times, think.high_s * times
        return msgspec.structs.replace(think, value_s=think.value_s * times, low_s=low, high_s=high)

    def change(action: Step | Think) -> Step | Think:
        if isinstance(action, Think):
            return longer(action)
        return action if action.pause is None else msgspec.structs.replace(action, pause=longer(action.pause))

    return _changed(workload, change)


def _with_parameter(workload: Workload, name: str, value: float) -> Workload:
    text = f"{int(value)}" if float(value).is_integer() else f"{value:g}"
    place = re.compile(rf"(?<=[?&])({re.escape(name)})=(?:\{{[^}}]*\}}|[^&#{{])*")
    found = 0

    def change(action: Step | Think) -> Step | Think:
        nonlocal found
        if isinstance(action, Think):
            return action
        target, changes = place.subn(rf"\g<1>={text}", action.target)
        body = action.body
        if body is not None and isinstance(body.value, dict):
            filled, more = _filled(body.value, name, value if body.kind == "json" else text)
            changes += more
            body = Body(body.kind, filled)
        found += changes
        return msgspec.structs.replace(action, target=target, body=body)

    made = _changed(workload, change)
    if not found:
        known = sorted(_parameters(workload))
        there = f"there are {', '.join(known)}" if known else "there are none"
        raise SpecError(f'no step has a parameter "{name}"; {there}')
    return made


def _filled(held: dict[str, object], name: str, value: float | str) -> tuple[dict[str, object], int]:
    """The mapping with the value wherever the key is, and how often it was."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    made: dict[str, object] = {}
    found = 0
    for key, inner in held.items():
        if key == name:
            made[key], found = value, found + 1
        elif isinstance(inner, dict):
            made[key], more = _filled(inner, name, value)
            found += more
        else:
            made[key] = inner
    return made, found


def _parameters(workload: Workload) -> set[str]:
    names: set[str] = set()
    for journey in workload.journeys:
        for action in journey.actions:
            if isinstance(action, Step):
                names |= set(re.findall(r"[?&]([^=&#{]+)=", action.target))
                if action.body is not None and isinstance(action.body.value, dict):
                    names |= set(action.body.value)
    return names


def _changed(workload: Workload, change: _Change) -> Workload:
    journeys = tuple(
        msgspec.structs.replace(journey, actions=tuple(change(action) for action in journey.actions))
        for journey in workload.journeys
    )
    return msgspec.structs.replace(workload, journeys=journeys)
