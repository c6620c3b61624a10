"""How well a fix's gain is foretold: simulated services with a fault, the truth from the same simulation without it.

``python -m benches.gain_accuracy`` writes a section of Markdown to standard output; ``--json FILE`` the rows that it
rests on. Each service is seen twice, with all requests traced and with a tenth.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from benches.gain_cases import STRESS, draw_case, draw_requests, observed, response_times
from benches.gain_services import simulate
from loadstone.stats.gain import predict
from loadstone.stats.gain.naive import subtract, subtract_and_queue

__all__ = ["measure", "section"]

SERVICES, QUICK = 200, 20
REQUESTS = 6000
TRACED = {"all traces": 1.0, "a tenth": 0.1}
OTHER_SEED = 1_000_003
"""Added to a service's seed for the re-run: new arrivals and demands of the same service."""

Row = dict[str, Any]


def measure(seed: int) -> list[Row]:
    """One service: a row for each share of traces. Errors are of the predicted p99 against the truth, relative."""
    case = draw_case(seed)
    requests = draw_requests(case, REQUESTS, seed)
    recording = simulate(case.service, requests, seed)
    truth = _p99(response_times(simulate(case.service, requests, seed, fixed=True).requests))
    anew = draw_requests(case, REQUESTS, seed + OTHER_SEED)
    again = simulate(case.service, anew, seed + OTHER_SEED, fixed=True)
    rerun = _p99(response_times(again.requests))
    rows = []
    for traces, share in TRACED.items():
        timeline, removal = observed(recording, share, seed, cpu_known=bool(seed % 2))
        gain = predict(timeline, removal, seed=seed)
        after, before = gain.after.p99_s, gain.before.p99_s
        rows.append(
            {
                "seed": seed,
                "kind": case.kind,
                "fault": case.fault,
                "faulty_share": case.faulty_share,
                "load": recording.load,
                "traces": traces,
                "refused": gain.refused,
                "before_s": before,
                "truth_s": truth,
                "rerun_s": rerun,
                "predicted_s": [after.value, after.low, after.high],
                "error": after.value / truth - 1,
                "subtracted_error": subtract(timeline, removal) / truth - 1,
                "queue_error": subtract_and_queue(timeline, removal) / truth - 1,
                "rerun_error": after.value / rerun - 1,
                "covers": after.low <= rerun <= after.high,
                "at_least": before - truth >= gain.service.p99_s.low - 0.03 * before,
            }
        )
    return rows


def _p99(responses: Any) -> float:  # noqa: ANN401
    return float(np.quantile(responses, 0.99))


def section(rows: list[Row]) -> str:
    """The Markdown of what was measured."""
    services = len({row["seed"] for row in rows})
    lines = [
        "## What a fix will gain",
        "",
        f"{services} simulated services (`benches/gain_cases.py`): workers that take requests in order or none to wait "
        "for, processors and databases that are shared or serve in order, interpreter locks, connection pools; one in "
        "five of a kind that the estimator does not model. "
        f"{REQUESTS:,} requests each; faults in 1 to 100 % of them; load is that of the busiest resource. The error is "
        "of the predicted p99 against the same traffic without the fault, median / 90th percentile. The limits of the "
        "refusals were set on other services than these.",
        "",
        "| estimator, all loads | all traces | a tenth |",
        "|---|---|---|",
    ]
    for name, key, passed in (
        ("subtract the fault's own time from each request", "subtracted_error", False),
        ("the same, then replay through a queue of workers", "queue_error", False),
        ("invert, remove, replay", "error", False),
        ("the same, where it is not refused", "error", True),
    ):
        cells = [_spread(_told(_of(rows, traces), passed), key) for traces in TRACED]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    lines += [
        "",
        "| services | traces | n | refused | p99 error | within 5 % | within 20 % | re-runs covered | at least |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    lines += [line for name, chosen in _parts(rows) for line in _table(name, [row for row in rows if chosen(row)])]
    lines += [
        "",
        "*Re-runs covered*: new arrivals and demands of the same service without the fault, p99 within the interval of "
        "90 %. *At least*: the gain was no smaller than the lower end of the service part, but for 3 % of the p99; "
        "told of all, refused or not.",
    ]
    return "\n".join(lines)


def _parts(rows: list[Row]) -> list[tuple[str, Callable[[Row], bool]]]:
    bands = [(0.0, 0.5), (0.5, 0.7), (0.7, 0.85), (0.85, 9.0)]
    parts: list[tuple[str, Callable[[Row], bool]]] = [("load up to .7", lambda row: row["load"] <= 0.7)]
    names = ["load to .5", ".5 to .7", ".7 to .85", "beyond .85"]
    for name, (low, high) in zip(names, bands, strict=True):
        parts.append((name, lambda row, low=low, high=high: low < row["load"] <= high))  # type: ignore[misc]
    for kind in sorted({row["kind"] for row in rows}):
        name = f"{kind}, to .7" + (" (not modelled)" if kind in STRESS else "")
        parts.append((name, lambda row, kind=kind: row["kind"] == kind and row["load"] <= 0.7))  # type: ignore[misc]
    return parts


def _table(name: str, rows: list[Row]) -> Iterable[str]:
    for traces in TRACED:
        here = _of(rows, traces)
        if not here:
            continue
        told = _told(here, True)
        errors = np.abs([row["error"] for row in told])
        cells = [
            f"{1 - len(told) / len(here):.0%}",
            _spread(told, "error"),
            _share(errors < 0.05),
            _share(errors < 0.2),
            _share([row["covers"] for row in told]),
            _share([row["at_least"] for row in here]),
        ]
        yield f"| {name} | {traces} | {len(here)} | {' | '.join(cells)} |"


def _of(rows: list[Row], traces: str) -> list[Row]:
    return [row for row in rows if row["traces"] == traces]


def _told(rows: list[Row], passed: bool) -> list[Row]:
    return [row for row in rows if row["refused"] is None or not passed]


def _spread(rows: list[Row], key: str) -> str:
    if not rows:
        return "none told"
    median, high = np.quantile(np.abs([row[key] for row in rows]), [0.5, 0.9])
    return f"{median:.1%} / {high:.0%}"


def _share(values: Any) -> str:  # noqa: ANN401
    return f"{np.mean(values):.0%}" if len(values) else "none told"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help=f"{QUICK} services, for a smoke test")
    parser.add_argument("--services", type=int, default=0, help=f"how many services; {SERVICES} by default")
    parser.add_argument("--first", type=int, default=2000, help="the first service's number")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--json", type=Path, help="write the rows here")
    asked = parser.parse_args()
    count = asked.services or (QUICK if asked.quick else SERVICES)
    rows: list[Row] = []
    with ProcessPoolExecutor(asked.processes) as pool:
        for done, found in enumerate(pool.map(measure, range(asked.first, asked.first + count)), 1):
            rows += found
            print(f"{done} of {count} services", file=sys.stderr)
    if asked.json:
        asked.json.write_text(json.dumps({"format": 1, "services": count, "rows": rows}, indent=1) + "\n")
    print(section(rows))


if __name__ == "__main__":
    main()
