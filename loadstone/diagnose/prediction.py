"""From a suspect to its predicted gain: the run as a timeline, what a fix takes away of it, and the replay."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from loadstone.diagnose.digest import Digest
from loadstone.diagnose.rank import judged_share
from loadstone.diagnose.subject import Bare, Client, Subject
from loadstone.diagnose.suspect import Cut, Suspect
from loadstone.diagnose.traces.segments import segments_of
from loadstone.diagnose.unobserved import unobserved
from loadstone.model.evidence import Evidence
from loadstone.model.finding import Bounded, Predicted
from loadstone.stats.gain import DATABASE, OTHER, Gain, Removal, Timeline, predict
from loadstone.stats.gain import Bounded as Foretold
from loadstone.stats.gain.timeline import UNSEEN

__all__ = ["OFF_CPU", "STRETCH", "Predictor"]

OFF_CPU = frozenset({"database", "key-value", "transaction", "connect", "pool", "http", "rpc", "messaging"})
"""Families of operations during which a request is not on the CPU of its service."""

STRETCH = 60_000
"""Requests of one prediction at most, the middle of a longer run: p99 then rests on six hundred of them."""

_DATABASE = frozenset({"database", "key-value", "transaction"})


@dataclass(frozen=True)
class _Base:
    """The timeline, and the spans off the CPU that its segments were made of, by request and start: ``into`` is the
    segment that a span makes or lies in. ``place`` says where the digest's requests lie in the timeline (-1 outside).
    ``between_ns`` is each request's time that no segment covers, NaN where it was not traced.
    """

    timeline: Timeline
    place: NDArray[np.int64]
    request: NDArray[np.int64]
    operation: NDArray[np.int32]
    parent: NDArray[np.int32]
    length_ns: NDArray[np.int64]
    into: NDArray[np.int64]
    between_ns: NDArray[np.float64]


class Predictor:
    """Predicts one cause after another over the same run."""

    def __init__(self, subject: Subject, evidence: Evidence, digest: Digest) -> None:
        self._subject, self._evidence, self._digest = subject, evidence, digest

    def predict(self, first: Suspect, also: tuple[Suspect, ...] = ()) -> Predicted | None:
        """What a complete fix of the cause gains its step, wherever else it is found too."""
        at = _level(judged_share(self._subject, self._digest, first.step))
        if first.unpredictable is not None:
            return Predicted(at=at, refused=first.unpredictable)
        if not len(first.requests) or not (first.cuts or first.cpu_ns is not None):
            return None
        base = self._base
        removal = self._removal((first, *also))
        if not removal.segment_share.any() and not removal.cpu_ns.any():
            return None
        where = None if first.step is None else base.timeline.group == first.step
        told = predict(base.timeline, removal, seed=self._subject.seed, where=where, closed=self._subject.closed)
        predicted = _predicted(told, at, self._unknown(told))
        bare = self._bare(first.step)
        return predicted if bare is None else unobserved(predicted, bare, self._calls_left((first, *also), first.step))

    def _bare(self, step: int | None) -> Bare | None:
        label = None if step is None else self._digest.steps[step]
        place = (None, None) if label is None else (label.journey, label.name)
        return next((one for one in self._subject.bare if (one.journey, one.step) == place), None)

    def _calls_left(self, suspects: tuple[Suspect, ...], step: int | None) -> float:
        """Of the spans of the step's requests, with their own, what the fix leaves."""
        visits, place = self._digest.visits, self._base.place
        mine = place >= 0
        if step is not None:
            mine &= self._digest.requests.step == step
        whole = float(mine.sum() + visits.count[mine[visits.request]].sum())
        gone = sum(
            float(np.maximum(visits.count[self._visits(suspect, cut)] - cut.keep, 0).sum())
            for suspect in suspects
            for cut in suspect.cuts
            if cut.share >= 1
        )
        return max(0.0, 1 - gone / whole) if whole else 1.0

    def _visits(self, suspect: Suspect, cut: Cut) -> NDArray[np.int64]:
        """The visits that a cut is of, in the suspect's requests."""
        visits, place = self._digest.visits, self._base.place
        affected = np.zeros(len(place), np.bool_)
        affected[suspect.requests] = True
        chosen = (visits.operation == cut.operation) & (place[visits.request] >= 0) & affected[visits.request]
        if cut.parent is not None:
            chosen &= visits.parent == cut.parent
        return np.flatnonzero(chosen)

    def _unknown(self, told: Gain) -> str | None:
        """Why waiting cannot be foretold, beside what the replay itself finds."""
        if told.refused is not None:
            return told.refused
        if self._subject.client is None:
            return "traces alone do not tell when requests were sent, nor what else the service had to do"
        return None

    @cached_property
    def _base(self) -> _Base:
        digest = self._digest
        requests = digest.requests
        sent, started, ended, group, cpu, process, digested = _rows(digest, self._subject.client)
        order = np.argsort(sent, kind="stable")
        if len(order) > STRETCH:
            skip = (len(order) - STRETCH) // 2
            order = order[skip : skip + STRETCH]
        sent, started, ended = sent[order], started[order], ended[order]
        digested = digested[order]
        place = np.full(len(requests), -1, np.int64)
        place[digested[digested >= 0]] = np.flatnonzero(digested >= 0)
        wanted = np.flatnonzero(place >= 0).astype(np.int32)
        found = segments_of(self._evidence, digest, wanted, lambda operation: operation.family in OFF_CPU)
        into = place[found.request]
        by_place = np.lexsort((found.start_ns, into))
        into, start, end = into[by_place], found.start_ns[by_place], found.end_ns[by_place]
        operation = found.operation[by_place]
        begin, kept = _apart(into, start, end)
        between = np.full(len(sent), np.nan)
        between[place[wanted]] = requests.end_ns[wanted] - requests.start_ns[wanted]
        between -= np.bincount(into[kept], (end - begin)[kept], len(sent))
        database = np.array([one.family in _DATABASE for one in digest.operations] or [False])
        return _Base(
            Timeline(
                arrived_ns=sent,
                started_ns=started,
                ended_ns=ended,
                group=group[order].astype(np.int32),
                cpu_ns=cpu[order],
                process=process[order].astype(np.int32),
                segment_request=into[kept],
                segment_start_ns=begin[kept],
                segment_end_ns=end[kept],
                segment_resource=np.where(database[operation[kept]], DATABASE, OTHER).astype(np.int8),
            ),
            place=place,
            request=into,
            operation=operation,
            parent=found.parent[by_place],
            length_ns=np.where(kept, end - begin, end - start),
            into=np.cumsum(kept) - 1,
            between_ns=np.maximum(between, 1.0),
        )

    def _removal(self, suspects: tuple[Suspect, ...]) -> Removal:
        base, visits = self._base, self._digest.visits
        timeline = base.timeline
        taken = np.zeros(len(base.operation))
        cpu, work = np.zeros(timeline.requests), np.zeros(timeline.requests)
        for suspect in suspects:
            places = base.place[suspect.requests]
            inside = places >= 0
            affected = np.zeros(timeline.requests, np.bool_)
            affected[places[inside]] = True
            if suspect.cpu_ns is not None:
                np.add.at(work, places[inside], suspect.cpu_ns[inside])
            for cut in suspect.cuts:
                if self._digest.operations[cut.operation].family in OFF_CPU:
                    chosen = (base.operation == cut.operation) & affected[base.request]
                    if cut.parent is not None:
                        chosen &= base.parent == cut.parent
                    at = np.flatnonzero(chosen)
                    later = at[_nth(base.request[at]) >= cut.keep]
                    taken[later] = np.maximum(taken[later], base.length_ns[later] * cut.share)
                    if cut.between:
                        _between(timeline, base.into[at], cut.keep, cut.share, cpu)
                    continue
                mine = self._visits(suspect, cut)
                part = np.maximum(visits.count[mine] - cut.keep, 0) / visits.count[mine]
                np.add.at(cpu, base.place[visits.request[mine]], visits.own_ns[mine] * part * cut.share)
        lasts = timeline.segment_end_ns - timeline.segment_start_ns
        share = np.bincount(base.into, taken, len(lasts)) / np.maximum(lasts, 1)
        whole = np.where(timeline.cpu_ns > 0, timeline.cpu_ns, base.between_ns)
        part = np.nan_to_num(cpu / base.between_ns) + np.nan_to_num(work / whole)
        return Removal(np.clip(share, 0.0, 1.0), np.maximum(cpu + work, 0.0), np.clip(part, 0.0, 1.0))


