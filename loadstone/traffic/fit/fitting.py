"""From a log to a model of its traffic: two passes, flat memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from loadstone.model.estimate import Estimate
from loadstone.model.hits import BOT, MONITOR, PERSON, SCANNER, Hits
from loadstone.model.quantity import format_count, format_duration, format_share
from loadstone.model.traffic import Traffic
from loadstone.traffic.fit.paces import Clock
from loadstone.traffic.fit.parts import arrivals_of, mix_of, popularity_of, reads_of, visits_of
from loadstone.traffic.fit.scope import Scope, scope_of
from loadstone.traffic.fit.survey import Survey, survey_of
from loadstone.traffic.fit.tally import Stretch, Tally
from loadstone.traffic.fit.visits import VisitStream

__all__ = ["Read", "read", "stretch_of", "traffic_of"]

NS = 1e9

ENDS = 4.0
"""In idle times: a log of this length has its ends judged strictly. In a shorter one too little would be left."""

BRIEF = 8.0
"""Of a shorter log an eighth is left out at its end."""

MOST_AT_PEAK = 3_000_000
"""Requests of the peak whose instants are held, 24 MB: 830 a second for an hour. Of a busier one a shorter peak is
described."""

NEARLY = 0.8
OVERLAP = 2.0
"""Windows that have four fifths of the peak's requests might have been it by chance. Windows that slide count as twice
those beside each other: the highest of 60 sliding sums an hour lies about where that of 2 an hour does (simulated)."""

Doing = Callable[[str], None]


class Read(NamedTuple):
    """A log gone through: the first look, the choice, and the sums of the whole and of each part asked for."""

    survey: Survey
    scope: Scope
    clock: Clock
    tallies: tuple[Tally, ...]
    cut: int
    peak_s: float


def read(
    hits: Hits,
    idle_s: float,
    peak_s: float,
    parts: Callable[[Survey], tuple[Stretch, ...]] | None = None,
    doing: Doing = lambda _: None,
) -> Read:
    """Go through it twice. ``parts`` says which stretches are summed apart; without it, the whole log."""
    doing("looking for routes and the peak")
    survey = survey_of(hits, peak_s)
    scope = scope_of(survey)
    whole_log = (stretch_of(survey, (survey.first_ns, survey.last_ns + 1), idle_s, peak_s),)
    tallies = tuple(Tally(scope, stretch) for stretch in (parts(survey) if parts else whole_log))
    stream = VisitStream(round(idle_s * NS), by_end=survey.exact_starts)
    done, whole = 0, max(1, int(survey.counts.sum()))
    for batch in hits.batches():
        leaves = np.minimum(batch.route, len(survey.settled) - 1)
        known = np.where(leaves >= 0, survey.settled[leaves], -1) if len(survey.settled) else np.full(len(leaves), -1)
        places = np.where(known >= 0, scope.places[known], -1) if len(scope.places) else known
        rows = (batch.kind == PERSON) & (places >= 0)
        time_ns = batch.time_ns[rows]
        end_ns = time_ns + np.maximum(0, batch.duration_ns[rows])
        for over in stream.add(batch.client[rows], time_ns, end_ns, batch.value[rows], places[rows].astype(np.int32)):
            for tally in tallies:
                tally.add(over)
        done += int(rows.sum())
        doing(f"following visits, {min(99, 100 * done // whole)} %")
    last = stream.finish()
    for tally in tallies:
        tally.add(last)
    timed = survey.timed_share > 0.5
    return Read(
        survey,
        scope,
        Clock(idle_s, survey.grain_s, survey.exact_starts, timed, survey.uneven),
        tallies,
        stream.cut,
        peak_s,
    )


def stretch_of(survey: Survey, span: tuple[int, int], idle_s: float, peak_s: float) -> Stretch:
    """A part of the log with its busiest window."""
    begin, end = span
    idle_ns = round(idle_s * NS)
    long = survey.last_ns - survey.first_ns >= ENDS * idle_ns
    judged = survey.last_ns - (idle_ns if long else round((survey.last_ns - survey.first_ns) / BRIEF))
    if survey.first_ns == survey.last_ns:
        judged = survey.last_ns + 1
    start, stop, rivals = _peak(survey, begin, end, peak_s)
    within = (survey.buckets * survey.bucket_ns >= start) & (survey.buckets * survey.bucket_ns < stop)
    asked = int(survey.counts[within].sum())
    if asked > MOST_AT_PEAK:
        stop = start + round((stop - start) * (MOST_AT_PEAK / asked))
    return Stretch(begin, end, start, stop, rivals, survey.first_ns + idle_ns if long else survey.first_ns, judged)


def _peak(survey: Survey, begin: int, end: int, peak_s: float) -> tuple[int, int, float]:
    """The busiest window that lies in the part, and how many it was chosen from; all of it where it is shorter."""
    length = round(peak_s * NS)
    if end - begin <= length:
        return begin, end, 1.0
    width = survey.bucket_ns
    inside = (survey.buckets * width >= begin) & ((survey.buckets + 1) * width <= end)
    buckets, counts = survey.buckets[inside], survey.counts[inside]
    if not len(buckets):
        return begin, begin + length, 1.0
    sums = np.concatenate([[0], np.cumsum(counts)])
    beyond = np.searchsorted(buckets, buckets + max(1, length // width))
    fits = (buckets * width + length <= end) | (buckets == buckets[0])
    totals = np.where(fits, sums[beyond] - sums[np.arange(len(buckets))], -1)
    start = int(buckets[int(np.argmax(totals))]) * width
    start = max(begin, min(start, end - length))
    rivals = OVERLAP * float((totals >= NEARLY * totals.max()).sum()) * width / length
    return start, start + length, max(1.0, rivals)


def traffic_of(hits: Hits, told: Read, tally: Tally) -> Traffic:
    """The model of one part, without its fidelity."""
    survey, clock = told.survey, told.clock
    return Traffic(
        reading=hits.reading(),
        routes=tally.scope.routes,
        mix=mix_of(tally, survey.figures),
        reads=reads_of(tally),
        visits=visits_of(tally, clock),
        popularity=popularity_of(tally),
        arrivals=arrivals_of(tally, survey.daily, clock.grain_s),
        idle_s=Estimate(clock.idle_s, None, None, "s", "chosen: the pause after which a visit is over"),
        notes=tuple(_notes(told, tally)),
    )


def _notes(told: Read, tally: Tally) -> list[str]:
    survey, scope = told.survey, told.scope
    people = int(survey.kinds[PERSON])
    notes = []
    robots = [
        f"{format_count(int(survey.kinds[kind]))} of {who}"
        for kind, who in ((BOT, "crawlers"), (SCANNER, "scanners"), (MONITOR, "health checks"))
        if survey.kinds[kind]
    ]
    if robots:
        notes.append(f"{' and '.join(robots)} are not part of the workload")
    for count, why in (
        (survey.unrouted, "led to no route"),
        (scope.aside, "were for files (scripts, styles, pictures, fonts), administration or documentation"),
        (scope.left_out, "were for routes beyond the 200 most asked for"),
    ):
        if count:
            notes.append(
                f"{format_count(int(count))} requests of people ({format_share(count / people)}) {why} and are left out"
            )
    notes += _doubts(told, tally)
    return notes


def _doubts(told: Read, tally: Tally) -> list[str]:
    survey, clock, notes = told.survey, told.clock, []
    if not tally.visits:
        notes.append("nobody's requests are in the log, so it tells nothing of visits")
        return notes
    span_s = (survey.last_ns - survey.first_ns) / NS
    if span_s <= 0:
        notes.append("all requests have the same instant, so the log tells no rate, no pause and no order")
    elif span_s < ENDS * clock.idle_s:
        notes.append(
            f"the log spans {format_duration(span_s)}, less than four idle times, so beginnings and ends of visits "
            "at its edges are taken as they are"
        )
    if told.cut:
        notes.append(
            f"{format_count(told.cut)} visits were cut, as too many requests were open at once or in one visit"
        )
    described_s = (tally.stretch.peak_end_ns - tally.stretch.peak_ns) / NS
    if tally.stretch.peak_end_ns < min(tally.stretch.to_ns, tally.stretch.peak_ns + round(told.peak_s * NS)):
        notes.append(
            f"the peak has more requests than are held; its first {format_duration(described_s)} are described"
        )
    if clock.grain_s >= 1 and len(tally.peak()) > tally.stretch.peak_end_ns / NS - tally.stretch.peak_ns / NS:
        notes.append(f"the log's clock has steps of {format_duration(clock.grain_s)}: what is shorter cannot be told")
    if 0 < survey.timed_share < 0.5:
        notes.append(f"only {format_share(survey.timed_share)} of requests tell how long they took")
    longest = _longest(tally, clock)
    if longest is not None:
        notes.append(longest)
    return notes


def _longest(tally: Tally, clock: Clock) -> str | None:
    """How much hangs on the idle time: visits that half of it would have cut."""
    visits, _ = tally.sample()
    if len(visits) < 100:
        return None
    gaps: NDArray[np.int64] = np.diff(visits.time_ns)
    gaps = gaps[visits.of_row[1:] == visits.of_row[:-1]]
    more = int((gaps > clock.idle_s / 2 * NS).sum())
    return f"half the idle time would make {format_share(more / len(visits))} more visits" if more else None
