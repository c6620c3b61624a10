"""The scripted server as a process, the engine against it, and both sides' distributions."""

from __future__ import annotations

import re
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from loadstone.drive.engine import native
from loadstone.model.interval import HistogramData, Interval
from loadstone.stats.histogram import Histogram

__all__ = ["Truth", "drive", "merged", "plan_for", "serving"]

_RECORD_S = 10.0  # by then every reply that the client has seen is in the record


class Truth:
    """A scripted server that is up."""

    def __init__(self, port: int) -> None:
        self.port = port

    def record_ns(self, count: int) -> list[int]:
        """What each of ``count`` requests took, by the server's own clock; it writes after it has replied."""
        limit = time.monotonic() + _RECORD_S
        while True:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/_record", timeout=10) as reply:
                took: list[int] = msgspec.json.decode(reply.read(), type=list[int])
            if len(took) >= count or time.monotonic() > limit:
                return took


@contextmanager
def serving(program: Path, *script: str) -> Iterator[Truth]:
    """The server with this script on a free port."""
    process = subprocess.Popen([program, "127.0.0.1:0", *script], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        found = re.fullmatch(r"listening on \S+:(\d+)\n", process.stdout.readline())
        assert found is not None
        yield Truth(int(found[1]))
    finally:
        process.kill()
        process.communicate()


def plan_for(
    port: int,
    *,
    arrivals: str,
    rate_per_s: float,
    duration_s: float,
    connections: int = 10_000,
    again_after_s: float | None = None,
) -> bytes:
    """One GET a journey, with a timeout that is never met; with ``again_after_s`` a second one after a pause."""
    ops = [_request("first", 1)]
    if again_after_s is not None:
        ops += [{"op": "think", "distribution": "constant", "value_ns": round(again_after_s * 1e9)}]
        ops += [_request("again", 2)]
    phases = [_phase("steady", rate_per_s, duration_s)]
    if again_after_s is not None:
        phases.append(_phase("silence", 0, again_after_s + 2))  # a journey in a pause ends with the schedule
    target = {"scheme": "http", "host": "127.0.0.1", "port": port, "tls": {"ca_file": None, "verify": True}}
    plan = {
        "format": 1,
        "seed": 11,
        "target": target | {"auth": None},
        "secrets": {},
        "feeds": [],
        "journeys": [{"name": "journey", "weight": 1.0, "ops": ops}],
        "shape": {"arrivals": arrivals, "phases": phases},
        "thresholds": [],
        "limits": {
            "cores": 1, "connections": connections, "journeys": 100_000, "head_bytes": 262_144,
            "body_bytes": 1_048_576,
        },
        "record": {
            "interval_ns": 1_000_000_000, "slowest": 0, "failed": 0, "uniform": 0, "exchanges": False,
            "hash_key": "0" * 32, "trace": None,
        },
    }  # fmt: skip
    return msgspec.json.encode(plan)


def _phase(name: str, rate_per_s: float, duration_s: float) -> dict[str, object]:
    return {
        "name": name, "rate_per_s": rate_per_s, "users": None, "duration_ns": round(duration_s * 1e9),
        "measured": True,
    }  # fmt: skip


def _request(step: str, number: int) -> dict[str, object]:
    return {
        "op": "request", "step": step, "number": number, "method": "GET", "target": [{"text": "/"}], "headers": [],
        "body": None, "timeout_ns": 30_000_000_000, "redirects": 0,
        "check": {"status": None, "contains": [], "regex": [], "json": []}, "extract": [],
    }  # fmt: skip


def drive(plan: bytes) -> list[Interval]:
    """Run a plan to its end; its intervals."""
    engine = native(plan)
    engine.start()
    intervals = []
    while not engine.finished():
        if (interval := engine.poll(1.0)) is not None:
            intervals.append(interval)
    return intervals


def merged(intervals: list[Interval], name: str, step: str = "first") -> Histogram:
    """The histogram called ``response``, ``service`` or ``lag`` over all requests of a step, which all succeeded."""
    whole = Histogram()
    for interval in intervals:
        for cell in interval.cells:
            assert cell.result == "200"
            if cell.step == step:
                data: HistogramData = getattr(cell, name)
                whole.add(data.count, data.min_ns, data.max_ns, data.sum_ns, data.buckets)
    return whole
