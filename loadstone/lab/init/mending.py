"""Each journey sent once through the engine, and what failed taken out of it and told."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping, Sequence

import msgspec

from loadstone.drive.engine import Engine
from loadstone.errors import LoadstoneError
from loadstone.lab.replaying import Verified, verify
from loadstone.model.assumption import Unknown
from loadstone.model.service import Service
from loadstone.model.workload import Feed, Journey, Step, Think

__all__ = ["Mended", "mended", "pruned"]


class Mended(msgspec.Struct, frozen=True):
    """``journeys`` are those that work, ``broken`` says of a step (journey, step) why it was left out."""

    journeys: tuple[Journey, ...]
    broken: dict[tuple[str, str], str] = {}
    unknowns: tuple[Unknown, ...] = ()
    notes: tuple[str, ...] = ()


def mended(
    journeys: Sequence[Journey],
    service: Service,
    *,
    feeds: Sequence[Feed],
    allowed: frozenset[str],
    secrets: Mapping[str, str],
    allow_hosts: Sequence[str],
    seed: int,
    engine: Callable[[bytes], Engine],
    doing: Callable[[str], None],
) -> Mended:
    """Send them. ``allowed`` are names of journeys whose steps may change something: a login that was given."""
    kept: list[Journey] = []
    broken: dict[tuple[str, str], str] = {}
    unknowns: list[Unknown] = []
    notes: list[str] = []
    up = msgspec.structs.replace(service, start=None, ready=None)
    for journey in journeys:
        doing(f"checking {journey.name} through the engine …")
        try:
            seen = verify(
                journey,
                up,
                seed,
                allow_unsafe=journey.name in allowed,
                secrets=secrets,
                feeds=tuple(feeds),
                allow_hosts=allow_hosts,
                engine=engine,
            )
        except LoadstoneError as error:
            said = str(error).splitlines()[0]
            broken |= {(journey.name, one.name): said for one in journey.actions if isinstance(one, Step)}
            unknowns.append(Unknown(f"whether {journey.name} works: {said}", "loadstone check"))
            continue
        targets = {one.name: one for one in journey.actions if isinstance(one, Step)}
        for one in seen.steps:
            if one.outcome in ("failed", "needs"):
                broken[journey.name, one.step] = one.says
                if one.outcome == "failed":
                    unknowns.append(_why(journey, targets[one.step], one.says, service.url))
        notes += () if seen.works else [f"{journey.name}: {note}" for note in seen.notes]
        if seen.journey is not None and _worth(seen) and (whole := pruned(_trimmed(seen.journey))) is not None:
            kept.append(whole)
    return Mended(tuple(kept), broken, tuple(unknowns), tuple(notes))


def _trimmed(journey: Journey) -> Journey:
    """Without pauses before the first step, behind the last, or after another pause."""
    actions: list[Step | Think] = []
    for action in journey.actions:
        if isinstance(action, Step) or (actions and isinstance(actions[-1], Step)):
            actions.append(action)
    while actions and isinstance(actions[-1], Think):
        actions.pop()
    return msgspec.structs.replace(journey, actions=tuple(actions))


def pruned(journey: Journey) -> Journey | None:
    """A journey whose ways lead only to steps that it has, and which has no step that nobody comes to; None where
    nothing is left."""
    steps = [action for action in journey.actions if isinstance(action, Step)]
    if journey.start is None and all(step.next is None for step in steps):
        return journey if steps else None
    names = [step.name for step in steps]
    start = {name: share for name, share in (journey.start or {}).items() if name in names}
    if journey.start is not None and not start:
        return None
    after = {
        step.name: [name for name in step.next if name in names] if step.next is not None else names[at + 1 : at + 2]
        for at, step in enumerate(steps)
    }
    reached: set[str] = set()
    waiting = list(start) if journey.start is not None else names[:1]
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting += after[name]
    whole = sum(start.values())
    actions = tuple(
        action
        if not isinstance(action, Step) or action.next is None
        else msgspec.structs.replace(
            action, next={name: share for name, share in action.next.items() if name in reached}
        )
        for action in journey.actions
        if not isinstance(action, Step) or action.name in reached
    )
    begins = {name: round(share / whole, 6) for name, share in start.items()} if start else None
    return msgspec.structs.replace(journey, actions=actions, start=begins) if reached else None


def _worth(seen: Verified) -> bool:
    return any(one.outcome in ("same", "mended") for one in seen.steps)


def _why(journey: Journey, step: Step, says: str, url: str) -> Unknown:
    """A step that failed, and the request by hand."""
    where = f"{url}{step.target}" if "{" not in step.target else url
    command = f"curl -i {shlex.quote(where)}"
    return Unknown(f"why {journey.name}.{step.name} failed: {says}"[:200], command)
