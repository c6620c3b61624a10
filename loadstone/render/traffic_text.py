"""What the terminal shows of a log's traffic: the answer, how alike a workload is, what was read, the numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from loadstone.model.assumption import Assumption
from loadstone.model.estimate import Estimate
from loadstone.model.fidelity import Fidelity
from loadstone.model.log_reading import LogReading
from loadstone.model.quantity import format_count, format_duration, format_share
from loadstone.model.traffic import RouteLoad, Traffic, VisitClass
from loadstone.render.effect_text import level
from loadstone.render.text import labelled, plain, plural, table, wrapped

__all__ = ["bracketed", "traffic_answer", "traffic_text"]

MOST_ROUTES, MOST_WAYS, MOST_SAMPLES, MOST_ASSUMED = 15, 3, 3, 20
"""Rows of a table: the whole is in the JSON, and the text says how many more there are."""

MEASURES = {
    "mix": "mix of routes",
    "gaps": "gaps between requests",
    "think": "think times",
    "dispersion": "bursts",
    "popularity": "popularity's slope",
    "length": "requests a visit",
}
UNITS = {"per_s": "/s", "": "", "s": "s", "share": "share"}


def traffic_text(
    traffic: Traffic,
    assumptions: Sequence[Assumption] = (),
    *,
    color: bool = False,
    width: int = 100,
    kept: str | None = None,
    next_step: str | None = None,
) -> str:
    """One screen after the other, without a trailing newline."""
    parts = [
        wrapped(plain(traffic_answer(traffic)), width, 0),
        _belief(traffic, color, width),
        "\n".join(_read(traffic.reading, traffic.notes, width)),
        "\n".join(_mix(traffic.mix, width)),
        "\n".join(_visits(traffic.visits, width)),
        "\n".join(_paces(traffic.visits, width)),
        "\n".join(_popularity(traffic, width)),
        "\n".join(_arrivals(traffic, width)),
        "\n".join(_fidelity(traffic.fidelity, width)) if traffic.fidelity else "",
        "\n".join(_assumed(assumptions, width)),
        "\n".join(f"{word:<8}{text}" for word, text in (("kept", kept and plain(kept)), ("next", next_step)) if text),
    ]
    return "\n\n".join(part for part in parts if part)


def traffic_answer(traffic: Traffic) -> str:
    """The peak in one sentence; or that the log tells no rate."""
    arrivals = traffic.arrivals
    if not traffic.visits:
        return "There is no traffic of people in this log, so there is no workload to make of it."
    reads = f"{format_share(traffic.reads.value)} of them change nothing"
    if arrivals.peak_s <= 0 or arrivals.visits_per_s.value <= 0:
        count = sum(load.requests for load in traffic.mix)
        return f"{plural(count, 'request')} of people, {reads}; how many in a second the log does not tell."
    return (
        f"At the peak, {_instant(arrivals.peak_start_ns)} for {format_duration(arrivals.peak_s)}, "
        f"{bracketed(arrivals.visits_per_s)} visits began and {bracketed(arrivals.requests_per_s)} requests were sent; "
        f"{reads}."
    )


def bracketed(told: Estimate) -> str:
    """``2.16/s [2.02, 2.30]``, the unit once; without a range ``30 min``."""
    unit = UNITS.get(told.unit, told.unit)
    middle = level(told.value, unit)
    if told.low is None and told.high is None:
        return middle
    low, high = (None if each is None else level(each, unit) for each in (told.low, told.high))
    if low is None or high is None:
        return f"{middle} [{low or '-'}, {high or '-'}]"
    for tail in ("/s", " %", " ms", " s", " us"):
        if middle.endswith(tail) and low.endswith(tail) and high.endswith(tail):
            low, high = low.removesuffix(tail), high.removesuffix(tail)
            break
    return f"{middle} [{low}, {high}]"


def _belief(traffic: Traffic, color: bool, width: int) -> str:
    told = traffic.fidelity
    if told is None:
        return (
            labelled("doubt", "how alike a workload of it is was not measured", color, width) if traffic.visits else ""
        )
    return labelled("doubt" if told.worse else "valid", plain(told.sentence), color, width)


def _read(reading: LogReading, notes: Sequence[str], width: int) -> Iterator[str]:
    formats = ", ".join(dict.fromkeys(file.format for file in reading.files))
    text = f"{plural(reading.hits, 'request')} in {plural(len(reading.files), 'file')}"
    yield labelled("read", plain(text + (f", {formats}" if formats else "")), False, width)
    if reading.malformed:
        share = reading.malformed / max(1, reading.lines)
        yield labelled(
            "not read", f"{plural(reading.malformed, 'line')} ({format_share(share)}); the first of them:", False, width
        )
        for sample in reading.samples[:MOST_SAMPLES]:
            yield wrapped(plain(f"{sample.file}:{sample.line}: {sample.reason}: {sample.text[:120]}"), width, 11)
    if reading.backwards:
        yield labelled("order", f"{plural(reading.backwards, 'line')} earlier than the one above", False, width)
    for note in (*reading.notes, *notes):
        yield labelled("note", plain(note), False, width)


def _mix(mix: Sequence[RouteLoad], width: int) -> Iterator[str]:
    if not mix:
        return
    timed = any(load.duration_p50_s is not None for load in mix)
    shown = [load for at, load in enumerate(mix) if at < MOST_ROUTES or load.kept is not None][: 2 * MOST_ROUTES]
    head = ("share of requests", "", "errors", *(("p50", "p99") if timed else ()), "route", "")
    rows = [head]
    for load in shown:
        times = tuple(
            "-" if each is None else format_duration(each) for each in (load.duration_p50_s, load.duration_p99_s)
        )
        value, _, ends = bracketed(load.share).partition(" [")
        kept = {"slow": "rare, kept: slow", "writes": "rare, kept: writes"}.get(load.kept or "", "")
        rows.append(
            (
                value,
                f"[{ends}" if ends else "",
                format_count(load.errors),
                *(times if timed else ()),
                plain(load.route),
                kept,
            )
        )
    left = (1, len(head) - 2, len(head) - 1)
    yield from _fitting(rows, left, width, drop=(*range(2, len(head) - 2), 1))
    if len(shown) < len(mix):
        yield f"and {plural(len(mix) - len(shown), 'route')} more"


def _visits(visits: Sequence[VisitClass], width: int) -> Iterator[str]:
    if not visits:
        return
    rows = [
        ("visits to", "share of visits", "requests a visit", "mostly"),
        *((plain(one.name), bracketed(one.share), bracketed(one.length), plain(_way(one))) for one in visits),
    ]
    yield from _fitting(rows, (0, 1, 2, 3), width, drop=(3,))


def _way(one: VisitClass) -> str:
    """The likeliest way through: the likeliest beginning, and what mostly follows each."""
    ways: dict[str | None, tuple[str | None, float]] = {}
    for step in one.transitions:
        if step.before not in ways or step.probability.value > ways[step.before][1]:
            ways[step.before] = (step.after, step.probability.value)
    told: list[str] = []
    at: str | None = ways.get(None, (None, 0.0))[0]
    while at is not None and at not in told and len(told) < MOST_WAYS:
        told.append(at)
        at = ways.get(at, (None, 0.0))[0]
    return ", then ".join(told)


def _paces(visits: Sequence[VisitClass], width: int) -> Iterator[str]:
    rows = [("think time, median", "sigma", "after", "in visits to")]
    own = [(one, pace) for one in visits for pace in one.paces if "pooled" not in pace.median_s.source]
    own.sort(key=lambda each: -each[1].median_s.count)
    for one, pace in own[:MOST_ROUTES]:
        rows.append((bracketed(pace.median_s), bracketed(pace.sigma), plain(pace.route), plain(one.name)))
    if len(rows) > 1:
        yield from _fitting(rows, (0, 1, 2, 3), width, drop=(1, 3))
        pooled = sum(len(one.paces) for one in visits) - len(own)
        more = max(0, len(own) - MOST_ROUTES)
        words = [f"{more} more"] if more else []
        words += [f"{pooled} with too few pauses of their own, pooled"] if pooled else []
        if words:
            yield f"and {', '.join(words)}"
        yield wrapped(f"lognormal, {own[0][1].median_s.source}", width, 0)


def _popularity(traffic: Traffic, width: int) -> Iterator[str]:
    rows = [("popularity: exponent", "shift", "items", "of")]
    for one in traffic.popularity[:MOST_ROUTES]:
        items = format_count(one.items)
        rows.append((bracketed(one.exponent), bracketed(one.shift), items, plain(f"{one.field} of {one.route}")))
    if len(rows) > 1:
        yield from _fitting(rows, (0, 1, 3), width, drop=(2, 1))


def _arrivals(traffic: Traffic, width: int) -> Iterator[str]:
    arrivals = traffic.arrivals
    if arrivals.dispersion:
        each = ", ".join(
            f"{bracketed(one.index)} in {format_duration(one.window_s, exact=True)}" for one in arrivals.dispersion
        )
        yield labelled("bursts", f"index of dispersion of beginning visits {each}; Poisson is 1", False, width)
    if arrivals.daily:
        busiest = max(range(24), key=lambda hour: arrivals.daily[hour])
        quietest = min(range(24), key=lambda hour: arrivals.daily[hour])
        yield labelled(
            "day",
            f"{format_share(arrivals.daily[busiest])} of requests from {busiest:02d} h (UTC), "
            f"{format_share(arrivals.daily[quietest])} from {quietest:02d} h",
            False,
            width,
        )


def _fidelity(told: Fidelity, width: int) -> Iterator[str]:
    yield wrapped(
        plain(
            f"How alike? Made of {plural(told.fitted_requests, 'request')}, held against "
            f"{format_count(told.held_out_requests)} of {told.held_out}; 0 is the same."
        ),
        width,
        0,
    )
    rows: list[tuple[str, ...]] = [("distance in", "workload", "naive", "replay", "it is")]
    for row in told.rows:
        name = MEASURES[row.measure]
        if row.window_s is not None:
            name += f", {format_duration(row.window_s, exact=True)}"
        rows.append((name, *(_distance(each) for each in (row.workload, row.naive, row.replay)), row.verdict))
    if max(map(len, table(rows, left=(0,)))) > width:
        rows = [tuple(cell.partition(" [")[0] for cell in row) for row in rows]
    yield from _fitting(rows, (0, 1, 2, 3, 4), width, drop=(3,))
    yield wrapped(
        "naive: Poisson arrivals of single requests by the mix, every item alike; replay: what it was made of, word "
        "for word; of bursts and popularity the logarithm of the ratio, of the mix total variation, else "
        "Kolmogorov's distance",
        width,
        0,
    )


def _distance(told: Estimate | None) -> str:
    if told is None:
        return "-"
    if told.low is None or told.high is None:
        return f"{told.value:.3f}"
    return f"{told.value:.3f} [{told.low:.3f}, {told.high:.3f}]"


def _assumed(assumptions: Sequence[Assumption], width: int) -> Iterator[str]:
    shown = assumptions[:MOST_ASSUMED]
    if not shown:
        return
    rows = [("assumed", "range")]
    for one in shown:
        ends = "-" if one.low is None and one.high is None else f"[{_said(one.low)}, {_said(one.high)}]"
        rows.append((_said(one.value), ends))
    lines = table(rows, left=(1,))
    indent = max(map(len, lines)) + 2
    yield lines[0].ljust(indent) + "what, and by which source"
    for line, one in zip(lines[1:], shown, strict=True):
        text = wrapped(plain(f"{one.name}: {one.source or 'nobody said'}"), width, indent)
        yield line.ljust(indent) + text[indent:]
    if len(assumptions) > len(shown):
        yield f"and {len(assumptions) - len(shown)} more: every number of --json has its range and source"
    review = next((one.review for one in assumptions if one.review), None)
    if review:
        yield f"look again by {review}"


def _said(value: str | float | None) -> str:
    return "-" if value is None else value if isinstance(value, str) else f"{value:,.12g}"


def _instant(time_ns: int) -> str:
    try:
        return datetime.fromtimestamp(time_ns // 10**9, UTC).strftime("%Y-%m-%d %H:%M UTC")
    except (OverflowError, ValueError, OSError):
        return f"{time_ns / 1e9:.0f} s after 1970"


def _fitting(rows: Sequence[Sequence[str]], left: Sequence[int], width: int, *, drop: Sequence[int]) -> Iterator[str]:
    """The table, without one column after the other where it is too wide; what is too long still ends in an ellipsis,
    and the whole is in the JSON."""
    kept = list(range(len(rows[0])))
    lines = table(rows, left=left)
    for column in drop:
        if max(map(len, lines)) <= width:
            break
        kept.remove(column)
        places = [at for at, each in enumerate(kept) if each in left]
        lines = table([[row[at] for at in kept] for row in rows], left=places)
    for line in lines:
        yield line if len(line) <= width else line[: width - 1] + "…"
