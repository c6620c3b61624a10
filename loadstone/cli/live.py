"""The run while it goes, on stderr: one line rewritten on a terminal, a plain line every few seconds elsewhere."""

from __future__ import annotations

import os
import shutil
from collections import deque
from typing import TYPE_CHECKING, TextIO

from loadstone.model.quantity import format_count, format_duration, format_rate
from loadstone.render.text import sparkline
from loadstone.stats.histogram import Histogram

if TYPE_CHECKING:
    from pathlib import Path

    from loadstone.model.interval import Interval
    from loadstone.model.service import Service

__all__ = ["Live"]

PLAIN_EVERY_S = 5.0
WINDOW = 10  # intervals in the rates and in the sparkline
LOAD_WIDTH = 80  # of the opening line, before the run's name
ERASE = "\x1b[K"  # to the end of the line (ECMA-48, EL)


class Live:
    """Watches a trial (``loadstone.lab.trial.Watch``). ``load`` is the line that says what is about to happen;
    ``terminal`` whether a line can be rewritten."""

    def __init__(self, out: TextIO, load: str, *, terminal: bool | None = None) -> None:
        self._out = out
        self._load = load
        if terminal is None:
            terminal = out.isatty() and os.environ.get("TERM") != "dumb"
        self._terminal = terminal
        self._recent: deque[Interval] = deque(maxlen=WINDOW)
        self._p99: deque[float | None] = deque(maxlen=WINDOW)
        self._errors = 0
        self._dropped = 0
        self._told_s = 0.0
        self._drawn = False

    def opened(self, run: str, directory: Path) -> None:
        """Say what is about to happen, and the run's short name."""
        self._say(f"{self._load:<{LOAD_WIDTH}}   run {run.rpartition('-')[2]}")

    def starting(self, service: Service) -> None:
        """Say that the service is being started."""
        self._say(f"starting {service.start}")

    def doing(self, what: str) -> None:
        """Say what takes its time now."""
        self._say(what)

    def stopping(self, *, now: bool) -> None:
        """Say what Ctrl-C did, and what a second one would do."""
        if now:
            self._say("cutting off the requests in flight")
        else:
            self._say("stopping; waiting for the requests in flight (Ctrl-C again to cut them off)")

    def interval(self, interval: Interval) -> None:
        """One more second."""
        self._recent.append(interval)
        self._p99.append(_p99(interval))
        self._errors += sum(cell.count for cell in interval.cells if cell.error and cell.step is not None)
        self._dropped += interval.dropped
        if self._terminal:
            self._draw()
        elif interval.t_s - self._told_s >= PLAIN_EVERY_S - interval.span_s / 2:
            self._told_s = interval.t_s
            self._out.write(self._line() + "\n")
            self._out.flush()

    def close(self) -> None:
        """Leave the last line standing and go below it."""
        if self._drawn:
            self._out.write("\n")
            self._out.flush()
            self._drawn = False

    def _say(self, text: str) -> None:
        """A line of its own; the one that is rewritten goes on below it."""
        self._out.write(f"{chr(13) + ERASE if self._drawn else ''}{text}\n")
        self._out.flush()
        self._drawn = False

    def _draw(self) -> None:
        width = shutil.get_terminal_size().columns - 1
        self._out.write(f"\r{ERASE}{self._line()[:width]}")
        self._out.flush()
        self._drawn = True

    def _line(self) -> str:
        recent = self._recent
        last = recent[-1]
        span_s = sum(interval.span_s for interval in recent) or 1.0
        done = sum(cell.count for interval in recent for cell in interval.cells if cell.step is None)
        words = [
            _clock(last.t_s),
            f"offered {format_rate(sum(interval.offered for interval in recent) / span_s)}",
            f"done {format_rate(done / span_s)}",
            f"in flight {last.in_flight.mean:.3g}",
            f"errors {format_count(self._errors)}",
        ]
        if self._dropped:
            words.append(f"dropped {format_count(self._dropped)}")
        p99 = self._p99[-1]
        told = "-" if p99 is None else format_duration(p99)
        return "  ".join(words) + f"   p99  {sparkline(tuple(self._p99), WINDOW)}  {told}"


def _p99(interval: Interval) -> float | None:
    histogram = Histogram()
    for cell in interval.cells:
        if cell.step is not None:
            data = cell.response
            histogram.add(data.count, data.min_ns, data.max_ns, data.sum_ns, data.buckets)
    return histogram.quantile(0.99)


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
