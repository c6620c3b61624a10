"""The evidence as detectors see it: the digest of its spans, its other tables, and what it lacks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import Any, TypeVar

from loadstone.diagnose.calls.sizes import any_size
from loadstone.diagnose.digest import Digest
from loadstone.diagnose.subject import Subject
from loadstone.diagnose.suspect import Scene
from loadstone.model.evidence import Columns, Coverage, Evidence, Missing, Plan

__all__ = ["EvidenceScene"]

_Made = TypeVar("_Made")


class EvidenceScene:
    """``loadstone.diagnose.suspect.Scene`` over any evidence."""

    def __init__(self, subject: Subject, evidence: Evidence, digest: Digest) -> None:
        self.digest = digest
        self._subject = subject
        self._evidence = evidence
        self._answers: dict[str, str | None] = {}
        self._made: dict[Callable[..., Any], Any] = {}

    def rows(self, table: str, columns: Sequence[str], where: str = "", order: str = "") -> Iterator[Columns]:
        """Batches of a table."""
        return self._evidence.rows(table, columns, where, order)

    def missing(self) -> tuple[Missing, ...]:
        """What this evidence has not, and why."""
        return self._evidence.missing()

    def coverage(self) -> tuple[Coverage, ...]:
        """Processes and libraries, seen or not."""
        return self._evidence.coverage()

    def plans(self) -> tuple[Plan, ...]:
        """Plans of statements, read once."""
        return self._plans

    @cached_property
    def _plans(self) -> tuple[Plan, ...]:
        return self._evidence.plans()

    def has(self, need: str) -> str | None:
        """None where the need is met, else why it is not."""
        if need not in self._answers:
            met, kinds, told = _NEEDS[need]
            self._answers[need] = None if met(self) else self._why(kinds) or told
        return self._answers[need]

    def once(self, make: Callable[[Scene], _Made]) -> _Made:
        """``make(self)``, made once."""
        if make not in self._made:
            self._made[make] = make(self)
        made: _Made = self._made[make]
        return made

    def _why(self, kinds: Sequence[str]) -> str | None:
        return next((one.reason.rstrip(".") for one in self.missing() if one.kind in kinds), None)

    def _any(self, table: str, where: str = "") -> bool:
        column = {"stacks": "at_ns", "waits": "at_ns", "statements": "calls", "host": "at_ns"}[table]
        return next(iter(self.rows(table, (column,), where)), None) is not None

    def _family(self, *families: str) -> bool:
        return any(one.family in families for one in self.digest.operations)

    def _several(self) -> bool:
        return len({one.service for one in self.digest.operations if one.family == "server"}) > 1

    def _covered(self, libraries: Sequence[str]) -> bool:
        return any(one.library in libraries and one.state in ("spans", "no spans") for one in self.coverage())


_Need = tuple[Callable[[EvidenceScene], bool], tuple[str, ...], str]

_NEEDS: dict[str, _Need] = {
    "spans": (lambda scene: len(scene.digest.requests) > 0, ("spans", "traces", "recorder"), "no traces"),
    "database spans": (
        lambda scene: scene._family("database", "key-value"),
        ("database spans", "spans"),
        "no statements in traces",
    ),
    "calls": (
        lambda scene: scene._family("http", "rpc") or scene._several(),
        ("calls", "spans"),
        "no outgoing calls in traces",
    ),
    "call sites": (
        lambda scene: any(one.file for one in scene.digest.operations),
        ("call sites",),
        "spans name no line of code",
    ),
    "stacks": (
        lambda scene: scene._any("stacks", "state IN ('cpu', 'gil')"),
        ("stacks", "profile"),
        "no CPU profile",
    ),
    "gil stacks": (
        lambda scene: scene._any("stacks", "state = 'gil'"),
        ("gil", "stacks", "profile"),
        "no profile of the interpreter's lock",
    ),
    "gc": (
        lambda scene: scene._any("waits", "kind = 'gc'") or scene._covered(("gc",)),
        ("gc", "recorder", "waits"),
        "no record of garbage collections",
    ),
    "locks": (
        lambda scene: (
            scene._any("waits", "kind <> 'gc'")
            or scene._any("statements")
            or any(one.family == "transaction" and one.system == "sqlite" for one in scene.digest.operations)
        ),
        ("waits", "postgres", "statements"),
        "no look into the database's waits",
    ),
    "plans": (lambda scene: bool(scene.plans()), ("plans", "postgres", "sqlite"), "no plans of statements"),
    "statements": (lambda scene: scene._any("statements"), ("statements", "postgres"), "no counts of the database"),
    "host": (lambda scene: scene._any("host"), ("host",), "no figures of the host"),
    "client": (lambda scene: scene._subject.client is not None, ("client",), "no record of the client"),
    "sizes": (
        lambda scene: bool((scene.digest.requests.bytes_out >= 0).any()) or any_size(scene),
        ("sizes",),
        "no sizes of replies",
    ),
}
