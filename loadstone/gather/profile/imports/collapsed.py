"""Collapsed stacks, as FlameGraph's stackcollapse scripts and ``py-spy record --format raw`` write them.

A line is a stack and a count: ``main (app.py:3);load (app.py:9) 17``. The format has no unit and no time.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from loadstone.gather.profile.imports.wrong import LONGEST_WEIGHT, at_line, lines_of
from loadstone.gather.profile.rows import Row
from loadstone.model.frame import clean, join_frames

__all__ = ["rows"]


def rows(path: Path) -> Iterator[Row]:
    """One row a line; empty lines and lines that begin with "#" are passed over."""
    for number, line in lines_of(path):
        if not line.strip() or line.startswith("#"):
            continue
        stack, _, count = line.rstrip().rpartition(" ")
        if not (count.isascii() and count.isdecimal()) or not stack:
            raise at_line(path, number, line, "a line is frames joined by ';', a space and a whole number of samples")
        if int(count) > LONGEST_WEIGHT:
            raise at_line(path, number, count, f"a count is at most {LONGEST_WEIGHT}")
        frames = join_frames(frame for part in stack.split(";") if (frame := clean(part)))
        yield Row(None, "collapsed", None, None, None, "cpu", int(count), "samples", frames)
