"""A stack as one text, as the table of stacks keeps it: frames from the root to the leaf, joined by ";".

A frame reads ``function (file:line)``, ``function (file)`` or ``function``. A ";" inside a name would split it and a
line break would end a line of the collapsed format, so both are replaced where a frame is written.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

__all__ = ["NO_FRAMES", "clean", "frame_text", "frames_of", "join_frames", "read_frame"]

NO_FRAMES = "(no frames)"
"""What stands for a sample whose stack could not be read."""

_BREAKS = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]+")
_PLACE = re.compile(r"(?s)(.*\S) \((.+?)(?::(\d+))?\)")


def clean(name: str) -> str:
    """The name without what would part a stack: ";" becomes ",", control characters and line breaks become a space."""
    return _BREAKS.sub(" ", name).replace(";", ",").strip()


def frame_text(function: str, file: str | None = None, line: int | None = None) -> str:
    """One frame. ``line`` counts from 1; 0, None and lines of no file are left out."""
    name = clean(function) or "(anonymous)"
    if not file or not (place := clean(file)):
        return name
    return f"{name} ({place}:{line})" if line and line > 0 else f"{name} ({place})"


def join_frames(frames: Iterable[str]) -> str:
    """Frames that ``frame_text`` or ``clean`` made, from the root to the leaf, as one stack."""
    return ";".join(frames) or NO_FRAMES


def frames_of(stack: str) -> list[str]:
    """The frames of a stack, from the root to the leaf."""
    return stack.split(";")


def read_frame(frame: str) -> tuple[str, str | None, int | None]:
    """Function, file and line of a frame, as far as it has them.

    What stands in brackets is a place when it has a line, or looks like a file: has a "." or a "/". So ``f (x.py:3)``
    has one and C++'s ``operator (int)`` has not.
    """
    found = _PLACE.fullmatch(frame)
    if found is None:
        return frame, None, None
    function, file, line = found.groups()
    if line is None and not re.search(r"[./]", file):
        return frame, None, None
    return function, file, None if line is None else int(line)
