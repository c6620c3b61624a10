"""What one observed run of a side counted in each request: deterministic where the code is, so one run can decide."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from loadstone.model.finding import Diagnosis

__all__ = ["COUNTERS", "Counted", "OperationCount"]

COUNTERS: dict[str, str] = {
    "statements": "statements a request",
    "calls": "outgoing calls a request",
    "rows": "rows a request",
    "bytes": "bytes a request",
}
"""Name in a guardrail, and what a reader calls it. A statement is a database or key-value command, without BEGIN and
its like; a call goes to another service; rows are those that statements returned; bytes are the reply's."""


@dataclass(frozen=True, slots=True)
class OperationCount:
    """One operation of a step: how often and how long in a request, over all measured requests of the step.

    ``label`` is what a reader calls it (a normalised statement, a call, a span, a function); ``family`` is a span's
    family (``database``, ``http``, …) or ``function`` for one of a profile, whose ``per_request`` is then None and
    ``s_per_request`` its own CPU time, with its own low and high. ``where`` is ``file:line``.
    """

    journey: str | None
    step: str | None
    family: str
    label: str
    where: str | None
    per_request: float | None
    s_per_request: float
    low_s: float | None = None
    high_s: float | None = None
    key: str = ""


@dataclass(frozen=True)
class Counted:
    """Columns of one value a measured request, in order of ``number`` (its journey's arrival, its step, how many-th of
    that step: the same request in both sides, since both run the same seed). ``step`` is a place in ``steps``. A
    counter that was not collected is missing from ``columns``; NaN where one request's is unknown. ``server_s`` is the
    root span's time, ``failed`` the requests that were not answered as they should be."""

    run: str
    steps: tuple[tuple[str | None, str], ...]
    number: NDArray[np.int64]
    step: NDArray[np.int32]
    server_s: NDArray[np.float64]
    columns: dict[str, NDArray[np.float64]]
    failed: NDArray[np.bool_]
    operations: tuple[OperationCount, ...] = ()
    diagnosis: Diagnosis | None = None
    missing: tuple[str, ...] = field(default=())