def _rows(digest: Digest, client: Client | None) -> tuple[NDArray[np.int64], ...]:
    """Every request that the service is known to have served: sent, started, ended, group, cpu, process, its place in
    the digest (-1 where it was not traced)."""
    requests = digest.requests
    mine = np.flatnonzero(requests.measured)
    columns: list[NDArray[np.int64]] = [
        np.asarray(column, np.int64)
        for column in (
            requests.sent_ns[mine],
            requests.start_ns[mine],
            requests.done_ns[mine],
            requests.step[mine],
            requests.cpu_ns[mine],
            requests.process[mine],
            mine,
        )
    ]
    if client is not None and client.every:
        rest = ~np.isin(client.number, requests.number[mine]) & (client.sent_ns >= 0)
        unseen = np.full(int(rest.sum()), UNSEEN, np.int64)
        step = client.step[rest].astype(np.int64) - 1
        more = [client.sent_ns[rest], unseen, client.done_ns[rest], step, unseen, unseen, unseen]
        columns = [np.concatenate(pair) for pair in zip(columns, more, strict=True)]
    return tuple(columns)


def _apart(
    request: NDArray[np.int64], start: NDArray[np.int64], end: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Spans sorted by request and start, without what an earlier one of the same request covers: (start, kept). The
    first of a request is kept, so that one that is not lies in the last that was."""
    if not len(request):
        return start, np.ones(0, np.bool_)
    base = int(start.min())
    reach = int(end.max()) - base + 1
    offset = request * reach
    covered = np.maximum.accumulate(end - base + offset)
    before = np.concatenate(([np.int64(-1)], covered[:-1]))
    begin = np.maximum(start - base + offset, before) - offset + base
    first = np.concatenate(([True], request[1:] != request[:-1]))
    return begin, (begin < end) | first


def _nth(request: NDArray[np.int64]) -> NDArray[np.int64]:
    """0, 1, 2 … within each run of equal requests."""
    at = np.arange(len(request))
    first = np.concatenate(([True], request[1:] != request[:-1])) if len(request) else np.ones(0, np.bool_)
    return at - np.maximum.accumulate(np.where(first, at, 0))


def _between(timeline: Timeline, at: NDArray[np.int64], keep: int, share: float, cpu: NDArray[np.float64]) -> None:
    """Take the time on the CPU between repeated segments."""
    length = timeline.segment_end_ns - timeline.segment_start_ns
    summed = np.concatenate(([0], np.cumsum(length)))
    request = timeline.segment_request[at]
    bounds = np.flatnonzero(np.concatenate(([True], request[1:] != request[:-1], [True]))) if len(at) else at
    for first, past in pairwise(bounds.tolist()):
        low, high, count = int(at[first]), int(at[past - 1]), int(past - first)
        if count <= max(1, keep):
            continue
        off = int(summed[high + 1] - summed[low])
        gap = int(timeline.segment_end_ns[high] - timeline.segment_start_ns[low]) - off
        cpu[request[first]] += max(0, gap) * share * (count - keep) / count


def _level(share: float) -> Literal["p50", "p95", "p99"]:
    return "p50" if share < 0.8 else "p95" if share < 0.975 else "p99"


def _predicted(told: Gain, at: Literal["p50", "p95", "p99"], refused: str | None) -> Predicted:
    service = _bounded(getattr(told.service, f"{at}_s"))
    before = {name: getattr(told.before, f"{name}_s") for name in ("p50", "p95", "p99")}
    if refused is not None:
        return Predicted(at=at, service=service, before_s=before, refused=refused)
    return Predicted(
        at=at,
        service=service,
        queue=_bounded(getattr(told.queue, f"{at}_s")),
        p50_s=_bounded(told.after.p50_s),
        p95_s=_bounded(told.after.p95_s),
        p99_s=_bounded(told.after.p99_s),
        before_s=before,
    )


def _bounded(told: Foretold) -> Bounded:
    """To the nanosecond, which is what instants are good to."""
    return Bounded(*(round(value, 9) + 0.0 for value in (told.value, told.low, told.high)))
