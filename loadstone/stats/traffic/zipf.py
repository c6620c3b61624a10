"""Popularity: probability proportional to (rank + shift)^-exponent (Mandelbrot 1953), from how often items were asked.

Nobody tells ranks: they are read off the counts, and that flatters the head and steepens the tail, more so the fewer
requests there are; items that were never asked for are not seen at all. Both are undone by indirect inference
(Gourieroux, Monfort and Renault, Journal of Applied Econometrics 8, 1993): the likelihood of the counts in their order
is maximised, and those parameters are sought whose simulated logs, read in the same way, come out where this one did.
The number of items is the one with which as many would be seen as were. The spread of the simulated estimates gives the
interval, widened by the design effect of requests that come in visits.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from loadstone.stats.beta import student_quantile

__all__ = ["FEWEST_ITEMS", "FEWEST_REQUESTS", "Ranked", "ZipfFit", "fit_zipf", "ranked_zipf", "zipf_weights"]

FEWEST_ITEMS = 5
FEWEST_REQUESTS = 50
"""With fewer items or requests any exponent fits; simulated logs of 50 requests for 5 items gave exponents 1 apart."""

EACH, PLENTY = 2.5, 1000
"""Below 1,000 requests and 2.5 for each item that was seen, the intervals of simulated logs held the exponent in 75 %
of cases only: nothing is told then."""

STEEPEST = 8.0
"""At this exponent all but a few of a thousand requests are for one item: steeper cannot be told apart."""

MOST_SHIFT = 1.0
"""Times the number of items: beyond it the most popular item is asked for hardly more than the one in the middle."""

VAGUE = 4.0
"""An interval of the exponent as wide as that says nothing, and goes with a shift as vague."""

HIDDEN, THIN = 1.02, 10.0
"""Where more items than this are estimated for each that was seen, or each was asked for less often than that, what is
read off moves less than what is sought, and with the number of items."""

FAINTEST = 0.15
"""A response that is fainter is taken for this: it cannot be told from the noise of 30 simulated logs."""

EVEN = 0.3
"""Below this exponent it is asked whether items that are all alike would look the same."""

WIDER = 1.1
"""What the simulated estimates spread less than the corrected ones do, measured by benches/recovery.py."""

EXACT_RANKS = 400
RANK_STEP = 1.01
"""Ranks beyond the first 400 are summed in groups that grow by 1 %: the sum is then right to within a part in 10^5."""

ROUNDS = 12
DRAFTS, DRAWS = 10, 60
"""Simulated logs in each round, and in the last: the spread of 60 is known to within 10 % (chi-square, 59 degrees)."""

MOST_SIMULATED = 6_000_000
"""Items simulated over all rounds: bounds the time to some two seconds; long catalogues get fewer draws."""

FEWEST_DRAWS = 12
MOST_UNSEEN = 9.0
"""At most so many unseen items for each that was seen: where nearly all were asked for once, the log does not tell."""


class Ranked(NamedTuple):
    """The likelihood's maximum with ranks as observed: biased, and the same bias in every log of this kind."""

    exponent: float
    shift: float


class ZipfFit(NamedTuple):
    """Each of ``exponent`` and ``shift`` as value, low, high at 95 %. ``items`` are estimated, ``seen`` counted."""

    exponent: tuple[float, float, float]
    shift: tuple[float, float, float]
    items: int
    seen: int
    requests: int


def zipf_weights(items: int, exponent: float, shift: float) -> NDArray[np.float64]:
    """Probabilities float64[items] of the ranks from 1."""
    weights = (np.arange(1, items + 1) + shift) ** -exponent
    return np.asarray(weights / weights.sum(), dtype=np.float64)


class _Groups(NamedTuple):
    """Ranks in groups: where each begins (from 0), its middle, and how many ranks it has."""

    starts: NDArray[np.int64]
    middles: NDArray[np.float64]
    sizes: NDArray[np.float64]


def _groups(items: int) -> _Groups:
    starts = list(range(min(items, EXACT_RANKS)))
    at = float(EXACT_RANKS)
    while at < items:
        starts.append(int(at))
        at = max(at + 1, math.ceil(at * RANK_STEP))
    first = np.array(starts, dtype=np.int64)
    last = np.append(first[1:], items)
    return _Groups(first, (first + 1 + last) / 2, (last - first).astype(np.float64))


