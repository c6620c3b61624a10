"""Journeys of recordings: what somebody did once, as something that can be done again."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from loadstone.model.recording import Recording
from loadstone.model.route import SAFE
from loadstone.model.workload import Journey, Step, Think
from loadstone.traffic.recorded.difference import differences
from loadstone.traffic.recorded.journey import Made, made_of
from loadstone.traffic.recorded.single import candidates

__all__ = ["Recorded", "recorded"]


class Recorded(msgspec.Struct, frozen=True):
    """``on`` are journeys that may be sent; ``off`` are those that may change something, whole. ``secrets`` are for a
    replay, in memory alone."""

    on: tuple[Journey, ...] = ()
    off: tuple[Journey, ...] = ()
    secrets: dict[str, str] = {}
    notes: tuple[str, ...] = ()


def recorded(recordings: Sequence[Recording], *, allow_unsafe: bool) -> Recorded:
    """A journey of each recording. Two of one visit are compared, and give one whose changing values are taken."""
    on: list[Journey] = []
    off: list[Journey] = []
    secrets: dict[str, str] = {}
    notes: list[str] = []
    for number, made in enumerate(_made(recordings, notes), 1):
        name = "recorded" if number == 1 else f"recorded {number}"
        journey = msgspec.structs.replace(made.journey, name=name)
        secrets |= made.secrets
        notes += made.notes
        safe = _safe(journey)
        if allow_unsafe or safe == journey:
            on.append(journey)
            continue
        off.append(msgspec.structs.replace(journey, name=f"{name} whole"))
        if safe is not None:
            on.append(safe)
    return Recorded(tuple(on), tuple(off), secrets, tuple(notes))


def _made(recordings: Sequence[Recording], notes: list[str]) -> list[Made]:
    made: list[Made] = []
    waiting = list(recordings)
    if len(waiting) >= 2 and _alike(waiting[0], waiting[1]):
        first, second, *waiting = waiting
        dynamics = differences(first, second)
        made.append(made_of(first, dynamics, "recorded"))
    for recording in waiting:
        try:
            made.append(made_of(recording, candidates(recording), "recorded"))
        except ValueError as error:
            notes.append(f"{recording.path}: {error}.")
    return made


def _alike(first: Recording, second: Recording) -> bool:
    """Whether both are of one visit: mostly the same requests, whatever their values."""
    one, other = (
        [(x.method, x.target.partition("?")[0].count("/")) for x in each.exchanges] for each in (first, second)
    )
    return bool(one) and abs(len(one) - len(other)) <= max(2, len(one) // 4) and first.kind == second.kind


def _safe(journey: Journey) -> Journey | None:
    """The journey without what may change something; None where nothing is left. Steps that need what is gone are
    found when it is tried."""
    actions: list[Step | Think] = []
    for action in journey.actions:
        thought = isinstance(action, Think) and bool(actions) and isinstance(actions[-1], Step)
        if thought or (isinstance(action, Step) and action.method.upper() in SAFE):
            actions.append(action)
    while actions and isinstance(actions[-1], Think):
        actions.pop()
    return msgspec.structs.replace(journey, actions=tuple(actions)) if actions else None
