"""What moved in a change that fails a guardrail: the statement, call or function, or a fault that is new."""

from __future__ import annotations

from collections.abc import Sequence

from loadstone.model.comparison import Moved
from loadstone.model.finding import Diagnosis, Finding
from loadstone.model.guardrail import Guard

__all__ = ["cause_of", "new_finding"]

FAMILIES = {"statements": ("database", "key-value"), "rows": ("database",), "calls": ("http", "rpc")}
"""Which operations a counter counts. The bytes of a reply and its time may come from any."""

_SOME = 1e-9


def cause_of(guard: Guard, moved: Sequence[Moved]) -> Moved | None:
    """The operation that moved most, to the worse, in what the guard holds: by number for a counter of operations,
    else by time. None where nothing did."""
    within = [one for one in moved if guard.step is None or (one.journey, one.step) == (guard.journey, guard.step)]
    families = FAMILIES.get(guard.metric)
    if families is not None:
        more = [one for one in within if one.family in families and _more(one) > _SOME]
        return max(more, key=_more, default=None)
    longer = [one for one in within if one.b_s - one.a_s > _SOME]
    return max(longer, key=lambda one: one.b_s - one.a_s, default=None)


def new_finding(guard: Guard, base: Diagnosis | None, candidate: Diagnosis | None) -> Finding | None:
    """The first finding of the candidate that the base has not, in the guard's step where it has one. None where one
    side was not diagnosed: then nothing is known to be new.

    A fingerprint holds the service's name, which may be its folder's, and sides lie in folders of their own: the same
    fault in the same place is the same too.
    """
    if base is None or candidate is None:
        return None
    known = {one.fingerprint for one in base.findings} | {_place(one) for one in base.findings}
    fresh = [one for one in candidate.findings if not {one.fingerprint, _place(one)} & known and one.severity != "info"]
    here = [
        one for one in fresh if guard.step is None or (one.locus.journey, one.locus.step) == (guard.journey, guard.step)
    ]
    return next(iter(here), None)


def _place(one: Finding) -> tuple[str | None, ...]:
    locus = one.locus
    return one.fault, locus.journey, locus.step, locus.statement or locus.function or locus.span


def _more(one: Moved) -> float:
    return (one.b or 0.0) - (one.a or 0.0)
