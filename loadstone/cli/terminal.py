"""What standard output can show: colours and columns. NO_COLOR is respected (https://no-color.org)."""

from __future__ import annotations

import os
import shutil
import sys

__all__ = ["color", "width"]

WIDEST = 110  # longer lines are hard to read, however wide the window


def color() -> bool:
    """Whether results are coloured: only on a terminal, and never with NO_COLOR set."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def width() -> int:
    """Columns for results; 100 where there is no terminal."""
    if not sys.stdout.isatty():
        return 100
    return min(WIDEST, shutil.get_terminal_size((100, 24)).columns)
