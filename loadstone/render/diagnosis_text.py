"""What the terminal shows of a diagnosis: the answer, each cause with its proof and gain, what was not looked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from loadstone.model.finding import Bounded, CouldNotLook, Diagnosis, Finding, Locus, StepPath, TailRow
from loadstone.model.quantity import LONGEST_S, format_duration, format_share
from loadstone.render.text import labelled, plain, plural, table, wrapped

__all__ = [
    "change",
    "diagnosis_text",
    "few",
    "gain",
    "looked",
    "percent",
    "place",
    "seconds",
    "share",
    "speaking_for",
    "statement",
    "tied",
    "unseen",
    "weight",
]

INDENT = 3
LABEL = INDENT + 12
PATH_ROWS = 6
TAIL_ROWS = 3
FACTS = 6
_COLOURS = {"critical": "fail", "warning": "undecided", "info": ""}


def diagnosis_text(diagnosis: Diagnosis, *, color: bool = False, width: int = 100, next_step: str | None = None) -> str:
    """The diagnosis in one screen, without a trailing newline. ``next_step`` is the command to go on with.

    Texts come from the service and are stripped of what a terminal obeys. Where nothing was found above "info", the
    screen tells where the time goes instead.
    """
    causes = [one for one in diagnosis.findings if one.severity != "info"]
    parts = [
        wrapped(plain(diagnosis.sentence), width, 0),
        *("\n".join(_finding(one, diagnosis.findings, color, width)) for one in causes),
        "\n".join(_small(one, width) for one in diagnosis.findings if one.severity == "info"),
        *([] if causes else ["\n".join(_time(path, width)) for path in diagnosis.paths[:1]]),
        *([] if causes else ["\n".join(_tail(row, width) for row in diagnosis.tail[:TAIL_ROWS])]),
        "\n".join(labelled("note", plain(caveat), color, width) for caveat in diagnosis.caveats),
        "\n".join([wrapped(plain(looked(diagnosis)), width, 0), *([f"next    {next_step}"] if next_step else [])]),
    ]
    return "\n\n".join(part for part in parts if part)


def _finding(one: Finding, among: Sequence[Finding], color: bool, width: int) -> Iterator[str]:
    rank = str(max(one.rank, 0))
    title = wrapped(plain(one.title), width, INDENT)
    yield _painted(rank, one, color) + title[len(rank) :]
    yield from _located(one.locus, width)
    yield _line("without it", gain(one), width)
    yield _line("costs", f"{weight(one)}; {one.severity}, confidence {100 * one.confidence:.0f} %", width)
    against = [fact.what for fact in one.evidence.against]
    for word, facts in (("for", speaking_for(one)), ("against", against)):
        for at, fact in enumerate(few(facts, FACTS) or ["nothing"]):
            yield _line(word if at == 0 else "", fact, width)
    yield _line("cure", one.cure, width)
    others = tied(one, among)
    if others:
        yield _line("tied", f"with {others}: the intervals of their gains overlap", width)
    guilty = next((marked.trace_id for marked in one.exemplars if not marked.clean), None)
    if guilty is not None:
        yield _line("trace", guilty, width)


def _painted(rank: str, one: Finding, color: bool) -> str:
    word = _COLOURS.get(one.severity)
    return labelled(rank, "", color and bool(word), 80, colour=word).rstrip() if word else rank


def _located(locus: Locus, width: int) -> Iterator[str]:
    """The statement or span, and where it is called: in one line where both fit."""
    what, where = plain(statement(locus)), plain(place(locus))
    room = max(20, width - INDENT)
    if what and where and len(where) + 24 <= room:
        shown = _cut(what, room - len(where) - 2)
        yield f"{' ' * INDENT}{shown}{where.rjust(room - len(shown))}"
        return
    for text in (what, where):
        if text:
            yield " " * INDENT + _cut(text, room)


def _small(one: Finding, width: int) -> str:
    """What is not worth a change today, in a line or two."""
    rank = str(max(one.rank, 0))
    return rank + wrapped(plain(f"info: {one.title}; cure: {one.cure}"), width, INDENT)[len(rank) :]


def _time(path: StepPath, width: int) -> Iterator[str]:
    """Where a step's time goes, the largest parts first."""
    label = plain(path.step if path.journey is None else f"{path.journey}.{path.step}")
    p99 = "" if path.p99_s is None else f", p99 {seconds(path.p99_s)}"
    yield f"{label} takes {seconds(path.p50_s)} at the median{p99}; of that"
    known = any(row.p99_excess_s is not None for row in path.rows)
    head = ("at the median", "p99's excess", "times", "") if known else ("at the median", "times", "")
    rows: list[tuple[str, ...]] = []
    for row in path.rows[:PATH_ROWS]:
        excess = "-" if row.p99_excess_s is None else seconds(row.p99_excess_s.value)
        what = _cut(plain(" ".join(row.operation.split())), max(20, width - 44))
        cells = (seconds(row.p50_s.value), excess, f"{row.count:.3g}", what)
        rows.append(cells if known else (cells[0], *cells[2:]))
    yield from table([head, *rows], left=(len(head) - 1,))


