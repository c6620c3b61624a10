"""A prediction made on an observed run, told for the service that nobody looks into.

Being observed costs time: for each call that is seen, and for the work between them that is sampled. What of that is
left after the fix is the share of the calls that are left, or that of the time where this is less: a fix makes
observing no dearer. The bare run of the same load says what it is before.
"""

from __future__ import annotations

from msgspec.structs import replace

from loadstone.diagnose.subject import Bare
from loadstone.model.finding import Bounded, Predicted

__all__ = ["unobserved"]


def unobserved(told: Predicted, bare: Bare, calls_left: float) -> Predicted:
    """The prediction for the bare service. ``calls_left`` is the share of the calls that the fix leaves (0 to 1).

    An observed run that came out faster than the bare one is luck; the prediction then keeps its ratio.
    """
    seen = told.before_s
    if not seen or any(seen[name] <= 0 or bare.quantile_s.get(name, 0.0) <= 0 for name in seen):
        return told
    after: dict[str, Bounded | None] = {}
    below = Bounded(0.0, 0.0, 0.0)
    for name in ("p50", "p95", "p99"):
        one = told.after(name)
        if one is None or name not in seen:
            after[name] = one
        else:
            after[name] = below = _above(below, _bare(one, seen[name], bare.quantile_s[name], calls_left))
    before_s, before_bare_s, left = seen[told.at], bare.quantile_s[told.at], after[told.at]
    old = told.after(told.at)
    scale = before_bare_s / before_s
    if left is not None and old is not None and before_s > old.value:
        scale = max(0.0, before_bare_s - left.value) / (before_s - old.value)
    return replace(
        told,
        service=_scaled(told.service, scale),
        queue=_scaled(told.queue, scale),
        p50_s=after["p50"],
        p95_s=after["p95"],
        p99_s=after["p99"],
        before_s={name: bare.quantile_s[name] for name in seen},
        basis="bare",
    )


def _bare(after: Bounded, before_s: float, bare_s: float, calls_left: float) -> Bounded:
    """The lowest end keeps its ratio to what was before, the others lose what is left of the observer's cost."""
    kept = bare_s / before_s
    cost_s = before_s - bare_s
    if cost_s <= 0:
        return Bounded(after.value * kept, after.low * kept, after.high * kept)

    def less(value_s: float) -> float:
        return value_s - cost_s * min(calls_left, value_s / before_s, 1.0)

    return Bounded(less(after.value), after.low * kept, less(after.high))


def _above(below: Bounded, one: Bounded) -> Bounded:
    """A higher quantile is no lower, whatever luck the two runs had at each."""
    return Bounded(max(one.value, below.value), max(one.low, below.low), max(one.high, below.high))


def _scaled(one: Bounded | None, scale: float) -> Bounded | None:
    return None if one is None else Bounded(one.value * scale, one.low * scale, one.high * scale)
