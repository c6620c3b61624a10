"""Many tests at once: p values adjusted so that of what is told a known share is false.

Benjamini and Yekutieli (Annals of Statistics 29, 2001): the step-up rule of Benjamini and Hochberg (JRSS B 57, 1995)
with the sum 1 + 1/2 + … + 1/m, which holds under any dependence of the tests.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["adjusted"]


def adjusted(log_p: NDArray[np.float64], *, any_dependence: bool = True) -> NDArray[np.float64]:
    """q of each test from the log of its p: what is told at q <= .05 is false in at most 5 % on average.

    Without ``any_dependence`` by Benjamini and Hochberg alone, which wants tests that are independent or positively
    dependent. nan counts as 1.
    """
    count = len(log_p)
    if not count:
        return np.empty(0)
    told = np.where(np.isnan(log_p), 0.0, log_p)
    order = np.argsort(told, kind="stable")
    ranks = np.arange(1, count + 1)
    factor = float((1 / ranks).sum()) if any_dependence else 1.0
    with np.errstate(under="ignore"):
        raised = np.exp(np.minimum(told[order] + np.log(count * factor / ranks), 0.0))
    q = np.empty(count)
    q[order] = np.minimum.accumulate(raised[::-1])[::-1]
    return q
