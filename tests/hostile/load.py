"""Hand-made plans, and what became of them: the engine driven to its end, its intervals added up and held together."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import msgspec

from loadstone.drive.engine import Engine, native
from loadstone.model.interval import Cell, Sample

__all__ = ["MS", "Load", "drive", "plan_for", "run_to_the_end"]

MS = 1_000_000  # nanoseconds


@dataclass
class Load:
    """A run's sums. ``results`` counts requests by status or error kind."""

    offered: int = 0
    started: int = 0
    dropped: int = 0
    sent: int = 0
    done: int = 0
    opened: int = 0
    failed: int = 0
    results: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    cells: list[Cell] = field(default_factory=list)
    samples: tuple[Sample, ...] = ()

    def messages(self) -> set[str]:
        """What was said of the failures that were kept."""
        return {sample.message or "" for sample in self.samples if sample.error}


def plan_for(port: int, *, requests: int = 20, timeout_ns: int = 5_000 * MS, **changes: object) -> bytes:
    """``requests`` even arrivals at 100/s of one GET. ``changes`` go into the step, except ``shape``, ``limits``,
    ``scheme``, which replace the plan's own.
    """
    top = {name: changes.pop(name) for name in ("shape", "limits") if name in changes}
    step = {
        "op": "request", "step": "step", "number": 1, "method": "GET", "target": [{"text": "/"}], "headers": [],
        "body": None, "timeout_ns": timeout_ns, "redirects": 0,
        "check": {"status": None, "contains": [], "regex": [], "json": []}, "extract": [],
    }  # fmt: skip
    phase = {"name": "p", "rate_per_s": 100.0, "users": None, "duration_ns": requests * 10 * MS, "measured": True}
    plan = {
        "format": 1,
        "seed": 3,
        "target": {
            "scheme": changes.pop("scheme", "http"), "host": "127.0.0.1", "port": port,
            "tls": {"ca_file": None, "verify": True}, "auth": None,
        },
        "secrets": {},
        "feeds": [],
        "journeys": [{"name": "journey", "weight": 1.0, "ops": [step | changes]}],
        "shape": {"arrivals": "even", "phases": [phase]},
        "thresholds": [{"journey": None, "step": None, "limit_ns": 1}],
        "limits": {"cores": 1, "connections": 1000, "journeys": 1000, "head_bytes": 262_144, "body_bytes": 1_048_576},
        "record": {
            "interval_ns": 50 * MS, "slowest": 5, "failed": 50, "uniform": 5, "exchanges": False,
            "hash_key": "0" * 32, "trace": None,
        },
    }  # fmt: skip
    return msgspec.json.encode(plan | top)


def closed(users: int, duration_ns: int) -> dict[str, object]:
    """The shape of a closed population without think time."""
    phase = {"name": "p", "rate_per_s": None, "users": users, "duration_ns": duration_ns, "measured": True}
    return {"arrivals": "closed", "phases": [phase]}


def drive(plan: bytes) -> Load:
    """Start the engine on a plan and run it to the end."""
    engine = native(plan)
    engine.start()
    return run_to_the_end(engine)


def run_to_the_end(engine: Engine) -> Load:
    """Poll until it has finished; what must hold of every run is asserted here."""
    load = Load()
    in_flight = 0
    while not engine.finished():
        interval = engine.poll(1.0)
        if interval is None:
            continue
        for name in ("offered", "started", "dropped", "sent", "done"):
            setattr(load, name, getattr(load, name) + getattr(interval, name))
        load.opened += interval.connections.opened
        load.failed += interval.connections.failed
        in_flight += interval.sent - interval.done
        assert interval.in_flight.max >= 0
        for cell in interval.cells:
            if cell.step is None:
                continue
            load.cells.append(cell)
            load.results[cell.result] += cell.count
            load.errors[cell.result] += cell.count if cell.error else 0
            assert cell.response.count == cell.count
            assert sum(count for _, count in cell.response.buckets) == cell.count
            assert cell.over == (cell.count,), "no reply takes a nanosecond"
    load.errors = +load.errors
    load.samples = engine.samples()
    assert load.offered == load.started + load.dropped
    assert load.sent == load.done == sum(load.results.values())
    assert in_flight == 0
    return load
