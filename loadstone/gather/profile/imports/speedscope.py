"""speedscope's own file format (github.com/jlfwong/speedscope, file-format-spec.ts): sampled and evented profiles.

py-spy, rbspy and Loadstone itself say process, thread and state in a profile's name; they are read back from there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import msgspec

from loadstone.gather.profile.imports.wrong import LONGEST_WEIGHT, in_file, json_of
from loadstone.gather.profile.rows import Row
from loadstone.model.frame import clean, frame_text, join_frames

__all__ = ["rows"]

_UNITS = {"nanoseconds": (1, "ns"), "microseconds": (10**3, "ns"), "milliseconds": (10**6, "ns")}
_UNITS |= {"seconds": (10**9, "ns"), "bytes": (1, "bytes"), "none": (1, "samples")}

_OWNER = re.compile(
    r"(?s)(?:(?P<source>\S+) (?P<state>cpu|gil|idle|alloc) ?)?"
    r'(?:Process (?P<pid>\d+) ?)?(?:Thread (?P<tid>\d+) ?)?(?:"(?P<name>.*)")?'
)


class _Frame(msgspec.Struct):
    name: str
    file: str | None = None
    line: int | None = None


class _Shared(msgspec.Struct):
    frames: list[_Frame]


class _Event(msgspec.Struct):
    type: Literal["O", "C"]
    at: float
    frame: int


class _Profile(msgspec.Struct):
    type: Literal["sampled", "evented"]
    name: str = ""
    unit: Literal["none", "nanoseconds", "microseconds", "milliseconds", "seconds", "bytes"] = "none"
    samples: list[list[int]] = []
    weights: list[float] = []
    events: list[_Event] = []


class _File(msgspec.Struct):
    shared: _Shared
    profiles: list[_Profile]


def rows(path: Path) -> Iterator[Row]:
    """A row a sample, or a stretch between two events."""
    file = json_of(path, _File, "a speedscope file: shared.frames and profiles of type sampled or evented")
    frames = [frame_text(frame.name, frame.file, frame.line) for frame in file.shared.frames]
    for place, profile in enumerate(file.profiles):
        where = f"profiles[{place}]"
        stacks = _sampled if profile.type == "sampled" else _evented
        factor, unit = _UNITS[profile.unit]
        pid, thread, name, state, source = _owner(profile.name, unit)
        for spot, (stack, weight) in enumerate(stacks(path, where, profile)):
            amount = round(weight * factor) if abs(weight * factor) < LONGEST_WEIGHT else -1
            if amount < 0:
                raise in_file(path, f"{where}, stack {spot}", f"weight {weight}", "a weight is a finite number from 0")
            if any(not 0 <= number < len(frames) for number in stack):
                expected = f"a stack is places in shared.frames, which has {len(frames)}"
                raise in_file(path, f"{where}, stack {spot}", str(stack), expected)
            if amount:
                text = join_frames(frames[number] for number in stack)
                yield Row(None, source, pid, thread, name, state, amount, unit, text)


def _owner(name: str, unit: str) -> tuple[int | None, int | None, str | None, str, str]:
    state = "alloc" if unit == "bytes" else "cpu"
    found = _OWNER.fullmatch(name)
    if found is None:
        return None, None, clean(name) or None, state, "speedscope"
    pid, thread = (int(found[key]) if found[key] else None for key in ("pid", "tid"))
    if (pid or 0) >= 2**31 or (thread or 0) >= 2**63:
        return None, None, clean(name), state, "speedscope"
    return pid, thread, clean(found["name"] or "") or None, found["state"] or state, found["source"] or "speedscope"


def _sampled(path: Path, where: str, profile: _Profile) -> Iterator[tuple[list[int], float]]:
    if len(profile.samples) != len(profile.weights):
        found = f"{len(profile.samples)} samples and {len(profile.weights)} weights"
        raise in_file(path, where, found, "every sample has one weight")
    yield from zip(profile.samples, profile.weights, strict=True)


def _evented(path: Path, where: str, profile: _Profile) -> Iterator[tuple[list[int], float]]:
    stack: list[int] = []
    last: float | None = None
    for place, event in enumerate(profile.events):
        if last is not None and event.at < last:
            raise in_file(
                path, f"{where}.events[{place}]", f"at {event.at}", f"events are in order; the last was {last}"
            )
        if stack and last is not None and event.at > last:
            yield list(stack), event.at - last
        last = event.at
        if event.type == "O":
            stack.append(event.frame)
        elif not stack or stack.pop() != event.frame:
            raise in_file(
                path, f"{where}.events[{place}]", f"closes {event.frame}", "the frame opened last closes first"
            )
    if stack:
        raise in_file(path, where, f"{len(stack)} frames are open at the end", "every frame that opens closes")
