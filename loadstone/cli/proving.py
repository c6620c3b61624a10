"""An experiment while it goes, on stderr: its design before it starts, then where it is and what it says so far."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING, TextIO

from loadstone.model.quantity import format_duration
from loadstone.render.effect_text import effect, ratio

if TYPE_CHECKING:
    from pathlib import Path

    from loadstone.model.comparison import Comparison, DesignTold, Metric
    from loadstone.model.interval import Interval
    from loadstone.model.service import Service

__all__ = ["Proving", "design_told"]

ERASE = "\x1b[K"  # to the end of the line (ECMA-48, EL)
SOME = 3
ORDERS = 20


def design_told(design: DesignTold, length_s: float, *, margin: float, smallest: dict[str, float]) -> str:
    """``10 pairs, order drawn (seed 41), 10 s a run (1,200 requests) after 2 s of warm-up: 4 min 12 s in all``; below
    it what such a design sees."""
    pairs = str(design.planned) if design.most == design.planned else f"{design.planned} to {design.most}"
    requests = f" ({design.requests:,} requests)" if design.requests else ""
    warm_up = f" after {_brief(design.warm_up_s)} of warm-up" if design.warm_up_s else ""
    told = [
        f"{pairs} pairs, order drawn (seed {design.seed}), {_brief(design.measured_s)} a run{requests}{warm_up}: "
        f"{'at most ' if design.most > design.planned else ''}{format_duration(length_s)} in all"
    ]
    if design.order:
        more = " …" if len(design.order) > ORDERS or design.most > len(design.order) else ""
        told.append(f"order: {' '.join(design.order[:ORDERS])}{more}")
    if smallest:
        seen = ", ".join(f"{name} from {_percent(value)}" for name, value in list(smallest.items())[:SOME])
        told.append(f"what it will see: {seen}; {_percent(margin)} worse is allowed")
    else:
        told.append(
            "the smallest effect it will see is known after the first pairs (loadstone calibrate tells it before)"
        )
    return "\n".join(told)


class Proving:
    """Watches an experiment. A line is rewritten on a terminal; elsewhere each run is a line."""

    def __init__(self, out: TextIO, *, terminal: bool | None = None) -> None:
        self._out = out
        self._terminal = (out.isatty() and os.environ.get("TERM") != "dumb") if terminal is None else terminal
        self._drawn = False
        self._where = ""
        self._left_s: float | None = None
        self._since_s = 0.0
        self._so_far = ""

    def designed(self, design: DesignTold, length_s: float, *, margin: float, smallest: dict[str, float]) -> None:
        """Say the design before anything starts."""
        self._say(design_told(design, length_s, margin=margin, smallest=smallest))

    def running(self, pair: int, pairs: int, side: str, left_s: float | None) -> None:
        """A run begins: of ``pair`` (from 1; 0 for an observed run) of ``pairs``, with ``left_s`` until the end."""
        self._where = f"side {side}, observed" if pair < 1 else f"pair {pair} of {pairs}, side {side}"
        self._left_s, self._since_s = left_s, 0.0
        self._tell(plain=True)

    def looked(self, comparison: Comparison) -> None:
        """What the pairs so far say."""
        judged = next((one for one in comparison.metrics if one.judged), None)
        self._so_far = "" if judged is None else so_far(judged)
        self._tell(plain=False)

    def doing(self, what: str) -> None:
        """Say what takes its time now."""
        if self._terminal:
            self._draw(what)
        else:
            self._say(what)

    def interval(self, interval: Interval) -> None:
        """One more second."""
        self._since_s = max(self._since_s, interval.t_s)
        if self._terminal:
            self._tell(plain=False)

    def opened(self, run: str, directory: Path) -> None:
        """A run has its place; the experiment names them all, so none is told."""

    def starting(self, service: Service) -> None:
        """A service is being started."""
        if self._terminal:
            self._draw(f"starting {service.start}")

    def stopping(self, *, now: bool) -> None:
        """Say what Ctrl-C did."""
        self._say("cutting off the requests in flight" if now else "stopping after this run; what was measured is kept")

    def close(self) -> None:
        """Leave nothing of the line that was rewritten."""
        if self._drawn:
            self._out.write(f"\r{ERASE}")
            self._out.flush()
            self._drawn = False

    def _tell(self, *, plain: bool) -> None:
        left = "" if self._left_s is None else f", {format_duration(max(1.0, self._left_s - self._since_s))} left"
        line = f"{self._where}{left}{f'   {self._so_far}' if self._so_far else ''}"
        if self._terminal:
            self._draw(line)
        elif plain:
            self._say(line)

    def _say(self, text: str) -> None:
        self._out.write(f"{chr(13) + ERASE if self._drawn else ''}{text}\n")
        self._out.flush()
        self._drawn = False

    def _draw(self, line: str) -> None:
        self._out.write(f"\r{ERASE}{line[: shutil.get_terminal_size().columns - 1]}")
        self._out.flush()
        self._drawn = True


def so_far(metric: Metric) -> str:
    """``p99 response B/A 0.25 [0.21, 0.29]``; without an interval until there is one."""
    if metric.ratio is None:
        return f"{metric.label} {effect(metric)}"
    turned = "A/B" if metric.more_is_better else "B/A"
    return f"{metric.label} {turned} {ratio(metric.ratio, metric.low, metric.high, metric.margin)}"


def _brief(seconds: float) -> str:
    return format_duration(round(seconds, 3), exact=True)


def _percent(factor: float) -> str:
    return f"{abs(factor - 1) * 100:.3g} %"
