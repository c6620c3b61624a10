"""Requests that were not traced borrow the stages of a traced one of their class that asks for as much without load."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from loadstone.stats.gain.demand import Crowds
from loadstone.stats.gain.record import Track
from loadstone.stats.gain.replay import shared_demands

__all__ = ["Borrowed", "choose_donors", "fit_slow_down"]

NEIGHBOURS = 2
"""A donor is drawn among so many on either side of the demand wanted."""

FEWEST_DONORS = 5
"""A class with fewer traced requests borrows from all classes."""

SLOW_DOWNS = np.concatenate([[0.0], np.geomspace(0.02, 30, 40)])


def fit_slow_down(
    start: NDArray[np.float64], left: NDArray[np.float64], group: NDArray[np.int32]
) -> NDArray[np.float64]:
    """A first guess of each request's load-free time: its time divided by 1 + b x (others there at its start / their
    mean), with the b that leaves no correlation with them."""
    length = left - start
    present, _ = shared_demands(start, left, [])
    if not present.any():
        return length
    _, cell = np.unique(group, return_inverse=True)
    crowd = present / present.mean()
    crowds = Crowds(length, present, cell)
    tried = [crowds.fit(length / (1 + b * crowd)).misfit for b in SLOW_DOWNS]
    guess: NDArray[np.float64] = length / (1 + SLOW_DOWNS[int(np.argmin(tried))] * crowd)
    return guess


def choose_donors(
    wanted: NDArray[np.float64], group: NDArray[np.int32], traced: NDArray[np.int64], chance: Generator
) -> NDArray[np.int64]:
    """For each request the place in ``traced`` of the one that it borrows from: near in ``wanted``, the load-free time,
    within its class. Traced requests have themselves."""
    found = np.empty(len(wanted), np.int64)
    for class_ in np.unique(group):
        there = np.flatnonzero(group == class_)
        own = np.flatnonzero(group[traced] == class_)
        if len(own) < FEWEST_DONORS:
            own = np.arange(len(traced))
        own = own[np.argsort(wanted[traced[own]], kind="stable")]
        place = np.searchsorted(wanted[traced[own]], wanted[there])
        place += chance.integers(-NEIGHBOURS, NEIGHBOURS, len(there))
        found[there] = own[np.clip(place, 0, len(own) - 1)]
    found[traced] = np.arange(len(traced))
    return found


class Borrowed:
    """The stages of all requests, gathered from their donors': ``first`` as in Track, ``stage`` the place of each among
    the donors' stages, ``request`` whose it is."""

    def __init__(self, own: Track, donor: NDArray[np.int64]) -> None:
        counts = np.diff(own.first)[donor]
        self.own, self.donor = own, donor
        self.first = np.concatenate([[0], np.cumsum(counts)])
        self.stage = np.repeat(own.first[donor] - self.first[:-1], counts) + np.arange(self.first[-1])
        self.request = np.repeat(np.arange(len(donor)), counts)

    def stretched(self, start: NDArray[np.float64], left: NDArray[np.float64]) -> Track:
        """Stretched from the donors' times to each request's own, from start to end."""
        own = self.own
        begun, done = own.start[own.first[:-1]][self.donor], own.end[own.first[1:] - 1][self.donor]
        return self._moved(own.end[self.stage], begun, done, start, left)

    def pinned(
        self,
        stage_ended: NDArray[np.float64],
        begun: NDArray[np.float64],
        start: NDArray[np.float64],
        left: NDArray[np.float64],
        traced: NDArray[np.int64],
    ) -> Track:
        """As a replay had them, moved to each request's own times; traced requests as they were recorded."""
        track = self._moved(stage_ended, begun, stage_ended[self.first[1:] - 1], start, left)
        known = np.zeros(len(self.donor), bool)
        known[traced] = True
        here = known[self.request]
        track.start[here], track.end[here] = self.own.start[self.stage[here]], self.own.end[self.stage[here]]
        return track

    def _moved(
        self,
        ends: NDArray[np.float64],
        begun: NDArray[np.float64],
        done: NDArray[np.float64],
        start: NDArray[np.float64],
        left: NDArray[np.float64],
    ) -> Track:
        scale = np.divide(left - start, done - begun, out=np.ones(len(start)), where=done > begun)
        end = start[self.request] + (ends - begun[self.request]) * scale[self.request]
        end[self.first[1:] - 1] = left
        begin = np.empty(len(end))
        begin[1:] = end[:-1]
        begin[self.first[:-1]] = start
        own, stage = self.own, self.stage
        return Track(self.first, begin, np.maximum(end, begin), own.resource[stage], own.share[stage], own.own[stage])
