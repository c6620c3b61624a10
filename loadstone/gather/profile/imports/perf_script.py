"""The text of ``perf script``: Linux's perf, with stacks (``perf record -g``) or without.

    gunicorn 4711/4712  3120.072449:   10101010 cpu-clock:
                113f inner+0x1f (/usr/lib/app.so)
               27249 __libc_start_call_main (/usr/lib/libc.so.6)

A sample's weight is its period where the event is a clock (then it is nanoseconds), else one sample.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from loadstone.gather.profile.imports.wrong import at_line, lines_of
from loadstone.gather.profile.rows import Row
from loadstone.model.frame import clean, frame_text, join_frames

__all__ = ["rows", "samples"]

_HEAD = re.compile(
    r"(?P<name>\S.*?)\s+(?:(?P<pid>-?\d+)/)?(?P<tid>-?\d+)\s+(?:\[\d+\]\s+)?(?:[a-zA-Z.]{4,5}\s+)?(?P<s>\d+)\.(?P<part>\d{6,9}):"
    r"\s+(?:(?P<period>\d+)\s+)?(?P<event>\S+?):(?:\s+(?P<rest>.*))?"
)
_FRAME = re.compile(
    r"\s*(?P<ip>[0-9a-fA-F]+)\s+(?P<name>.*?)(?:\+0x[0-9a-fA-F]+)?(?:\s+\((?P<file>[^()]*(?:\([^()]*\))?)\))?\s*(?:\(inlined\))?"
)
_CLOCKS = ("cpu-clock", "task-clock")


def rows(path: Path) -> Iterator[Row]:
    """A row a sample, without instants: perf's clock is not the host's."""
    return samples(lines_of(path), path)


def samples(lines: Iterable[tuple[int, str]], path: Path, clock_ns: int | None = None) -> Iterator[Row]:
    """A row a sample. ``clock_ns`` added to perf's clock gives the host's, where it is known."""
    head: re.Match[str] | None = None
    frames: list[str] = []
    for number, line in lines:
        if not line.strip():
            if head:
                yield _row(head, frames, clock_ns)
            head, frames = None, []
        elif line.startswith("#"):
            continue
        elif head is None:
            head = _HEAD.fullmatch(line.strip())
            if head is None:
                expected = "a sample begins with name, pid/tid, seconds and event, as perf script prints it"
                raise at_line(path, number, line, expected)
            if head["rest"] and _FRAME.fullmatch(head["rest"]):  # without stacks; a tracepoint's own text is none
                frames.append(_frame(path, number, head["rest"]))
        else:
            frames.append(_frame(path, number, line))
    if head:
        yield _row(head, frames, clock_ns)


def _frame(path: Path, number: int, line: str) -> str:
    found = _FRAME.fullmatch(line)
    if found is None:
        raise at_line(
            path, number, line, "a frame is an address, a name and a file in brackets; an empty line ends a stack"
        )
    file = (found["file"] or "").rsplit("/", 1)[-1]
    name = found["name"].strip()
    return frame_text(name if name and name != "[unknown]" else "[unknown]", file or None)


def _row(head: re.Match[str], frames: list[str], clock_ns: int | None) -> Row:
    event = head["event"].split(":")[0]
    clock = event in _CLOCKS and head["period"]
    at_ns = int(head["s"]) * 10**9 + int(head["part"].ljust(9, "0"))
    pid, thread = int(head["pid"] or head["tid"]), int(head["tid"])
    return Row(
        None if clock_ns is None else at_ns + clock_ns,
        "perf",
        pid if 0 <= pid < 2**31 else None,
        thread if 0 <= thread < 2**31 else None,
        clean(head["name"]),
        "cpu",
        min(int(head["period"]), 2**63 - 1) if clock else 1,
        "ns" if clock else "samples",
        join_frames(reversed(frames)),
    )
