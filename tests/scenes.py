# ruff: noqa: ANN401 - columns are of any type
"""Stories: traces written by hand, many at a time, with seeded chance; what the cases of faults are made of.

    story = Story(seed=1, steps=(("browse", "detail"),))
    for request in story.requests(200, step=1, rate_per_s=20):
        request.spend(0.002)  # the server's own time
        for row in range(40):
            request.sql("SELECT * FROM author WHERE id = ?", 0.0005, parameters=row, file="shop/pages.py", line=41)
    subject, evidence = story.made()

A request has one clock: each call advances it. ``at=`` sets a span's start (seconds into the request) without moving
the clock, for work that runs side by side; ``request.until(s)`` moves it there. ``with request.inside(...)`` puts what
follows below a span. Durations are drawn around what is asked for (lognormal, sigma .1) unless ``exact=True``.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from zlib import crc32

import msgspec
import numpy as np

from loadstone.diagnose.digest import Digest
from loadstone.diagnose.scene import EvidenceScene
from loadstone.diagnose.subject import Client, Subject
from loadstone.diagnose.traces.reading import digest_of
from loadstone.model.evidence import KINDS, Coverage, Missing, Plan
from tests.evidence import START_NS, MemoryEvidence, columns, packed, trace_id

__all__ = ["Request", "Story"]


class Request:
    """One trace being written."""

    def __init__(self, story: Story, number: int, step: int, at_s: float, root: dict[str, Any]) -> None:
        self._story = story
        self.number, self.step, self.at_s = number, step, at_s
        self.now_s = 0.0
        self.spans: list[dict[str, Any]] = []
        self._parent: int | None = None
        self.root = self._add("server", f"GET /{step}", 0.0, 0.0, root)
        self._parent = 0
        self.random = story.random

    def spend(self, seconds: float, *, exact: bool = False) -> None:
        """Time of the innermost open span itself, on the CPU."""
        spent = self._drawn(seconds, exact)
        self.now_s += spent
        self.root["cpu_s"] = self.root.get("cpu_s", 0.0) + spent

    def until(self, seconds: float) -> None:
        """Move the clock to so many seconds into the request."""
        self.now_s = seconds

    def sql(
        self,
        statement: str | None,
        seconds: float,
        *,
        parameters: object = None,
        rows: int | None = None,
        file: str | None = None,
        line: int | None = None,
        function: str | None = None,
        system: str = "postgresql",
        at: float | None = None,
        exact: bool = False,
        **more: object,
    ) -> dict[str, Any]:
        """A statement, ``parameters`` being anything whose text tells them apart."""
        name = (statement or system).split(" ", 1)[0]
        told = {
            "db_system_name": system,
            "db_query_text": statement,
            "db_query_parameters_hash": None if parameters is None else f"{crc32(repr(parameters).encode()):016x}",
            "db_response_returned_rows": rows,
            **_code(file, line, function),
        }
        return self.span("client", name, seconds, at=at, exact=exact, **told | more)

    def call(
        self, method: str, address: str, path: str, seconds: float, *, at: float | None = None, **more: Any
    ) -> dict[str, Any]:
        """An outgoing HTTP call."""
        exact = bool(more.pop("exact", False))
        code = _code(more.pop("file", None), more.pop("line", None), more.pop("function", None))
        told = {"http_request_method": method, "server_address": address, "url_path": path, **code}
        return self.span("client", method, seconds, at=at, exact=exact, **told | more)

    def span(
        self, kind: str, name: str, seconds: float, *, at: float | None = None, exact: bool = False, **more: Any
    ) -> dict[str, Any]:
        """Any span. Columns of the table by name in ``more``."""
        lasts = self._drawn(seconds, exact)
        start = self.now_s if at is None else at
        made = self._add(kind, name, start, start + lasts, more)
        if at is None:
            self.now_s += lasts
        return made

    @contextmanager
    def inside(self, name: str, *, kind: str = "internal", **more: Any) -> Iterator[dict[str, Any]]:
        """What is done within lies below a span of this name."""
        above = self._parent
        made = self._add(kind, name, self.now_s, self.now_s, more)
        self._parent = len(self.spans) - 1
        yield made
        made["end_s"] = self.now_s
        self._parent = above

    def _drawn(self, seconds: float, exact: bool) -> float:
        return seconds if exact or seconds <= 0 else float(seconds * self._story.random.lognormal(0, 0.1))

    def _add(self, kind: str, name: str, start: float, end: float, more: dict[str, Any]) -> dict[str, Any]:
        made = {"kind": KINDS.index(kind), "name": name, "start_s": start, "end_s": end, "parent": self._parent} | more
        self.spans.append(made)
        return made


class Story:
    """A run being written. ``made()`` gives what a detector is given."""

    def __init__(
        self,
        seed: int = 1,
        steps: tuple[tuple[str, str], ...] = (("shop", "page"),),
        *,
        own: bool = True,
        service: str = "shop",
        subject: Subject | None = None,
    ) -> None:
        self.random = np.random.default_rng(seed)
        self.steps, self.own, self.service = steps, own, service
        self.subject = subject or Subject(run="test", kind="load" if own else "import", steps=steps if own else ())
        self.written: list[Request] = []
        self.tables: dict[str, list[dict[str, Any]]] = {}
        self.coverage: list[Coverage] = []
        self.missing: list[Missing] = []
        self.plans: list[Plan] = []
        self._at_s = 0.0

    def requests(
        self, count: int, *, step: int = 1, rate_per_s: float = 50.0, phase: int = 0, **root: Any
    ) -> Iterator[Request]:
        """Requests with Poisson arrivals, after those before. ``root`` are columns of the server span; a value that
        can be called is called with the request's number."""
        for _ in range(count):
            self._at_s += float(self.random.exponential(1 / rate_per_s))
            number = len(self.written) + 1
            told = {name: value(number) if callable(value) else value for name, value in root.items()}
            request = Request(self, number, step, self._at_s, {"phase": phase, "process_pid": 100} | told)
            self.written.append(request)
            yield request

    def pause(self, seconds: float) -> None:
        """No request begins for so long."""
        self._at_s += seconds

    def stack(self, frames: str, count: int = 1, *, state: str = "cpu", at_s: float = 0.0, **more: Any) -> None:
        """Samples of one stack, root first ("main (app.py:1);work (app.py:9)"), ``count`` of 10 ms each."""
        row = {
            "at_ns": START_NS + round(at_s * 1e9),
            "source": "py-spy",
            "process_pid": 100,
            "thread_id": 1,
            "thread_name": "MainThread",
            "state": state,
            "weight": 10_000_000,
            "unit": "ns",
            "frames": frames,
        }
        self.row("stacks", *[row | more] * count)

    def row(self, table: str, *rows: dict[str, Any]) -> None:
        """Rows of another table (``waits``, ``host``, ``statements``, ``stacks``) with the columns named as it does."""
        self.tables.setdefault(table, []).extend(rows)

    def evidence(self) -> MemoryEvidence:
        """What was written so far."""
        spans = [row for request in self.written for row in self._rows(request)]
        tables = {"spans": columns("spans", spans)} if spans else {}
        tables |= {table: columns(table, rows) for table, rows in self.tables.items()}
        return MemoryEvidence(
            tables, missing=tuple(self.missing), coverage=tuple(self.coverage), plans=tuple(self.plans), batch=20_000
        )

    def told(self) -> tuple[Subject, MemoryEvidence]:
        """The subject, with the client's record where requests are our own, and the evidence."""
        subject = self.subject
        if self.own and subject.client is None and self.written:
            subject = msgspec.structs.replace(subject, client=self._client())
        return subject, self.evidence()

    def made(self) -> tuple[Subject, EvidenceScene]:
        """The subject and the scene of what was told."""
        subject, evidence = self.told()
        return subject, EvidenceScene(subject, evidence, digest_of(subject, evidence))

    def digest(self) -> Digest:
        """The digest alone."""
        return self.made()[1].digest

    def _rows(self, request: Request) -> Iterator[dict[str, Any]]:
        base = START_NS + round(request.at_s * 1e9)
        request.root["end_s"] = max(request.root["end_s"], request.now_s)
        cpu = request.root.get("cpu_s")
        for place, span in enumerate(request.spans):
            row = {name: value for name, value in span.items() if name not in ("start_s", "end_s", "parent", "cpu_s")}
            parent = span["parent"]
            row["span_id"] = (request.number << 24 | place + 1).to_bytes(8, "big")
            row["parent_id"] = (
                (request.number << 24 | parent + 1).to_bytes(8, "big")
                if parent is not None
                else packed(request.number, request.step, row.get("phase") or 0)
                if self.own
                else None
            )
            row["trace_id"] = trace_id(request.number)
            row["start_ns"] = base + round(span["start_s"] * 1e9)
            row["end_ns"] = base + round(span["end_s"] * 1e9)
            row["service"] = row.get("service", self.service)
            row["status"] = row.get("status", 0)
            row["phase"] = request.root.get("phase") if self.own else None
            row["step"], row["request"] = (request.step, request.number) if self.own else (None, None)
            if place == 0 and cpu is not None and "thread_cpu_ns" not in row:
                row["thread_cpu_ns"] = round(cpu * 1e9)
            yield row

    def _client(self) -> Client:
        """Sent 50 us before the server's span, and ``waited_s`` of its root earlier; done 50 us after it."""
        made = self.written
        start = np.array([START_NS + round(one.at_s * 1e9) for one in made], np.int64)
        lasts = np.array([round(max(one.root["end_s"], one.now_s) * 1e9) for one in made], np.int64)
        sent = start - 50_000 - np.array([round(one.root.get("waited_s", 0.0) * 1e9) for one in made], np.int64)
        return Client(
            number=np.array([one.number for one in made], np.int64),
            step=np.array([one.step for one in made], np.int32),
            phase=np.array([one.root.get("phase", 0) for one in made], np.int32),
            intended_ns=sent,
            sent_ns=sent,
            done_ns=start + lasts + 50_000,
            bytes_in=np.array([one.root.get("bytes", 500) for one in made], np.int64),
            error=np.zeros(len(made), np.bool_),
        )


def _code(file: str | None, line: int | None, function: str | None) -> dict[str, Any]:
    return {"code_file_path": file, "code_line_number": line, "code_function_name": function}