def _tail(row: TailRow, width: int) -> str:
    told = (
        f"{row.attribute} = {row.value}: {share(row.slow_share)} of the slow requests of {row.step}, "
        f"{share(row.normal_share)} of the others"
    )
    return labelled("tail", plain(told), False, width)


def _line(word: str, text: str, width: int) -> str:
    return " " * INDENT + word.ljust(LABEL - INDENT) + wrapped(plain(text), width, LABEL)[LABEL:]


def gain(one: Finding) -> str:
    """What a complete fix would gain: ``p99 812 -> 190 ms [160, 240]; 521 ms by less work, 101 ms by less waiting``."""
    told = one.predicted
    if told is None:
        return "not predicted"
    after = told.after(told.at)
    before = told.before_s.get(told.at)
    if told.refused is not None or after is None or before is None:
        least = (
            f"{told.at} at least {seconds(told.service.low)} less"
            if told.service is not None and told.service.low > 0
            else "no number"
        )
        return f"{least}; not predicted: {told.refused or 'too few requests to tell'}"
    parts = [
        f"{seconds(part.value)} by {why}"
        for part, why in ((told.service, "less work"), (told.queue, "less waiting"))
        if part is not None
    ]
    return f"{told.at} {change(before, after)}" + (f"; {', '.join(parts)}" if parts else "")


def change(before_s: float, after_s: Bounded) -> str:
    """``812 -> 190 ms [160, 240]``, every number in one unit where the unit is the same for all."""
    texts = [seconds(value) for value in (before_s, after_s.value, after_s.low, after_s.high)]
    units = {text.rpartition(" ")[2] for text in texts if text != "0 s"}
    if len(units) == 1:
        before, after, low, high = (text.rpartition(" ")[0] for text in texts)
        return f"{before} -> {after} {units.pop()} [{low}, {high}]"
    return f"{texts[0]} -> {texts[1]} [{texts[2]}, {texts[3]}]"


def few(facts: Sequence[str], most: int) -> list[str]:
    """The first facts, and how many more there are."""
    left = len(facts) - most
    return list(facts) if left <= 1 else [*facts[:most], f"and {left} more"]


def speaking_for(one: Finding) -> list[str]:
    """What speaks for a finding: its share of the step's time first, then its facts."""
    told = [
        f"{share(part.value)} of {whole} [{percent(part.low)}, {percent(part.high)}]"
        for part, whole in (
            (one.share.p99, "the p99's excess over the median"),
            (one.share.p50 if one.share.p99 is None else None, "the median request's time"),
        )
        if part is not None
    ]
    return [*told, *(fact.what for fact in one.evidence.for_)]


def weight(one: Finding) -> str:
    """``857 ms of each second of load, 3.00 % of requests``."""
    return f"{seconds(one.lost_s_per_s)} a second of load, {share(one.requests_share)} of requests"


def tied(one: Finding, among: Sequence[Finding]) -> str:
    """Ranks of the findings with the same tie: ``2 and 3``."""
    if one.tie is None:
        return ""
    ranks = [str(other.rank) for other in among if other is not one and other.tie == one.tie]
    return " and ".join([", ".join(ranks[:-1]), ranks[-1]] if len(ranks) > 1 else ranks)


def looked(diagnosis: Diagnosis) -> str:
    """What was looked for and what was not: never "clean" where nobody could look."""
    count = len(diagnosis.looked_for)
    causes = any(one.severity != "info" for one in diagnosis.findings)
    small = any(one.severity == "info" for one in diagnosis.findings)
    rest = 'nothing else above "info"' if causes else 'nothing above "info"' if small else "found nothing"
    told = f"looked for {plural(count, 'fault')}, {rest}" if count else "looked for nothing"
    if not diagnosis.could_not_look:
        return told
    return f"{told}; could not look for {len(diagnosis.could_not_look)}: {unseen(diagnosis.could_not_look)}"


def unseen(missed: Sequence[CouldNotLook]) -> str:
    """``gc-pause, gil-wait (no runtime evidence), lock-wait (no database access)``."""
    groups: dict[str, list[str]] = {}
    for one in missed:
        groups.setdefault(one.missing, []).append(one.fault)
    return ", ".join(f"{', '.join(codes)} ({missing})" for missing, codes in groups.items())


def statement(locus: Locus) -> str:
    """The statement, or else the span, in one line."""
    return " ".join((locus.statement or locus.span or "").split())


def place(locus: Locus) -> str:
    """``shop/views.py:88 in reviews_of``."""
    inside = f"in {locus.function}" if locus.function else ""
    if locus.file is None:
        return inside
    where = locus.file if locus.line is None else f"{locus.file}:{locus.line}"
    return f"{where} {inside}".rstrip()


def seconds(value: float) -> str:
    """A duration, whatever the number."""
    return format_duration(value) if abs(value) <= LONGEST_S else f"{value:.3g} s"


def share(value: float) -> str:
    """A share, whatever the number: ``3.00 %``."""
    return format_share(value) if 0 <= value <= LONGEST_S else f"{100 * value:.3g} %"


def percent(value: float) -> str:
    """A share's number alone."""
    return share(value).removesuffix(" %")


def _cut(text: str, room: int) -> str:
    return text if len(text) <= room else f"{text[: max(1, room - 1)]}…"
