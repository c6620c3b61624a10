"""What requests met, for the sentence that says what to do: from the exchanges of a check, and from a run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from urllib.parse import urlsplit

import msgspec

from loadstone.drive.engine import Exchange
from loadstone.model.discovery import Obstacle
from loadstone.model.interval import Sample
from loadstone.model.run import Caveat, Level, Summary
from loadstone.model.workload import Step, Workload
from loadstone.traffic.crawl.greeting import greeting
from loadstone.traffic.crawl.obstacles import Met, obstacles_of
from loadstone.traffic.crawl.obstacles.several import FAILURES

__all__ = ["caveats_of_obstacles", "in_check", "in_run", "unreached"]

_SILENT = ("reset", "protocol", "timeout")
"""Failures of a connection that was made: only what listens there can tell why."""

_NO_SERVICE = ("other-protocol", "speaks-tls", "not-tls")


def in_check(url: str, workload: Workload, exchanges: Sequence[Exchange]) -> tuple[Obstacle, ...]:
    """The obstacles that the exchanges of a check met. Where none of them got a reply but a connection, the port is
    asked what it is."""
    json = _expect_json(workload)
    met = [
        Met(
            one.target,
            one.method,
            status=one.status or 0,
            failure=one.result if one.status is None and one.result in FAILURES else None,
            message=one.message or "",
            headers=tuple((name.lower(), value) for name, value in one.response_headers),
            body=one.response_body or "",
            error=one.error,
            json=(one.journey, one.step) in json,
        )
        for one in exchanges
        if one.status is not None or one.result in FAILURES
    ]
    return obstacles_of(url, met, _greeting(url, met))


def in_run(url: str, summary: Summary, samples: Iterable[Sample]) -> tuple[Obstacle, ...]:
    """The obstacles that a run met, by its counts and by one failed sample of each kind; of replies it knows the
    status alone."""
    shown: dict[tuple[str, str, str], Sample] = {}
    for sample in samples:
        if sample.error:
            shown.setdefault((sample.journey, sample.step, sample.result), sample)
    met = []
    for step in summary.steps:
        for result, count in step.results.items() if step.step is not None else ():
            failure = result if result in FAILURES else None
            like = shown.get((step.journey, step.step or "", result))
            status = int(result) if result.isdigit() else (like.status or 0) if like is not None else 0
            if failure is None and not status:
                continue
            one = Met("/", status=0 if failure else status, failure=failure, error=like is not None, count=count)
            if like is not None:
                one = msgspec.structs.replace(one, target=like.target, method=like.method, message=like.message or "")
            met.append(one)
    return obstacles_of(url, met, _greeting(url, met))


def caveats_of_obstacles(obstacles: Iterable[Obstacle]) -> Iterator[Caveat]:
    """Each as a note of the run: what was met, what to do. What was measured is void where no web service answered,
    but something else at its port: that is no service that fails."""
    for obstacle in obstacles:
        level: Level = "void" if obstacle.code in _NO_SERVICE else "note"
        yield Caveat(obstacle.code, level, (), obstacle.sentence, obstacle.advice)


def unreached(exchanges: Sequence[Exchange]) -> bool:
    """Whether no request reached a service at all."""
    return bool(exchanges) and all(one.status is None and one.result in FAILURES for one in exchanges)


def _greeting(url: str, met: Sequence[Met]) -> bytes:
    if not met or any(one.failure not in _SILENT for one in met):
        return b""
    parts = urlsplit(url)
    return greeting(parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80))


def _expect_json(workload: Workload) -> set[tuple[str, str]]:
    """The steps that read their reply as JSON."""
    return {
        (journey.name, step.name)
        for journey in workload.journeys
        for step in journey.actions
        if isinstance(step, Step)
        and (
            step.check.json
            or any(one.source == "json" for one in step.extract)
            or any(name.lower() == "accept" and "json" in value for name, value in step.headers.items())
        )
    }
