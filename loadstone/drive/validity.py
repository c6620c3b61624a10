"""Whether to believe a run: a pure function from what was tallied to typed caveats.

Each caveat says what was seen, in numbers, and what to do next. ``void`` makes a judged metric invalid, ``doubt``
undecided, ``note`` is only told. The limits are in ``loadstone.drive.limits``; docs/validity.md is the
same list for people.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

from loadstone.drive.facts import PlanFacts
from loadstone.drive.limits import (
    BEHIND_NOTE,
    ERROR_NOTE,
    FEW_BEYOND,
    LATE_DOMINATES,
    LATE_DOUBT_SHARE,
    LATE_MATTERS,
    LATE_NOTE_SHARE,
    LATE_VOID_SHARE,
    LITTLE_OFF,
    LITTLE_REQUESTS,
    OFFERED_OFF,
    OFFERED_SIGMAS,
    PRESSURE_NOTE,
    SATURATED_INTERVALS,
    SATURATED_SHARE,
    STALLS_DOUBT,
    STEAL_DOUBT,
    STEAL_NOTE,
)
from loadstone.drive.tally import Tally
from loadstone.model.quantity import format_count, format_duration, format_rate, format_share
from loadstone.model.run import Caveat, Level, Status, Validity
from loadstone.stats.little import little

__all__ = ["CODES", "caveats_of", "validity_of"]

CODES = (
    "nothing-measured",
    "target-unreachable",
    "generator-saturated",
    "late-schedule",
    "offered-off",
    "clipped",
    "snapshots-held",
    "debug-build",
    "host-steal",
    "host-pressure",
    "few-requests",
    "dropped",
    "errors-in-latency",
    "falling-behind",
    "littles-law",
    "not-complete",
)


def validity_of(caveats: tuple[Caveat, ...]) -> Validity:
    """One word for the run: invalid with any void, doubtful with any doubt, else valid."""
    levels = {caveat.level for caveat in caveats}
    return "invalid" if "void" in levels else "doubtful" if "doubt" in levels else "valid"


def caveats_of(tally: Tally, status: Status, build: str | None = None) -> tuple[Caveat, ...]:
    """Every caveat of a run, the gravest first. ``build`` is ``debug`` or ``release``, None when unknown."""
    found = [*(caveat for check in _CHECKS for caveat in check(tally, status)), *_debug_build(build)]
    order: dict[Level, int] = {"void": 0, "doubt": 1, "note": 2}
    return tuple(sorted(found, key=lambda caveat: order[caveat.level]))


def _nothing_measured(tally: Tally, status: Status) -> Iterator[Caveat]:
    if tally.overall.requests:
        return
    yield Caveat(
        "nothing-measured",
        "void",
        (),
        f"No request was measured in {format_duration(tally.end_s)}; warm-up does not count.",
        "Let the run go on beyond its warm-up, or raise the rate.",
    )


def _target_unreachable(tally: Tally, status: Status) -> Iterator[Caveat]:
    if tally.all_requests and tally.unreachable == tally.all_requests:
        results = ", ".join(sorted(tally.overall.results)) or "connect"
        yield Caveat(
            "target-unreachable",
            "void",
            (),
            f"None of {format_count(tally.all_requests)} requests reached the service ({results}).",
            "Check the address, and that the service is up: loadstone check runs each journey once.",
        )


def _generator_saturated(tally: Tally, status: Status) -> Iterator[Caveat]:
    if not tally.saturated_intervals:
        return
    share = tally.saturated_intervals / tally.measured_intervals
    seen = (
        f"The generator's busiest thread took over {format_share(SATURATED_SHARE, exact=True)} of a core "
        f"in {format_share(share)} of the measured time"
    )
    facts = tally.facts
    if not facts.open_model and not facts.thinks:
        yield Caveat(
            "generator-saturated",
            "note",
            ("rate", "latency"),
            f"{seen}: the rate may be the generator's own limit.",
            f"Give it more than {_cores(facts.cores)} (--cores), or read the rate as a lower bound.",
        )
    elif share > SATURATED_INTERVALS:
        yield Caveat(
            "generator-saturated",
            "void",
            ("rate", "latency"),
            f"{seen}: latency holds the generator's own queue.",
            f"Give it more than {_cores(facts.cores)} (--cores), a machine of its own, or a lower rate.",
        )
    else:
        yield Caveat(
            "generator-saturated", "note", ("latency",), f"{seen}.", "If it grows, give the generator more cores."
        )


def _lateness(tally: Tally) -> tuple[Level | None, str]:
    """How much the generator's own lateness weighs, and what was seen of it."""
    share = tally.late / tally.started if tally.started else 0.0
    response, service = tally.overall.response, tally.overall.service
    p99, served_p99 = response.quantile(0.99), service.quantile(0.99)
    p90, served_p90 = response.quantile(0.9), service.quantile(0.9)
    if share <= LATE_NOTE_SHARE or p99 is None or served_p99 is None or p90 is None or served_p90 is None:
        return None, ""
    moved = max(1 - served_p90 / p90 if p90 else 0.0, 1 - served_p99 / p99 if p99 else 0.0)
    seen = (
        f"{format_share(share)} of the arrivals started over 1 ms late by the generator's own fault "
        f"(p99 from the intended start {format_duration(p99)}, from the send {format_duration(served_p99)})"
    )
    if share > LATE_VOID_SHARE and moved > LATE_DOMINATES:
        return "void", f"{seen}: response time is mostly lateness."
    if share > LATE_DOUBT_SHARE and moved > LATE_MATTERS:
        return "doubt", f"{seen}: the tail holds lateness."
    return "note", f"{seen}: {'too little to move the tail' if moved <= LATE_MATTERS else 'too few to make the p99'}."


