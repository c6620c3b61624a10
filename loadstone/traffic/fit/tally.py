"""What visits amount to: sums that a stream can keep, the requests of the peak, and a sample of whole visits."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from loadstone.traffic.fit.items import Items
from loadstone.traffic.fit.scope import Scope
from loadstone.traffic.fit.visits import Visits

__all__ = ["Stretch", "Tally"]

MOST_SAMPLED = 400_000
"""Requests of sampled visits held: pauses and resampling need visits whole, and 400,000 pauses tell a median to within
half a per cent."""


class Stretch(NamedTuple):
    """From when to when, in ns. A part of a log holds the visits that begin in it. Its busiest window is the peak,
    chosen among ``rivals`` (so many windows beside each other that are nearly as busy). What follows a request is
    judged up to ``judged_ns``, and beginnings of visits from ``begun_ns``: at the ends of a log nobody knows what went
    before or came after."""

    from_ns: int
    to_ns: int
    peak_ns: int
    peak_end_ns: int
    rivals: float
    begun_ns: int
    judged_ns: int


class Tally:
    """Add visits; read the sums. R routes, C classes; in tables of transitions place R is the beginning or the end."""

    def __init__(self, scope: Scope, stretch: Stretch, seed: int = 0) -> None:
        self.scope, self.stretch = scope, stretch
        routes, classes = len(scope.routes), len(scope.classes)
        self.visits = 0
        self.sizes = 0.0  # of all visits, the sum of squared lengths
        self.requests = np.zeros(routes)
        self.squares, self.products = np.zeros(routes), np.zeros(routes)
        self.reads = np.zeros(3)  # count, squares, products
        self.class_visits = np.zeros(classes)
        self.lengths = np.zeros((classes, 3))  # of whole visits: how many, requests, squares
        self.steps = np.zeros((3, classes, routes + 1, routes + 1))  # count, squares, products
        self.step_sizes = np.zeros((classes, routes + 1))
        self.items = [Items() for _ in range(routes)]
        self._rng = np.random.default_rng(seed)
        self._share = 1.0
        self._sample: list[tuple[Visits, NDArray[np.int32], NDArray[np.float64]]] = []
        self._sampled = 0
        self._peak: list[NDArray[np.int64]] = []
        self._begun: list[NDArray[np.int64]] = []

    def add(self, visits: Visits) -> None:
        """Those of them that begin in the stretch; and of all of them, what was asked for at its peak."""
        if not len(visits):
            return
        self._add_peak(visits)
        first = visits.time_ns[visits.starts[:-1]]
        inside = (first >= self.stretch.from_ns) & (first < self.stretch.to_ns)
        if not inside.all():
            visits = visits.chosen(inside)
        if len(visits):
            self._add(visits)

    def _add(self, visits: Visits) -> None:
        routes, classes = len(self.scope.routes), len(self.scope.classes)
        of_row, lengths = visits.of_row, visits.lengths.astype(np.float64)
        self.visits += len(visits)
        self.sizes += float(lengths @ lengths)
        self.requests += np.bincount(visits.route, minlength=routes)
        codes, counts = np.unique(of_row * routes + visits.route, return_counts=True)
        self.squares += np.bincount(codes % routes, weights=counts.astype(np.float64) ** 2, minlength=routes)
        self.products += np.bincount(codes % routes, weights=counts * lengths[codes // routes], minlength=routes)
        read = np.bincount(of_row, weights=self.scope.reads[visits.route], minlength=len(visits))
        self.reads += [read.sum(), float(read @ read), float(read @ lengths)]
        groups = np.bincount(of_row * classes + self.scope.class_of[visits.route], minlength=len(visits) * classes)
        kind = groups.reshape(-1, classes).argmax(axis=1).astype(np.int32)
        self.class_visits += np.bincount(kind, minlength=classes)
        self._add_lengths(visits, kind, lengths)
        self._add_steps(visits, kind, of_row)
        self._add_items(visits, of_row)
        self._add_sample(visits, kind)

    def _add_lengths(self, visits: Visits, kind: NDArray[np.int32], lengths: NDArray[np.float64]) -> None:
        begun = visits.time_ns[visits.starts[:-1]] >= self.stretch.begun_ns
        over = begun & (visits.time_ns[visits.starts[1:] - 1] < self.stretch.judged_ns)
        for at, weights in enumerate((None, lengths[over], lengths[over] ** 2)):
            self.lengths[:, at] += np.bincount(kind[over], weights=weights, minlength=len(self.class_visits))

    def _add_steps(self, visits: Visits, kind: NDArray[np.int32], of_row: NDArray[np.int64]) -> None:
        end = len(self.scope.routes)
        width = end + 1
        after = np.append(visits.route[1:], end).astype(np.int64)
        after[visits.starts[1:] - 1] = end
        judged = visits.time_ns < self.stretch.judged_ns
        first = visits.starts[:-1]
        begun = visits.time_ns[first] >= self.stretch.begun_ns
        visit = np.concatenate([of_row[judged], np.flatnonzero(begun)])
        before = np.concatenate([visits.route[judged].astype(np.int64), np.full(int(begun.sum()), end)])
        follows = np.concatenate([after[judged], visits.route[first][begun].astype(np.int64)])
        place = kind[visit].astype(np.int64) * width + before
        places, cells = len(self.class_visits) * width, len(self.class_visits) * width * width
        sized, sizes = np.unique(visit * places + place, return_counts=True)
        self.step_sizes += np.bincount(sized % places, weights=sizes.astype(np.float64) ** 2, minlength=places).reshape(
            -1, width
        )
        codes, counts = np.unique((visit * places + place) * width + follows, return_counts=True)
        whole = sizes[np.searchsorted(sized, codes // width)]
        cell = codes % cells
        for at, weights in enumerate((counts, counts.astype(np.float64) ** 2, counts * whole.astype(np.float64))):
            self.steps[at] += np.bincount(cell, weights=weights, minlength=cells).reshape(-1, width, width)

    def _add_items(self, visits: Visits, of_row: NDArray[np.int64]) -> None:
        told = np.flatnonzero(visits.value != 0)
        if not len(told):
            return
        route, value, visit = visits.route[told], visits.value[told], of_row[told]
        order = np.lexsort((visit, value, route))
        route, value, visit = route[order], value[order], visit[order]
        for at in np.unique(route).tolist():
            begin, stop = np.searchsorted(route, [at, at + 1])
            self.items[at].add(value[begin:stop], visit[begin:stop])

    def _add_peak(self, visits: Visits) -> None:
        begin, end = self.stretch.peak_ns, self.stretch.peak_end_ns
        times = visits.time_ns[(visits.time_ns >= begin) & (visits.time_ns < end)]
        first = visits.time_ns[visits.starts[:-1]]
        self._peak.append(times)
        self._begun.append(first[(first >= begin) & (first < end)])

    def _add_sample(self, visits: Visits, kind: NDArray[np.int32]) -> None:
        drawn = self._rng.random(len(visits))
        self._sample.append((visits, kind, drawn))
        self._sampled += len(visits.route)
        if self._share < 1:
            self._thin(len(self._sample) - 1)
        while self._sampled > MOST_SAMPLED:
            self._share /= 2
            self._thin(0)

    def _thin(self, begin: int) -> None:
        for at in range(begin, len(self._sample)):
            visits, kind, drawn = self._sample[at]
            kept = drawn < self._share
            self._sample[at] = visits.chosen(kept), kind[kept], drawn[kept]
        self._sampled = sum(len(visits.route) for visits, _, _ in self._sample)

    def sample(self) -> tuple[Visits, NDArray[np.int32]]:
        """Whole visits drawn at random, and the class of each."""
        kinds = [kind for _, kind, _ in self._sample]
        return Visits.joined([visits for visits, _, _ in self._sample]), (
            np.concatenate(kinds) if kinds else np.zeros(0, dtype=np.int32)
        )

    def peak(self) -> NDArray[np.int64]:
        """Instants of the requests at the peak, in order."""
        return np.sort(np.concatenate(self._peak)) if self._peak else np.zeros(0, dtype=np.int64)

    def begun(self) -> NDArray[np.int64]:
        """Instants at the peak at which visits began, in order."""
        return np.sort(np.concatenate(self._begun)) if self._begun else np.zeros(0, dtype=np.int64)
