"""What the terminal shows of a calibration: how far apart identical sides come out, and what that lets one see."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from loadstone.model.calibration import Calibration, Noise
from loadstone.model.quantity import format_count, format_share
from loadstone.render.diagnosis_text import seconds
from loadstone.render.effect_text import level
from loadstone.render.text import labelled, plain, plural, table, wrapped

__all__ = ["alarms", "calibration_text", "calibrations_text"]

PAIRS = (6, 10, 20)
MARGINS = ("1.05", "1.10", "1.20")
_RATIO = "ratio"
FEW = 40
"""Comparisons below which a rate of alarms says little: with none in 40 the upper end is still above 8 %."""


def calibration_text(
    calibration: Calibration, *, color: bool = False, width: int = 100, next_step: str | None = None
) -> str:
    """The calibration in one screen, without a trailing newline."""
    lines = _table(calibration.noise, width)
    undecided = calibration.rate_low <= _nominal(calibration) <= calibration.rate_high
    word = "valid" if undecided or calibration.rate_high < _nominal(calibration) else "doubt"
    parts = [
        wrapped(f"{alarms(calibration)}.", width, 0),
        labelled(word, plain(_meaning(calibration)), color, width),
        wrapped(plain(_held(calibration)), width, 0),
        "\n".join(lines),
        wrapped(_read(), width, 0) if lines else "",
        f"{'next':<8}{next_step}" if next_step else "",
    ]
    return "\n\n".join(part for part in parts if part)


def calibrations_text(calibrations: Sequence[Calibration], *, color: bool = False, width: int = 100) -> str:
    """Those that are stored, one below the other."""
    return "\n\n\n".join(calibration_text(one, color=color, width=width) for one in calibrations)


def alarms(calibration: Calibration) -> str:
    """``7 of 130 comparisons of identical sides were told to differ: 5.38 % [2.19, 10.8] at a nominal 5 %``."""
    told, of = calibration.alarms, calibration.comparisons
    if not of:
        return "Too few pairs to compare identical sides even once"
    ends = (format_share(end).removesuffix(" %") for end in (calibration.rate_low, calibration.rate_high))
    return (
        f"{format_count(told)} of {plural(of, 'comparison')} of identical sides "
        f"{'was' if told == 1 else 'were'} told to differ: {format_share(told / of)} [{', '.join(ends)}] "
        f"at a nominal {format_share(_nominal(calibration), exact=True)}"
    )


def _meaning(calibration: Calibration) -> str:
    nominal = _nominal(calibration)
    if calibration.comparisons and calibration.rate_low > nominal:
        return (
            "more alarms than there should be: sides that are the same differ here by more than pairs even out; "
            "look for what changes between two runs before you believe a verdict"
        )
    few = calibration.comparisons < FEW
    return "no more alarms than there should be" + ("; so few comparisons bound the rate loosely" if few else "")


def _held(calibration: Calibration) -> str:
    key = calibration.key
    machine = f"{key.machine.class_} with {plural(key.machine.cores, 'core')}"
    return (
        f"{plural(calibration.pairs, 'pair')} of {key.service} at {key.load}, each run {seconds(key.measured_s)}, "
        f"on {machine}; it holds for these alone"
    )


def _table(noise: Sequence[Noise], width: int) -> list[str]:
    """A row a metric; without intervals where they make it too wide, a line a value where it is too wide still."""
    if not noise:
        return []
    heads = (
        "metric",
        "spread of a pair",
        *(f"{'floor: ' if at == 0 else ''}{count}" for at, count in enumerate(PAIRS)),
        *(f"{'pairs: ' if at == 0 else ''}{_margin(margin)}" for at, margin in enumerate(MARGINS)),
    )
    for bounded in (True, False):
        lines = table([heads, *(_row(one, bounded) for one in noise)], left=(0,))
        if max(map(len, lines)) <= width:
            return lines
        heads = ("metric", "spread", *heads[2:])
    return list(_narrow(noise, width))


def _row(one: Noise, bounded: bool) -> tuple[str, ...]:
    return (
        plain(_label(one)),
        _spread(one) if bounded else _spread(one).partition(" [")[0],
        *(_floor(one, count) for count in PAIRS),
        *(_needed(one, margin) for margin in MARGINS),
    )


def _narrow(noise: Sequence[Noise], width: int) -> Iterator[str]:
    for one in noise:
        floors = ", ".join(f"{_floor(one, count)} at {count}" for count in PAIRS if count in one.floor)
        needed = ", ".join(
            f"{_needed(one, margin)} for {_margin(margin)}" for margin in MARGINS if margin in one.pairs_for
        )
        yield plain(_label(one))
        for word, text in (("  spread", _spread(one)), ("  floor", floors), ("  pairs", needed)):
            if text:
                yield labelled(word, text, False, width)


def _label(one: Noise) -> str:
    return one.name if one.step is None else f"{one.name} of {one.journey}.{one.step}"


def _spread(one: Noise) -> str:
    """The standard deviation of a pair, with its interval: in per cent of a ratio, else in its unit."""
    unit = "share" if one.unit == _RATIO else one.unit
    middle, low, high = (level(each, unit) for each in (one.sd, one.sd_low, one.sd_high))
    if middle.endswith(" %"):
        low, high = low.removesuffix(" %"), high.removesuffix(" %")
    return f"{middle} [{low}, {high}]"


def _floor(one: Noise, pairs: int) -> str:
    found = one.floor.get(pairs)
    if found is None:
        return "-"
    return f"{100 * (found - 1):.3g} %" if one.unit == _RATIO else f"+{level(found, one.unit)}"


def _needed(one: Noise, margin: str) -> str:
    if margin not in one.pairs_for:
        return "-"
    found = one.pairs_for[margin]
    return "too many" if found is None else format_count(found)


def _margin(text: str) -> str:
    return f"{100 * (float(text) - 1):.3g} %"


def _nominal(calibration: Calibration) -> float:
    """The rate that alarms should have: ``level`` is a confidence or its complement."""
    return round(min(calibration.level, 1 - calibration.level), 9)


def _read() -> str:
    return (
        "A floor is the smallest margin that an identical side clears four times in five with so many pairs; "
        "below it nothing is proved, only left undecided. Pairs for 5 % are those that bring the floor there. "
        "A comparison is one metric over six pairs in a row; metrics of the same pairs go together."
    )