def _late_schedule(tally: Tally, status: Status) -> Iterator[Caveat]:
    level, seen = _lateness(tally)
    if level is not None:
        advice = "Give the generator a core of its own (--cores, another machine), or lower the rate."
        yield Caveat("late-schedule", level, ("latency",), seen, advice)


def _offered_off(tally: Tally, status: Status) -> Iterator[Caveat]:
    facts = tally.facts
    advice = "Give the generator more cores or lower the rate, and run it again."
    unstarted = tally.all_offered - tally.all_started - tally.all_dropped
    if unstarted > OFFERED_OFF * tally.all_offered + 1:
        yield Caveat(
            "offered-off",
            "void",
            (),
            f"{format_count(unstarted)} of {format_count(tally.all_offered)} journeys that were due "
            "were never started.",
            advice,
        )
        return
    scheduled = _scheduled(facts, tally.end_s)
    if status != "complete" or not facts.open_model or not scheduled:
        return
    slack = OFFERED_OFF * scheduled + len(facts.phases)
    if facts.arrivals == "poisson":
        slack += OFFERED_SIGMAS * math.sqrt(scheduled * facts.dispersion)
    if abs(tally.all_offered - scheduled) > slack:
        yield Caveat(
            "offered-off",
            "void",
            (),
            f"{format_count(tally.all_offered)} journeys were offered where {format_count(round(scheduled))} "
            "were scheduled.",
            advice,
        )


def _scheduled(facts: PlanFacts, end_s: float) -> float:
    """Arrivals that the schedule holds up to ``end_s``, on average."""
    return sum(
        (phase.rate_per_s or 0.0) * max(0.0, min(span.end_s, end_s) - span.start_s)
        for phase, span in zip(facts.phases, facts.spans(), strict=True)
    )


def _clipped(tally: Tally, status: Status) -> Iterator[Caveat]:
    if tally.clipped:
        yield Caveat(
            "clipped",
            "doubt",
            ("latency",),
            f"{format_count(tally.clipped)} times exceeded the histogram's top of 73 minutes.",
            "Set a timeout below that.",
        )


def _snapshots_held(tally: Tally, status: Status) -> Iterator[Caveat]:
    if not tally.stalls:
        return
    share = tally.stalls / (tally.intervals + tally.stalls)
    yield Caveat(
        "snapshots-held",
        "doubt" if share > STALLS_DOUBT else "note",
        (),
        f"{format_count(tally.stalls)} snapshots were held back because the program did not ask in time; "
        "their counts are in later intervals.",
        "Nothing is lost, but times are coarse: run it on a less busy machine.",
    )


def _debug_build(build: str | None) -> Iterator[Caveat]:
    if build == "debug":
        yield Caveat(
            "debug-build",
            "doubt",
            ("rate", "latency"),
            "The engine is a debug build, several times slower than a release.",
            "Build it with make build, or install a wheel.",
        )


def _host(tally: Tally, status: Status) -> Iterator[Caveat]:
    if not tally.observed_host_s:
        return
    steal = tally.steal_s / tally.observed_host_s
    pressure = tally.pressure_s / tally.observed_host_s
    if steal > STEAL_NOTE:
        yield Caveat(
            "host-steal",
            "doubt" if steal > STEAL_DOUBT else "note",
            ("rate", "latency"),
            f"The hypervisor took {format_share(steal)} of the machine's CPU time.",
            "Repeat the run at a quieter time, or on a machine that is not shared.",
        )
    if pressure > PRESSURE_NOTE:
        lateness, _ = _lateness(tally)
        kept = lateness in (None, "note")
        yield Caveat(
            "host-pressure",
            "note" if kept else "doubt",
            ("latency",),
            f"Tasks on the generator's machine waited for a CPU {format_share(pressure)} of the time; "
            + ("the generator kept its schedule well enough." if kept else "the generator fell behind its schedule."),
            "If the service is on another machine, find what else runs here; if it is on this one, give it cores.",
        )


