"""What the terminal shows of a probe: what the runs say, the slopes behind it, and what they cannot carry."""

from __future__ import annotations

from collections.abc import Iterator

from loadstone.model.probe import ProbeReport, ProbeSlope
from loadstone.model.quantity import format_count, format_duration
from loadstone.render.text import labelled, plain, plural, table, wrapped

__all__ = ["probe_text"]


def probe_text(told: ProbeReport, *, color: bool = False, width: int = 100) -> str:
    """A probe in one screen, without a trailing newline."""
    values = ", ".join(f"{level:g}" for level in sorted({run.value for run in told.runs}))
    unit = f" {told.unit}" if told.unit else ""
    parts = [
        wrapped(f"{plain(told.factor)} {values}{unit}: {plural(len(told.runs), 'run')}", width, 0),
        "\n".join(_said(told, width)),
        "\n".join(_slopes(told.slopes)),
        "\n".join(labelled("note", plain(caveat), color, width) for caveat in told.caveats),
        f"{'next':<8}loadstone run --evidence",
    ]
    return "\n\n".join(part for part in parts if part)


def _said(told: ProbeReport, width: int) -> Iterator[str]:
    for said in told.said:
        step = ".".join(part for part in (said.journey, said.step) if part)
        yield wrapped(f"{plain(step)}: {plain(said.sentence)}", width, 0)
        for word, faults in (("speaks for", said.for_), ("against", said.against)):
            if faults:
                yield wrapped(f"{word} {', '.join(faults)}", width, 4)
    if not told.said:
        yield wrapped("Nothing changes with it beyond what runs of one level differ by.", width, 0)


def _slopes(slopes: tuple[ProbeSlope, ...]) -> list[str]:
    if not slopes:
        return []
    rows = [["what", "at each level", "for one more", "90 %"]]
    for slope in slopes:
        step = ".".join(part for part in (slope.journey, slope.step) if part)
        at = " ".join(f"{level:g}: {_amount(value, slope.unit)}" for level, value in slope.at)
        low, high = (_amount(value, slope.unit) for value in (slope.slope.low, slope.slope.high))
        one_more = _amount(slope.slope.value, slope.unit)
        rows.append([f"{plain(step)}  {plain(slope.what)}", at, one_more, f"[{low}, {high}]"])
    return table(rows, left=(0, 1))


def _amount(value: float, unit: str) -> str:
    if unit.split(" ")[0] == "s":
        return format_duration(value) if value >= 0 else f"-{format_duration(-value)}"
    return format_count(round(value)) if value == round(value) else f"{value:.3g}"
