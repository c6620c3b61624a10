"""What came of meeting a service: what was found, what was written, what stayed unknown, what to do next."""

from __future__ import annotations

from typing import Literal

import msgspec

from loadstone.model.discovery import Discovery

__all__ = ["BaselineTold", "Covered", "Introduction", "StepMeasured"]


class Covered(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What became of a route: a step of a journey, of one that is off, or nothing, and why (``why`` is empty for a
    step that is driven)."""

    route: str
    how: Literal["journey", "off", "left out"]
    journey: str | None = None
    step: str | None = None
    why: str = ""


class StepMeasured(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A quantile of a step's response time in the baseline, with its 95 % interval; of every request where journey and
    step are empty."""

    journey: str
    step: str
    requests: int
    quantile: float
    value_s: float
    low_s: float
    high_s: float


class BaselineTold(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The short run that the objectives were drafted from. ``run`` is its id in the archive."""

    run: str
    seconds: float
    requests: int
    errors: int
    rate_per_s: float
    validity: str
    steps: tuple[StepMeasured, ...] = ()


class Introduction(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``loadstone init --json``. ``spec`` is the file that was written, ``feeds`` the rows beside it; ``sentence`` says
    what was found, ``rate`` how the rate was chosen; ``next`` is the command to go on with."""

    spec: str
    sentence: str
    discovery: Discovery
    covered: tuple[Covered, ...]
    journeys: tuple[str, ...]
    off: tuple[str, ...] = ()
    feeds: tuple[str, ...] = ()
    objectives: tuple[str, ...] = ()
    rate_per_s: float | None = None
    rate: str = ""
    baseline: BaselineTold | None = None
    notes: tuple[str, ...] = ()
    next: str = "loadstone check"
    format: int = 1
