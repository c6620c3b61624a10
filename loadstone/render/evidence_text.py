"""What the terminal shows of evidence: what was seen, what it cost, which counts agree, what could not be looked at."""

from __future__ import annotations

from collections.abc import Sequence

from loadstone.model.evidence import AuditCheck, Coverage
from loadstone.model.evidence_summary import EvidenceSummary
from loadstone.model.evidence_view import CostRow
from loadstone.model.quantity import format_count, format_duration, format_rate, format_share, format_size
from loadstone.model.use import Figure, Use, UseRow
from loadstone.render.text import LABEL, labelled, plain, plural, table, wrapped

__all__ = ["amount", "evidence_text"]

_NOUNS = {
    "spans": "span",
    "stacks": "stack sample",
    "statements": "statement count",
    "waits": "wait",
    "host": "host value",
}
_WORDS = {"pass": "agrees", "fail": "differs", "could not look": "not seen"}
_COLOURS = {"agrees": "valid", "differs": "doubtful"}


def evidence_text(
    told: EvidenceSummary,
    *,
    color: bool = False,
    width: int = 100,
    next_step: str | None = None,
    brief: bool = False,
) -> str:
    """The evidence of a run in one screen, without a trailing newline. ``brief`` leaves out what is as it should be."""
    parts = [
        _seen(told, width),
        _cost(told.cost),
        "" if brief else _use(told.use),
        _checks(told.audit, color, width, brief=brief),
        _coverage(told.coverage, width, brief=brief),
        "\n".join(_missing(told, width)),
        "\n".join(labelled("note", plain(note), color, width) for note in told.notes),
        _next(told, next_step),
    ]
    return "\n\n".join(part for part in parts if part)


def amount(value: float | None, unit: str) -> str:
    """A figure with its unit: ``12.4 ms``, ``500/s``, ``41``."""
    match unit:
        case _ if value is None:
            return "-"
        case "s":
            return format_duration(value)
        case "/s":
            return format_rate(value)
        case _:
            return format_count(round(value)) if value == round(value) else f"{value:.3g}"


def _seen(told: EvidenceSummary, width: int) -> str:
    counted = [plural(count, _NOUNS.get(name, name)) for name, count in told.rows.items() if count]
    if told.traces:
        services = f" of {plural(len(told.services), 'service')}" if told.services else ""
        counted.insert(1 if told.rows.get("spans") else 0, f"{plural(told.traces, 'trace')}{services}")
    lines = [labelled("evidence", f"{', '.join(counted) or 'nothing'}; run {plain(told.run)}", False, width)]
    costs = (f"{plain(one.name)}: {plain(one.cost or 'cost not measured')}" for one in told.collectors)
    return "\n".join([*lines, *(wrapped(cost, width, LABEL) for cost in costs)])


def _cost(rows: Sequence[CostRow]) -> str:
    """The observer's price: what was measured bare and observed, and the change."""
    if not rows:
        return ""
    head = ("observer's cost", "bare", "observed", "change")
    body = [(row.name, amount(row.bare, row.unit), amount(row.observed, row.unit), _change(row)) for row in rows]
    return "\n".join(table([head, *body], left=(0,)))


def _use(found: Use | None) -> str:
    """Resources of the service, the generator and the machine: how busy, how much waited, what went wrong."""
    if found is None or not found.rows:
        return ""
    head = ("resource", "mean", "most", "of", "saturation, errors")
    body = [_use_row(row) for row in found.rows]
    lines = table([head, *body], left=(0, 4))
    for one in found.growth:
        low, high = (format_size(abs(value) * 3600) for value in (one.low, one.high))
        signs = ["-" if value < 0 else "" for value in (one.low, one.high)]
        if one.low > 0 or one.high < 0:
            way = "grew" if one.low > 0 else "shrank"
            lines.append(f"memory of the {one.scope} {way} by [{signs[0]}{low}, {signs[1]}{high}] an hour")
    return "\n".join(lines)


