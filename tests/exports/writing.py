"""Traces of many services written by hand, and what exports do to them on the way.

    export = Export(seed=1)
    for trace in export.traces(40):
        with trace.span("web", "server", "GET /basket", {"http.method": "GET", "http.target": "/basket"}):
            trace.work(0.002)
            trace.call("web", "GET", "http://stock/items/7", 0.004)

A trace has one clock, in seconds from its start. ``at`` sets a span's start without moving the clock.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import numpy as np

__all__ = ["BEGUN_S", "Export", "Made", "Trace"]

BEGUN_S = 1_760_000_000

Tags = Mapping[str, str | int | bool | list[str]]


@dataclass
class Made:
    """One span. ``parent`` is 0 at the root; ``follows`` refers to its parent by FOLLOWS_FROM or a link."""

    trace: int
    id: int
    parent: int
    service: str
    kind: str
    name: str
    start_s: float
    end_s: float
    tags: Tags = field(default_factory=dict)
    error: bool = False
    follows: bool = False
    scope: str = ""


class Trace:
    """One trace being written."""

    def __init__(self, export: Export, number: int, at_s: float) -> None:
        self._export, self.number, self.at_s = export, number, at_s
        self.now_s = 0.0
        self._open: list[Made] = []
        self.random = export.random

    def work(self, seconds: float) -> None:
        """The innermost open span's own time, drawn around so many seconds."""
        self.now_s += self._drawn(seconds)

    def until(self, seconds: float) -> None:
        """Move the clock."""
        self.now_s = seconds

    @contextmanager
    def span(self, service: str, kind: str, name: str, tags: Tags | None = None, **more: object) -> Iterator[Made]:
        """What is done within lies below it."""
        made = self._add(service, kind, name, self.now_s, tags, **more)
        self._open.append(made)
        yield made
        self._open.pop()
        made.end_s = self.at_s + self.now_s

    def leaf(
        self,
        service: str,
        kind: str,
        name: str,
        seconds: float,
        tags: Tags | None = None,
        *,
        at: float | None = None,
        **more: object,
    ) -> Made:
        """A span without any below it."""
        start = self.now_s if at is None else at
        made = self._add(service, kind, name, start, tags, **more)
        made.end_s = made.start_s + self._drawn(seconds)
        if at is None:
            self.now_s = made.end_s - self.at_s
        return made

    def call(
        self, service: str, method: str, url: str, seconds: float, *, at: float | None = None, **more: object
    ) -> Made:
        """An outgoing call as older instrumentations tell it."""
        tags: Tags = {"http.method": method, "http.url": url, "http.status_code": 503 if more.get("error") else 200}
        return self.leaf(service, "client", f"HTTP {method}", seconds, tags, at=at, **more)

    def _drawn(self, seconds: float) -> float:
        return float(seconds * self.random.lognormal(0, 0.1))

    def _add(self, service: str, kind: str, name: str, start: float, tags: Tags | None, **more: object) -> Made:
        parent = self._open[-1].id if self._open else 0
        at = self.at_s + start
        made = Made(self.number, self._export.next_id(), parent, service, kind, name, at, at, dict(tags or {}))
        for key, value in more.items():
            setattr(made, key, value)
        self._export.spans.append(made)
        return made


class Export:
    """Spans of many traces. The methods that change them return another export."""

    def __init__(self, seed: int = 1) -> None:
        self.random = np.random.default_rng(seed)
        self.spans: list[Made] = []
        self._ids = 0

    def next_id(self) -> int:
        self._ids += 1
        return self._ids * 0x1_0001_0003 % (1 << 63) or 1

    def traces(self, count: int, per_s: float = 4.0) -> Iterator[Trace]:
        """Traces with Poisson starts."""
        at = 0.0
        for number in range(1, count + 1):
            at += float(self.random.exponential(1 / per_s))
            yield Trace(self, number, at)

    def only(self, trace: int) -> Export:
        """One trace, as somebody saved it from a page."""
        return self._with([one for one in self.spans if one.trace == trace])

    def sampled(self, service: str, share: float) -> Export:
        """Of this service's spans only those of a share of the traces: it samples by itself."""
        kept = {trace for trace in {one.trace for one in self.spans} if (trace * 2654435761) % 1000 < share * 1000}
        return self._with([one for one in self.spans if one.service != service or one.trace in kept])

    def without(self, service: str) -> Export:
        """A service whose spans went elsewhere: those below it name parents that are not there."""
        return self._with([one for one in self.spans if one.service != service])

    def skewed(self, service: str, seconds: float) -> Export:
        """A host whose clock is off."""
        return self._with(
            [
                replace(one, start_s=one.start_s + seconds, end_s=one.end_s + seconds)
                if one.service == service
                else one
                for one in self.spans
            ]
        )

    def truncated(self, length: int) -> Export:
        """Statements cut, as backends with a limit of an attribute's length do."""
        names = ("db.statement", "db.query.text", "sql.query")

        def cut(tags: Tags) -> Tags:
            return {
                name: f"{value[:length]}..."
                if name in names and isinstance(value, str) and len(value) > length
                else value
                for name, value in tags.items()
            }

        return self._with([replace(one, tags=cut(one.tags)) for one in self.spans])

    def doubled(self, every: int) -> Export:
        """Every n-th span twice, as after a retry of the exporter."""
        return self._with([*self.spans, *self.spans[::every]])

    def _with(self, spans: list[Made]) -> Export:
        made = Export()
        made.spans = spans
        return made
