"""The shift function drawn in letters: B/A at each decile and in the tail, a bar with its interval on one scale."""

from __future__ import annotations

from collections.abc import Iterator
from math import exp, isfinite, log

from loadstone.model.comparison import ShiftPoint, StepShift
from loadstone.model.quantity import format_share
from loadstone.render.diagnosis_text import seconds
from loadstone.render.effect_text import ratio
from loadstone.render.text import plain

__all__ = ["quantile", "shift_label", "shift_text"]

WIDEST = 41
NARROWEST = 11
LEAST_SPAN = log(1.1)
"""A scale never narrower than 10 % to either side: noise should look like noise."""
MOST_SPAN = log(50.0)


def shift_text(shift: StepShift, *, width: int = 100) -> Iterator[str]:
    """A row a quantile: its name, A, B, B/A with its interval, and the same drawn: ``o`` the estimate, ``-`` its
    interval, ``|`` no change. A ``<`` or ``>`` is an interval that leaves the scale. Nothing without points."""
    if not shift.points:
        return
    rows = [
        (quantile(one.share), seconds(one.a_s), seconds(one.b_s), ratio(one.ratio, *_ends(one))) for one in shift.points
    ]
    sizes = [max(len(row[at]) for row in rows) for at in range(4)]
    columns = min(WIDEST, width - sum(sizes) - 10)
    yield f"response time of {plain(shift_label(shift))}: B/A by quantile"
    scale = _Scale(shift, columns) if columns >= NARROWEST else None
    if scale is not None:
        yield f"{'':{sum(sizes) + 10}}{scale.head()}".rstrip()
    for point, row in zip(shift.points, rows, strict=True):
        cells = "  ".join((row[0].ljust(sizes[0]), row[1].rjust(sizes[1]), row[2].rjust(sizes[2])))
        text = f"  {cells}  {row[3].ljust(sizes[3])}"
        yield f"{text}  {scale.bar(point)}".rstrip() if scale is not None else text.rstrip()


def shift_label(shift: StepShift) -> str:
    """``browse.detail``, a journey, or all requests."""
    if shift.journey is None:
        return "all requests"
    return shift.journey if shift.step is None else f"{shift.journey}.{shift.step}"


def quantile(share: float) -> str:
    """``p50``, ``p99.9``."""
    return f"p{format_share(share, exact=True).removesuffix(' %')}"


def _ends(point: ShiftPoint) -> tuple[float | None, float | None]:
    low, high = (end if isfinite(end) and end > 0 else None for end in (point.low, point.high))
    return low, high


class _Scale:
    """Logs of ratios on ``columns`` letters: wide enough for every end, 1 always within it."""

    def __init__(self, shift: StepShift, columns: int) -> None:
        told = [end for point in shift.points for end in (*_ends(point), point.ratio) if end is not None and end > 0]
        reach = [log(each) for each in told]
        self._low = max(min([-LEAST_SPAN, *reach]), -MOST_SPAN)
        self._high = min(max([LEAST_SPAN, *reach]), MOST_SPAN)
        self._columns = columns

    def at(self, value: float) -> int:
        """The letter's place; beyond either edge where the scale does not reach."""
        return round((log(value) - self._low) / (self._high - self._low) * (self._columns - 1))

    def head(self) -> str:
        """The scale's ends and where 1 is; a number that has no room is left out."""
        letters = [" "] * self._columns
        low, high = f"{exp(self._low):.2f}", f"{exp(self._high):.2f}"
        for text, first in (("1", self.at(1.0)), (low, 0), (high, self._columns - len(high))):
            around = letters[max(first - 1, 0) : first + len(text) + 1]
            if first >= 0 and not "".join(around).strip():
                letters[first : first + len(text)] = text
        return "".join(letters)

    def bar(self, point: ShiftPoint) -> str:
        """One point and its interval."""
        low, high = _ends(point)
        edge = self._columns - 1
        first = -1 if low is None else self.at(low)
        last = edge + 1 if high is None else self.at(high)
        letters = [" "] * self._columns
        for at in range(max(first, 0), min(last, edge) + 1):
            letters[at] = "-"
        letters[self.at(1.0)] = "|"
        if first < 0:
            letters[0] = "<"
        if last > edge:
            letters[-1] = ">"
        if point.ratio > 0:
            letters[min(max(self.at(point.ratio), 0), edge)] = "o"
        return "".join(letters)
