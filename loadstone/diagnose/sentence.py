"""The answer in one sentence, and how far the evidence carries it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from loadstone.diagnose.digest import Digest
from loadstone.diagnose.locus import cut_short
from loadstone.diagnose.subject import Judged, Subject
from loadstone.model.finding import CouldNotLook, Finding
from loadstone.model.quantity import format_count, format_duration

__all__ = ["caveats_of", "missed_objective", "sentence_of"]

FEW = 100
"""Requests of a step below which its p99 is an accident."""


def sentence_of(
    subject: Subject,
    digest: Digest,
    findings: Sequence[Finding],
    looked: Sequence[str],
    missed: Sequence[CouldNotLook],
) -> str:
    """What a reader who stops here should know."""
    failed = next((one for one in subject.objectives if one.outcome == "fail"), None)
    lead = "" if failed is None else f"{missed_objective(failed)}"
    causes = [one for one in findings if one.severity != "info"]
    if causes:
        first = causes[0]
        told = f"{_brief(first)}{_placed(first)}"
        ties = [one for one in causes[1:] if first.tie is not None and one.tie == first.tie]
        if ties:
            told += f"; {_brief(ties[0])} may weigh as much"
        return f"{lead}: {told}." if lead else f"{_capital(told)}{_gain(first)}."
    if not digest.spans:
        nothing = "there are no traces to look into"
    else:
        nothing = f"none of {len(looked)} faults looked for explains a tenth of it or more"
        if missed:
            nothing += f", and {len(missed)} could not be looked for"
    if lead:
        return f"{lead}; {nothing}."
    if not digest.spans:
        return f"{_capital(nothing)}."
    rest = f"; {len(missed)} could not be looked for" if missed else ""
    return (
        f"Nothing here: none of {len(looked)} faults looked for in {format_count(len(digest.requests))} requests{rest}."
    )


def missed_objective(judged: Judged) -> str:
    """``browse.detail misses its objective: p99 812 ms, should be under 300 ms``."""
    where = ".".join(part for part in (judged.journey, judged.step) if part) or "the service"
    level = f"p{judged.share * 100:g}"
    if judged.value_s is None:
        return f'{where} misses its objective "{judged.name}"'
    return (
        f"{where} misses its objective ({level} {format_duration(judged.value_s)},"
        f" should be under {format_duration(judged.limit_s)})"
    )


def _brief(finding: Finding) -> str:
    """The title without its statement, where the place tells as well what it is."""
    locus = finding.locus
    if locus.file is None or locus.statement is None:
        return finding.title
    return finding.title.replace(f": {cut_short(locus.statement)}", "", 1)


def _placed(finding: Finding) -> str:
    locus = finding.locus
    if locus.file is None or locus.file in finding.title:
        return ""
    return f", {locus.file}:{locus.line}" if locus.line else f", {locus.file}"


def _gain(finding: Finding) -> str:
    told = finding.predicted
    if told is None:
        return ""
    after = told.after(told.at)
    before = told.before_s.get(told.at)
    if told.refused is None and after is not None and before is not None:
        return f"; without it {told.at} goes from {format_duration(before)} to {format_duration(after.value)}"
    if told.service is not None and told.service.low > 0:
        return f"; without it {told.at} falls by at least {format_duration(told.service.low)}"
    return ""


def caveats_of(subject: Subject, digest: Digest) -> tuple[str, ...]:
    """Sentences on what limits the diagnosis."""
    return tuple(_caveats(subject, digest))


def _caveats(subject: Subject, digest: Digest) -> Iterator[str]:
    defects = digest.defects
    if digest.every > 1:
        yield f"One trace in {digest.every} was read, drawn by its id."
    if defects.cycles:
        yield f"{_spans(defects.cycles)} had themselves above them; the cycle was cut at its earliest span."
    if defects.orphans:
        yield f"{_spans(defects.orphans)} name a parent that is not there; they were hung under their trace's root."
    if defects.skewed:
        yield f"{_spans(defects.skewed)} begin before what called them: the hosts' clocks differ."
    if defects.reversed:
        yield f"{_spans(defects.reversed)} end before they begin or tell no time; they count as taking none."
    if defects.duplicates:
        yield f"{_spans(defects.duplicates)} came twice and count once."
    for place, step in enumerate(digest.steps):
        count = len(digest.requests_of(place))
        if step.own and 0 < count < FEW:
            yield f"{step.label} has {count} traced requests; its p99 is an accident."
    if subject.takes_away:
        yield f"The evidence does not carry: {', '.join(subject.takes_away)}."


def _spans(count: int) -> str:
    return f"{format_count(count)} span{'' if count == 1 else 's'}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