def _few_requests(tally: Tally, status: Status) -> Iterator[Caveat]:
    count = tally.overall.requests
    few = [name for share, name in ((0.99, "p99"), (0.999, "p99.9")) if 0 < count * (1 - share) < FEW_BEYOND]
    if not few:
        return
    share = 0.99 if "p99" in few else 0.999
    wanted = round(FEW_BEYOND / (1 - share))
    verb = "rest" if len(few) > 1 else "rests"
    yield Caveat(
        "few-requests",
        "note",
        ("latency",),
        f"{' and '.join(few)} {verb} on fewer than {FEW_BEYOND} of {format_count(count)} requests.",
        f"Measure at least {format_count(wanted)} requests to speak of {few[0]}.",
    )


def _dropped(tally: Tally, status: Status) -> Iterator[Caveat]:
    if tally.all_dropped:
        due = max(tally.all_offered, tally.all_dropped)
        yield Caveat(
            "dropped",
            "note",
            ("rate", "latency"),
            f"{format_count(tally.all_dropped)} of {format_count(due)} journeys were dropped at a limit "
            f"({format_count(tally.facts.connections)} connections); the latencies leave them out.",
            "The service holds more work than the limit: lower the rate, or raise the limit if it is meant.",
        )


def _errors_in_latency(tally: Tally, status: Status) -> Iterator[Caveat]:
    overall = tally.overall
    unreachable = tally.unreachable == tally.all_requests
    if overall.requests and overall.errors / overall.requests > ERROR_NOTE and not unreachable:
        yield Caveat(
            "errors-in-latency",
            "note",
            ("latency",),
            f"{format_share(overall.errors / overall.requests)} of the requests failed; "
            "their times are in the latency.",
            "Read latency together with the errors: failures are often faster, and time-outs slower, than answers.",
        )


def _falling_behind(tally: Tally, status: Status) -> Iterator[Caveat]:
    """Requests in flight that grow as long as the load lasts: the second quarter of the time against the last."""
    quarter = len(tally.levels) // 4
    if not tally.facts.open_model or not quarter or tally.measured_s <= 0:
        return
    before = sum(tally.levels[quarter : 2 * quarter]) / quarter
    after = sum(tally.levels[-quarter:]) / quarter
    sent_between = tally.sent / 2
    if after - before <= BEHIND_NOTE * sent_between + OFFERED_SIGMAS * math.sqrt(sent_between):
        return
    sent, done = tally.sent / tally.measured_s, tally.done / tally.measured_s
    yield Caveat(
        "falling-behind",
        "note",
        ("latency",),
        f"Requests in flight grew from {format_count(before)} to {format_count(after)}: {format_rate(sent)} were sent "
        f"and {format_rate(done)} answered, so latency depends on how long the run is.",
        "Lower the rate until nothing piles up; the highest such rate is the service's capacity.",
    )


def _littles_law(tally: Tally, status: Status) -> Iterator[Caveat]:
    if tally.all_requests < LITTLE_REQUESTS:
        return
    mean_s = tally.response_s / tally.all_requests
    edge_s = tally.last_in_flight_max * mean_s if status != "complete" else 0.0
    law = little(tally.in_flight_s, tally.service_s, tally.response_s, edge_s, tolerance=LITTLE_OFF)
    if not law.holds:
        yield Caveat(
            "littles-law",
            "doubt",
            ("rate", "latency"),
            f"Requests in flight add up to {format_duration(tally.in_flight_s)}, their times to "
            f"{format_duration(law.nearest_s)}: Little's law is off by {format_share(law.off_share)}.",
            "The engine miscounted: please report it with the run's directory.",
        )


def _not_complete(tally: Tally, status: Status) -> Iterator[Caveat]:
    words = {
        "interrupted": "was interrupted",
        "aborted": "was aborted",
        "crashed": "ended without a word (its process is gone)",
    }
    if status in words:
        planned = f" of {format_duration(tally.facts.duration_s)}" if tally.end_s < tally.facts.duration_s else ""
        yield Caveat(
            "not-complete",
            "note",
            (),
            f"The run {words[status]} after {format_duration(tally.end_s)}{planned}.",
            "The numbers hold for what was measured; run it again for the rest.",
        )


def _cores(count: int) -> str:
    return "1 core" if count == 1 else f"{count} cores"


_CHECKS: tuple[Callable[[Tally, Status], Iterator[Caveat]], ...] = (
    _nothing_measured,
    _target_unreachable,
    _generator_saturated,
    _late_schedule,
    _offered_off,
    _clipped,
    _snapshots_held,
    _host,
    _few_requests,
    _dropped,
    _errors_in_latency,
    _falling_behind,
    _littles_law,
    _not_complete,
)
