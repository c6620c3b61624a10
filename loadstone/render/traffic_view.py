"""A model of traffic as its page shows it, in the words of the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from loadstone.model.assumption import Assumption
from loadstone.model.quantity import format_count, format_duration, format_share
from loadstone.model.traffic import Traffic, VisitClass
from loadstone.model.traffic_view import TrafficColumn, TrafficSection, TrafficTable, TrafficView
from loadstone.render.text import plural
from loadstone.render.traffic_text import MEASURES, bracketed, traffic_answer

__all__ = ["traffic_view"]

UNMEASURED = "How alike a workload of it is was not measured: the log is too short to hold a part of it out."
NEXT = "Every number stands in traffic.json. Next, a spec of it: loadstone init URL --log FILE"
KEPT = {"slow": "rare, kept: slow", "writes": "rare, kept: writes"}


def traffic_view(name: str, traffic: Traffic, assumptions: Sequence[Assumption] = ()) -> TrafficView:
    """``name`` is its id in the archive."""
    told = traffic.fidelity
    return TrafficView(
        format=1,
        kind="traffic",
        id=name,
        headline=traffic_answer(traffic),
        belief="doubtful" if told is None or told.worse else "valid",
        sentence=UNMEASURED if told is None else told.sentence,
        alike=() if told is None else told.rows,
        sections=(
            *_alike(traffic),
            *_mix(traffic),
            *_visits(traffic.visits),
            *_evenness(traffic),
            *_assumed(assumptions),
            _reading(traffic),
        ),
    )


def _table(caption: str, columns: Sequence[str], rows: Sequence[tuple[str, ...]], first: int = 20) -> TrafficTable:
    """``columns`` are heads; one that begins with # holds numbers, with ` names."""
    holds = {"#": "number", "`": "code"}
    made = (
        TrafficColumn(head.lstrip("#`"), holds.get(head[:1], "text"))  # type: ignore[arg-type]
        for head in columns
    )
    return TrafficTable(caption, tuple(made), tuple(rows), first)


def _alike(traffic: Traffic) -> Iterator[TrafficSection]:
    told = traffic.fidelity
    if told is None:
        return
    rows = []
    for row in told.rows:
        window = "" if row.window_s is None else f", {format_duration(row.window_s, exact=True)}"
        distances = (
            "-" if one is None else _between(f"{one.value:.3f}", one.low, one.high)
            for one in (row.workload, row.naive, row.replay)
        )
        rows.append((MEASURES[row.measure] + window, *distances, row.verdict))
    yield TrafficSection(
        "alike",
        "How alike is a workload of it?",
        (
            f"It was made of {plural(told.fitted_requests, 'request')} and held against "
            f"{format_count(told.held_out_requests)} of {told.held_out}. 0 is the same: total variation of the mix, "
            "the logarithm of the ratio of bursts and of popularity, else Kolmogorov's distance. Naive is single "
            "requests, Poisson, every item alike; replay is what it was made of, word for word.",
        ),
        (_table("Distances", ("distance in", "#workload", "#naive", "#replay", "it is"), rows),),
    )


def _between(middle: str, low: float | None, high: float | None) -> str:
    return middle if low is None or high is None else f"{middle} [{low:.3f}, {high:.3f}]"


def _mix(traffic: Traffic) -> Iterator[TrafficSection]:
    if not traffic.mix:
        return
    timed = any(load.duration_p50_s is not None for load in traffic.mix)
    rows = []
    for load in traffic.mix:
        times = tuple(
            "-" if each is None else format_duration(each) for each in (load.duration_p50_s, load.duration_p99_s)
        )
        counts = (bracketed(load.share), format_count(load.requests), format_count(load.errors))
        rows.append((load.route, *counts, *(times if timed else ()), KEPT.get(load.kept or "", "")))
    heads = ("`route", "#share", "#requests", "#errors", *(("#p50", "#p99") if timed else ()), "")
    yield TrafficSection(
        "mix",
        "Who asks for what?",
        (f"{format_share(traffic.reads.value)} of the requests of people change nothing.",),
        (_table("Requests of people, by route", heads, rows),),
    )