def _use_row(row: UseRow) -> tuple[str, ...]:
    told = row.utilisation
    beside = [
        f"{_words(figure.metric)} {_figure(figure, figure.most)}"
        for figure in (*row.saturation, *row.errors)
        if figure.most
    ]
    return (
        f"{row.scope} {row.resource}",
        "-" if told is None else _figure(told, told.mean),
        "-" if told is None else _figure(told, told.most),
        "" if row.limit is None else _figure(row.limit, row.limit.most),
        ", ".join(beside) or "none",
    )


def _figure(figure: Figure, value: float) -> str:
    match figure.unit:
        case "share":
            return format_share(value)
        case "bytes":
            return format_size(value)
        case "bytes/s":
            return f"{format_size(value)}/s"
        case unit if unit.startswith("/"):
            return f"{value:.3g}{unit}"
        case "cores" | "s/s" | "CPUs" as unit:
            return f"{value:.3g} {unit}"
        case _:
            return format_count(round(value))


def _words(metric: str) -> str:
    """A metric's name without its unit."""
    for ending in ("_s_per_s", "_bytes_per_s", "_per_s", "_share", "_bytes"):
        metric = metric.removesuffix(ending)
    return metric.replace("_", " ")


def _change(row: CostRow) -> str:
    if row.bare is None or row.observed is None:
        return ""
    difference = row.observed - row.bare
    sign = "+" if difference >= 0 else "-"
    share = f" ({sign}{abs(difference) / row.bare:.0%})" if row.bare else ""
    return f"{sign}{amount(abs(difference), row.unit)}{share}"


def _checks(checks: Sequence[AuditCheck], color: bool, width: int, *, brief: bool) -> str:
    """A line or two a check, the failed ones first; in brief those that agree are only counted."""
    ordered = sorted(checks, key=lambda check: ("fail", "could not look", "pass").index(check.outcome))
    agreed = sum(check.outcome == "pass" for check in checks)
    lines = [_check(check, color, width) for check in ordered if not (brief and check.outcome == "pass")]
    if brief and agreed:
        told = f"{agreed} of {plural(len(checks), 'check')} agree."
        lines.append(labelled("agrees", told, color, width, colour="valid"))
    return "\n".join(lines)


def _check(check: AuditCheck, color: bool, width: int) -> str:
    word = _WORDS[check.outcome]
    line = labelled(word, plain(check.message), color, width, colour=_COLOURS.get(word))
    if not check.takes_away:
        return line
    lost = "; ".join(check.takes_away)
    return f"{line}\n{wrapped(f'takes away: {plain(lost)}', width, LABEL)}"


def _coverage(rows: Sequence[Coverage], width: int, *, brief: bool) -> str:
    """Libraries that are not seen; those that are stand in one line."""
    seen: dict[str, int] = {}
    silent: list[str] = []
    for row in rows:
        name = f"{row.library} {row.version}" if row.version else row.library
        if row.state == "spans":
            seen[name] = seen.get(name, 0) + row.spans
        elif row.state in ("not covered", "not loaded"):
            process = "" if row.process_pid is None else f" in process {row.process_pid}"
            silent.append(f"{name}{process}: {row.state}{'; ' if row.note else ''}{row.note}")
    lines = []
    if seen and not brief:
        told = ", ".join(f"{name} ({format_count(count)})" for name, count in seen.items())
        lines.append(labelled("covered", plain(told), False, width))
    lines += [labelled("not seen", plain(text), False, width) for text in dict.fromkeys(silent)]
    return "\n".join(lines)


def _missing(told: EvidenceSummary, width: int) -> list[str]:
    lines = []
    for one in told.missing:
        lines.append(labelled("missing", f"{plain(one.kind)}: {plain(one.reason)}", False, width))
        if one.advice:
            lines.append(wrapped(plain(one.advice), width, LABEL))
    return lines


def _next(told: EvidenceSummary, next_step: str | None) -> str:
    lines = [f"{'report':<8}{plain(told.report)}"] if told.report else []
    if next_step:
        lines.append(f"{'next':<8}{next_step}")
    return "\n".join(lines)
