"""A journey sent once to the service: is each step answered as it was recorded, and is each value found again?

A step that is not is mended where that is plain (a success of another number, a value that is no longer served), else
left out together with the steps that need what it gives. Methods that may change something are not sent unless that is
allowed; what then cannot be told is kept, and said.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Literal

import msgspec

from loadstone.drive.compile import Recording, compile_plan
from loadstone.drive.engine import Engine, Exchange, native
from loadstone.errors import TargetError
from loadstone.lab.service import serving, unanswered
from loadstone.lab.trial import POLL_S
from loadstone.model import template
from loadstone.model.route import SAFE
from loadstone.model.service import Service
from loadstone.model.shape import Shape
from loadstone.model.workload import Feed, Journey, Step, Think, Workload
from loadstone.spec import check_host

__all__ = ["StepSeen", "Verified", "verify"]

MOST_ROUNDS = 8
"""A journey ends at the first step that fails, so each round shows one; after this many the rest is left out."""

Outcome = Literal["same", "mended", "failed", "needs", "not sent", "not told"]


class StepSeen(msgspec.Struct, frozen=True):
    """One step. ``same`` as recorded; ``mended``, and ``says`` how; ``failed``; ``needs`` what a failed step gives;
    ``not sent``, since it may change something; ``not told``: it failed, and may do so for a step that was not sent."""

    step: str
    method: str
    outcome: Outcome
    status: int | None = None
    says: str = ""


class Verified(msgspec.Struct, frozen=True):
    """``journey`` is the mended one, None where nothing of it is left. ``works`` where every step of the recorded one
    was sent and answered as recorded, mended ones too; ``notes`` are sentences for people."""

    journey: Journey | None
    works: bool
    steps: tuple[StepSeen, ...]
    notes: tuple[str, ...] = ()

    @property
    def dropped(self) -> tuple[str, ...]:
        """Names of the steps that were left out."""
        return tuple(seen.step for seen in self.steps if seen.outcome in ("failed", "needs"))


def verify(
    journey: Journey,
    service: Service,
    seed: int = 1,
    *,
    allow_unsafe: bool = False,
    secrets: Mapping[str, str] | None = None,
    feeds: Sequence[Feed] = (),
    allow_hosts: Sequence[str] = (),
    engine: Callable[[bytes], Engine] = native,
) -> Verified:
    """Replay it, starting the service where it says how, and mend it.

    ``secrets`` are variables beside those of the environment. Raises SpecError for a host that may not be driven and
    for a variable that is not set, TargetError when the service does not answer.
    """
    check_host(service.url, tuple(allow_hosts))
    environment = {**os.environ, **(secrets or {})}
    replay = _Replay(journey, allow_unsafe)
    with tempfile.TemporaryDirectory() as directory, serving(service, Path(directory) / "service.log"):
        if problem := unanswered(service):
            raise TargetError(f"the service does not answer: {problem}")
        for number in range(MOST_ROUNDS):
            steps = replay.steps()
            if not steps:
                break
            sent = msgspec.structs.replace(journey, actions=tuple(steps), start=None)
            workload = Workload((sent,), tuple(feeds))
            once = Shape(name="verify", arrivals="once")
            plan = compile_plan(
                workload, once, service, seed=seed, recording=Recording(exchanges=True), environment=environment
            )
            if replay.learn(_exchanges(engine(plan.engine)), last=number == MOST_ROUNDS - 1):
                break
    return replay.verified()


def _exchanges(driver: Engine) -> tuple[Exchange, ...]:
    driver.start()
    try:
        while not driver.finished():
            driver.poll(POLL_S)
    finally:
        driver.stop(now=True)
    return driver.exchanges()


class _Replay:
    """The journey as it is mended, and what is known of each step."""

    def __init__(self, journey: Journey, allow_unsafe: bool) -> None:
        self._journey = journey
        self._steps = {action.name: action for action in journey.actions if isinstance(action, Step)}
        self._seen: dict[str, StepSeen] = {}
        self._held_back = False
        for step in self._steps.values():
            if step.method.upper() not in SAFE and not allow_unsafe:
                self._note(step, "not sent", None, "it may change something, and was not sent")
                self._held_back = True

    def steps(self) -> list[Step]:
        """Those to send now, each with all that it needs."""
        kept: list[Step] = []
        known: set[str] = set()
        gone: dict[str, str] = {}
        for step in self._steps.values():
            before = self._seen.get(step.name)
            outcome = before.outcome if before else "same"
            missing = sorted(_variables(step) - known)
            if outcome in ("not sent", "failed", "not told") or missing:
                if missing and outcome not in ("not sent", "failed", "not told"):
                    by = gone.get(missing[0], "a step")
                    told: Outcome = "not told" if self._unsent(by) else "needs"
                    self._note(step, told, None, f"it needs {missing[0]}, which {by} gives")
                gone |= {one.name: step.name for one in step.extract}
                continue
            known |= {one.name for one in step.extract}
            kept.append(msgspec.structs.replace(step, next=None, pause=None))
        return kept

    def _unsent(self, name: str) -> bool:
        seen = self._seen.get(name)
        return seen is not None and seen.outcome in ("not sent", "not told")

    def learn(self, exchanges: Sequence[Exchange], *, last: bool) -> bool:
        """Take in one round. True when there is nothing more to find out."""
        done = {exchange.step for exchange in exchanges}
        for exchange in exchanges:
            step = self._steps[exchange.step]
            if not exchange.error:
                if step.name not in self._seen:
                    self._note(step, "same", exchange.status, "")
                continue
            self._failed(step, exchange)
        unreached = [step for step in self.steps() if step.name not in done]
        if last:
            for step in unreached:
                self._note(step, "not told", None, "the replay ended before it")
        return last or not (unreached or any(exchange.error for exchange in exchanges))

    def _failed(self, step: Step, exchange: Exchange) -> None:
        said = exchange.message or exchange.result
        if exchange.result == "extract":
            name = (exchange.message or "").partition(":")[0]
            kept = tuple(one for one in step.extract if one.name != name)
            if len(kept) < len(step.extract):
                self._steps[step.name] = msgspec.structs.replace(step, extract=kept)
                self._note(step, "mended", exchange.status, f"{name} is not in its reply, and is not taken from it")
                return
        wanted = step.check.status
        if exchange.status is not None and 200 <= exchange.status < 300 and wanted and _successes(wanted):
            check = msgspec.structs.replace(step.check, status=(*wanted, (exchange.status, exchange.status)))
            self._steps[step.name] = msgspec.structs.replace(step, check=check)
            self._note(step, "mended", exchange.status, f"it is answered {exchange.status} now, which is a success too")
            return
        outcome: Outcome = "not told" if self._after_unsent(step) else "failed"
        self._note(step, outcome, exchange.status, _plainly(said, exchange, step))

    def _after_unsent(self, step: Step) -> bool:
        names = list(self._steps)
        return any(self._unsent(name) for name in names[: names.index(step.name)])

    def _note(self, step: Step, outcome: Outcome, status: int | None, says: str) -> None:
        self._seen[step.name] = StepSeen(step.name, step.method.upper(), outcome, status, says)

    def verified(self) -> Verified:
        """What came of it."""
        self.steps()
        seen = tuple(self._seen[name] for name in self._steps if name in self._seen)
        gone = {one.step for one in seen if one.outcome in ("failed", "needs")}
        actions = tuple(_without(self._journey.actions, self._steps, gone))
        journey = msgspec.structs.replace(self._journey, actions=actions, start=_start(self._journey.start, gone))
        empty = not any(isinstance(action, Step) for action in actions)
        works = all(one.outcome in ("same", "mended") for one in seen)
        return Verified(None if empty else journey, works, seen, tuple(_notes(seen)))


def _without(actions: Sequence[Step | Think], steps: Mapping[str, Step], gone: set[str]) -> Iterator[Step | Think]:
    """The journey without these steps, and without pauses that no step follows; ways to them end."""
    waiting: Think | None = None
    for action in actions:
        if isinstance(action, Think):
            waiting = waiting or action
        elif action.name not in gone:
            if waiting is not None:
                yield waiting
                waiting = None
            step = steps[action.name]
            if step.next and gone & set(step.next):
                kept = {name: share for name, share in step.next.items() if name not in gone}
                step = msgspec.structs.replace(step, next=kept)
            yield step


def _start(start: dict[str, float] | None, gone: set[str]) -> dict[str, float] | None:
    """Where a graph begins, without what is gone; None where nothing of it is left: then it begins with its first."""
    kept = {name: share for name, share in (start or {}).items() if name not in gone}
    whole = sum(kept.values())
    return {name: share / whole for name, share in kept.items()} if whole else None


def _variables(step: Step) -> set[str]:
    """Names of values that a step takes from earlier replies."""
    texts: list[object] = [step.target, *step.headers.values(), step.body.value if step.body else None]
    found: set[str] = set()
    while texts:
        match texts.pop():
            case str(text):
                found |= {part.name for part in template.parse(text) if isinstance(part, template.Variable)}
            case dict(inner):
                texts += inner.values()
            case list(inner):
                texts += inner
    return found


def _successes(ranges: Sequence[tuple[int, int]]) -> bool:
    return all(low >= 200 and high < 300 for low, high in ranges)


def _plainly(said: str, exchange: Exchange, step: Step) -> str:
    if exchange.status in (301, 302, 303, 307, 308) and step.check.status:
        return f"it was answered {exchange.status}, a redirect; perhaps a login is missing"
    if exchange.status in (401, 403):
        return f"it was answered {exchange.status}; a login or a token is missing"
    return said


def _notes(seen: Sequence[StepSeen]) -> Iterator[str]:
    sent = [one for one in seen if one.outcome in ("same", "mended", "failed")]
    good = [one for one in sent if one.outcome != "failed"]
    yield f"{len(good)} of {len(seen)} steps were answered as recorded"
    for one in seen:
        if one.says:
            yield f"{one.step}: {one.says}"
