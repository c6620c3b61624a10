"""speedscope's own file format (github.com/jlfwong/speedscope, file-format-spec.ts), for https://www.speedscope.app.

One sampled profile for each source, state, process and thread, named so that it can be read back:
``py-spy gil Process 12 Thread 34 "MainThread"``. Samples stand in order of time, so speedscope's "Time Order" is true.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import msgspec

from loadstone.model.evidence import Columns
from loadstone.model.frame import frames_of, read_frame
from loadstone.render.profile.added import Sample, sample_rows

__all__ = ["speedscope"]

SCHEMA = "https://www.speedscope.app/file-format-schema.json"
_UNITS = {"ns": "nanoseconds", "bytes": "bytes"}


def speedscope(batches: Iterable[Columns], name: str = "Loadstone") -> bytes:
    """The file, as JSON. Equal neighbours of one thread become one sample."""
    frames: dict[str, int] = {}
    places: dict[str, list[int]] = {}
    profiles: defaultdict[tuple[str, str, str, str], list[tuple[int, str, int]]] = defaultdict(list)
    for row in sample_rows(batches):
        if row.frames not in places:
            places[row.frames] = [frames.setdefault(frame, len(frames)) for frame in frames_of(row.frames)]
        profiles[_title(row), row.unit, row.source, row.state].append((row.at_ns or 0, row.frames, row.weight))
    return msgspec.json.encode(
        {
            "$schema": SCHEMA,
            "name": name,
            "exporter": "loadstone",
            "activeProfileIndex": 0,
            "shared": {"frames": [_frame(frame) for frame in frames]},
            "profiles": [_profile(key[0], key[1], rows, places) for key, rows in sorted(profiles.items())],
        }
    )


def _title(row: Sample) -> str:
    parts = [row.source.replace(" ", "-") or "stacks", row.state]
    if row.process_pid is not None:
        parts += ["Process", str(row.process_pid)]
    if row.thread_id is not None:
        parts += ["Thread", str(row.thread_id)]
    if row.thread_name is not None:
        parts.append(f'"{row.thread_name}"')
    return " ".join(parts)


def _frame(text: str) -> dict[str, Any]:
    function, file, line = read_frame(text)
    found: dict[str, Any] = {"name": function}
    if file is not None:
        found["file"] = file
    if line is not None:
        found["line"] = line
    return found


def _profile(title: str, unit: str, rows: list[tuple[int, str, int]], places: dict[str, list[int]]) -> dict[str, Any]:
    rows.sort(key=lambda row: row[0])
    samples: list[list[int]] = []
    weights: list[int] = []
    last: str | None = None
    for _, stack, weight in rows:
        if stack == last:
            weights[-1] += weight
        else:
            samples.append(places[stack])
            weights.append(weight)
            last = stack
    return {
        "type": "sampled",
        "name": title,
        "unit": _UNITS.get(unit, "none"),
        "startValue": 0,
        "endValue": sum(weights),
        "samples": samples,
        "weights": weights,
    }