def _visits(visits: Sequence[VisitClass]) -> Iterator[TrafficSection]:
    if not visits:
        return
    ways = []
    for one in visits:
        paces = {pace.route: bracketed(pace.median_s) for pace in one.paces}
        for step in sorted(one.transitions, key=lambda step: (step.before or "", -step.probability.value)):
            before, after = step.before or "the beginning", step.after or "the end"
            ways.append((one.name, before, paces.get(step.before or "", ""), after, bracketed(step.probability)))
    yield TrafficSection(
        "visits",
        "In which order?",
        (),
        (
            _table(
                "Visits",
                ("visits to", "#share of visits", "#requests a visit"),
                [(one.name, bracketed(one.share), bracketed(one.length)) for one in visits],
            ),
            _table(
                "What follows what",
                ("visits to", "`after", "#median think time", "`comes", "#probability"),
                ways,
                16,
            ),
        ),
    )


def _evenness(traffic: Traffic) -> Iterator[TrafficSection]:
    arrivals = traffic.arrivals
    tables = []
    if traffic.popularity:
        rows = [
            (f"{one.field} of {one.route}", bracketed(one.exponent), bracketed(one.shift), format_count(one.items))
            for one in traffic.popularity
        ]
        caption = "Popularity: an item of rank r is asked for as often as (r + shift) to the power of -exponent"
        tables.append(_table(caption, ("`field", "#exponent", "#shift", "#items"), rows, 12))
    if arrivals.dispersion:
        indexes = [(format_duration(one.window_s, exact=True), bracketed(one.index)) for one in arrivals.dispersion]
        caption = "Bursts: variance over mean of the visits that begin in a window; Poisson is 1"
        tables.append(_table(caption, ("window", "#index of dispersion"), indexes))
    busiest = max(arrivals.daily, default=0.0)
    sentences: tuple[str, ...] = ()
    if busiest > 0:
        hour = arrivals.daily.index(busiest)
        sentences = (f"The busiest hour of the day begins at {hour}:00 UTC, with {format_share(busiest)} of requests.",)
    if tables or sentences:
        yield TrafficSection("evenness", "How evenly?", sentences, tuple(tables), arrivals.daily if busiest > 0 else ())


def _assumed(assumptions: Sequence[Assumption]) -> Iterator[TrafficSection]:
    if not assumptions:
        return
    rows = [
        (one.name, _said(one.value), _said(one.low), _said(one.high), one.source or "nobody said", one.review or "")
        for one in assumptions
    ]
    heads = ("what", "#value", "#low", "#high", "source", "look again")
    table = _table("Assumptions, each with its range and its source", heads, rows)
    yield TrafficSection("assumptions", "What does it assume?", (), (table,))


def _said(value: str | float | None) -> str:
    return "-" if value is None else value if isinstance(value, str) else f"{value:,.12g}"


def _reading(traffic: Traffic) -> TrafficSection:
    reading = traffic.reading
    aside = ((reading.bots, "bots"), (reading.scanners, "scanners"), (reading.monitors, "monitors"))
    left_out = [f"{format_count(count)} of {name}" for count, name in aside if count]
    sentences = [
        f"{plural(reading.hits, 'request')} were read in {plural(reading.lines, 'line')} of "
        f"{plural(len(reading.files), 'file')}"
        + (f"; left out are {', '.join(left_out)}." if left_out else "; none was a bot's.")
    ]
    sentences.append(
        f"{plural(reading.malformed, 'line')} could not be read." if reading.malformed else "Every line could be read."
    )
    if reading.backwards:
        sentences.append(f"{plural(reading.backwards, 'line')} lie before the one above them in time.")
    files = [
        (file.path, file.format, format_count(file.lines), _instant(file.first_ns), _instant(file.last_ns))
        for file in reading.files
    ]
    tables = [_table("Files", ("`file", "format", "#lines", "#from", "#to"), files)]
    if reading.samples:
        broken = [(f"{one.file}:{one.line}", one.reason, one.text) for one in reading.samples]
        tables.append(_table("The first lines that could not be read", ("`line", "why", "`text"), broken, 5))
    sentences += [*reading.notes, *traffic.notes, NEXT]
    return TrafficSection("reading", "What was read, and what not?", tuple(sentences), tuple(tables))


def _instant(time_ns: int) -> str:
    if time_ns <= 0:
        return "-"
    try:
        return datetime.fromtimestamp(time_ns // 10**9, UTC).strftime("%Y-%m-%d %H:%M UTC")
    except (OverflowError, ValueError, OSError):
        return "-"