def ranked_zipf(counts: NDArray[np.int64], start: Ranked | None = None, *, shifted: bool = True) -> Ranked:
    """The most likely exponent and shift, taking the order of the counts for the order of the items.

    ``counts`` int64[items], each at least 1, in any order. By Fisher scoring with the steps halved until they help;
    the parameters are the exponent and log(1 + shift), which stays 0 unless ``shifted``.
    """
    ordered = np.sort(counts)[::-1].astype(np.float64)
    groups = _groups(len(ordered))
    seen = np.add.reduceat(ordered, groups.starts)
    seen /= seen.sum()
    top = math.log1p(MOST_SHIFT * len(ordered)) if shifted else 0.0
    best = _climb(seen, groups, start or Ranked(1.0, 0.5), top)
    if start is None and shifted:  # a ridge leads from one valley to the other: both ends are tried
        for other in (Ranked(0.3, 0.0), Ranked(2.0, len(ordered) / 4)):
            found = _climb(seen, groups, other, top)
            best = max(best, found, key=lambda each: each[0])
    return best[1]


def _climb(seen: NDArray[np.float64], groups: _Groups, start: Ranked, top: float) -> tuple[float, Ranked]:
    place = np.array([min(start.exponent, STEEPEST), min(math.log1p(start.shift), top)])
    value, slope, spread = _likelihood(seen, groups, place)
    for _ in range(200):
        bound = np.array([0.0, 0.0]), np.array([STEEPEST, top])
        held = ((place <= bound[0]) & (slope < 0)) | ((place >= bound[1]) & (slope > 0))
        if held.all():
            break
        free = ~held
        inside = spread[np.ix_(free, free)] + 1e-12 * np.eye(int(free.sum()))
        step = np.zeros(2)
        step[free] = np.linalg.solve(inside, slope[free])
        gain = float(step @ slope)
        if gain < 1e-12:
            break
        scale = min(1.0, 1.0 / max(1e-9, float(np.abs(step).max())))
        while scale > 1e-7:
            after = np.clip(place + scale * step, *bound)
            found = _likelihood(seen, groups, after)
            if found[0] > value:
                break
            scale /= 2
        else:
            break
        place, (value, slope, spread) = after, found
    return value, Ranked(float(place[0]), math.expm1(float(place[1])))


def _likelihood(
    seen: NDArray[np.float64], groups: _Groups, place: NDArray[np.float64]
) -> tuple[float, NDArray[np.float64], NDArray[np.float64]]:
    """Of one request: the logarithm, its slope, and Fisher's information, in exponent and log(1 + shift)."""
    exponent, shift = float(place[0]), math.expm1(float(place[1]))
    log_rank = np.log(groups.middles + shift)
    weights = groups.sizes * np.exp(-exponent * log_rank)
    total = float(weights.sum())
    weights /= total
    turn = exponent * (1 + shift) / (groups.middles + shift)
    columns = np.stack([log_rank, turn])
    mean = columns @ weights
    centred = columns - mean[:, None]
    value = -exponent * float(seen @ log_rank) - math.log(total)
    return value, mean - columns @ seen, (centred * weights) @ centred.T


def fit_zipf(counts: NDArray[np.int64], *, effect: float = 1.0, seed: int = 0) -> ZipfFit | None:
    """Exponent, shift and number of items; None with too few items or requests to tell.

    ``counts`` int64[items]: how often each item that was seen was asked for. ``effect`` is the design effect: requests
    that tell as much as one (at least 1). Where popularity is so even that any shift would do, the shift is held at 0.
    """
    counts = counts[counts > 0]
    requests = int(counts.sum())
    if len(counts) < FEWEST_ITEMS or requests < max(FEWEST_REQUESTS, min(PLENTY, EACH * len(counts))):
        return None
    found = _infer(counts, effect, seed, shifted=True)
    if found.exponent[2] - found.exponent[1] > VAGUE or found.shift[0] > 0.9 * MOST_SHIFT * found.items:
        found = _infer(counts, effect, seed, shifted=False)
    return found


def _infer(counts: NDArray[np.int64], effect: float, seed: int, *, shifted: bool) -> ZipfFit:
    seen, requests = len(counts), int(counts.sum())
    observed = _place(ranked_zipf(counts, shifted=shifted))
    place, items, read = observed.copy(), seen, np.empty((0, 2))
    rng = np.random.default_rng(seed)
    budget = MOST_SIMULATED
    for turn in range(ROUNDS + 1):
        items = _items(place, requests, seen)
        asked = DRAWS if turn == ROUNDS else DRAFTS
        draws = max(FEWEST_DRAWS if turn == ROUNDS else 3, min(asked, budget // ((ROUNDS + 1 - turn) * items)))
        budget -= draws * items
        read, met = _read_back(place, items, requests, draws, rng, shifted)
        step = observed - read.mean(axis=0)
        if turn == ROUNDS and (items > HIDDEN * seen or requests < THIN * seen):
            read = _moved(place, items, requests, read, met, rng, shifted)
        place = np.clip(place + step * (1.0 if turn < 3 else 0.5), 0.0, [STEEPEST, math.log1p(MOST_SHIFT * items)])
    spread = WIDER * read.std(axis=0, ddof=1) * math.sqrt(max(1.0, effect))
    reach = student_quantile(0.975, len(read) - 1) * spread
    low, high = np.maximum(0.0, place - reach), place + reach
    if place[0] < EVEN:  # what is read off hardly moves with the exponent here
        even = _read_back(np.array([0.0, place[1]]), seen, requests, FEWEST_DRAWS, rng, shifted)[0][:, 0]
        if observed[0] < even.mean() + 2 * math.sqrt(max(1.0, effect)) * even.std(ddof=1):
            low[0] = 0.0
    return ZipfFit(
        (float(place[0]), float(low[0]), float(high[0])),
        (math.expm1(float(place[1])), math.expm1(float(low[1])), math.expm1(float(high[1]))),
        _items(place, requests, seen),
        seen,
        requests,
    )


def _place(found: Ranked) -> NDArray[np.float64]:
    return np.array([found.exponent, math.log1p(found.shift)])


def _items(place: NDArray[np.float64], requests: int, seen: int) -> int:
    """The number of items of which ``seen`` are expected to be asked for at least once."""
    low, high = seen, math.ceil(seen * (1 + MOST_UNSEEN))
    while low < high:
        middle = (low + high) // 2
        groups = _groups(middle)
        weights = (groups.middles + math.expm1(float(place[1]))) ** -float(place[0])
        rates = requests * weights / float(weights @ groups.sizes)
        if float(groups.sizes @ -np.expm1(-rates)) < seen - 0.5:
            low = middle + 1
        else:
            high = middle
    return low


def _read_back(
    place: NDArray[np.float64], items: int, requests: int, draws: int, rng: np.random.Generator, shifted: bool
) -> tuple[NDArray[np.float64], list[int]]:
    """What would be read off so many simulated logs, float64[draws, 2], and the items seen in each."""
    rates = requests * zipf_weights(items, float(place[0]), math.expm1(float(place[1])))
    near = Ranked(float(place[0]), math.expm1(float(place[1])))
    found, met = [], []
    for _ in range(draws):
        drawn = rng.poisson(rates)
        drawn = drawn[drawn > 0]
        met.append(len(drawn))
        found.append(_place(ranked_zipf(drawn, near, shifted=shifted)) if len(drawn) else place)
    return np.array(found), met


def _moved(
    place: NDArray[np.float64],
    items: int,
    requests: int,
    read: NDArray[np.float64],
    met: list[int],
    rng: np.random.Generator,
    shifted: bool,
) -> NDArray[np.float64]:
    """How far the estimates of those logs would lie from this one's: float64[draws, 2].

    Exponent, shift and number of items are guessed together from what is read off and the items seen; how the latter
    three move with the former is measured by simulated logs on both sides, and turned around.
    """
    told = np.column_stack([read, np.log(met)])
    spread = np.maximum(0.05, read.std(axis=0, ddof=1))
    columns = []
    for at, (down, up) in enumerate(((-2 * spread[0], 2 * spread[0]), (-2 * spread[1], 2 * spread[1]), (-0.3, 0.3))):
        ends = []
        for step in (down, up):
            near = np.append(place, math.log(items))
            near[at] += step
            near[:2] = np.clip(near[:2], 0.0, [STEEPEST, math.log1p(MOST_SHIFT * items)])
            seen, count = _read_back(near[:2], max(2, round(math.exp(near[2]))), requests, DRAWS // 2, rng, shifted)
            ends.append((near[at], np.append(seen.mean(axis=0), np.log(count).mean())))
        columns.append((ends[1][1] - ends[0][1]) / max(1e-9, ends[1][0] - ends[0][0]))
    response = np.column_stack(columns)
    if not shifted:
        response[1] = response[:, 1] = (0.0, 1.0, 0.0)
    left, sizes, right = np.linalg.svd(response)
    turned = right.T @ np.diag(1 / np.maximum(sizes, FAINTEST)) @ left.T
    return np.asarray(((told - told.mean(axis=0)) @ turned.T)[:, :2], dtype=np.float64)
