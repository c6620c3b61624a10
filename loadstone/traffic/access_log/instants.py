"""How instants and durations are written, told by looking at them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

__all__ = ["duration_of", "epoch_s", "time_style"]

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

_CLF = re.compile(r"(\d{1,2})/([A-Z][a-z]{2})/(\d{4}):(\d\d):(\d\d):(\d\d)(\.\d+)?(?: ([+-])(\d\d):?(\d\d))?$")

_ISO = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d+))?)? ?(?:(Z|z|UTC)|([+-])(\d\d):?(\d\d)?)?$"
)

_UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}

_GO = re.compile(r"(\d+(?:\.\d*)?)(ns|us|µs|μs|ms|s|m|h)")

_PER_UNIT = {"unix_s": 1.0, "unix_ms": 1e-3, "unix_us": 1e-6, "unix_ns": 1e-9}


def time_style(value: object) -> str | None:
    """How a value tells an instant, or None where it is none. Numbers by their size: seconds until the year 5138."""
    text = str(value).strip().removeprefix("[").removesuffix("]")
    if isinstance(value, bool):
        return None
    if re.fullmatch(r"\d{9,}(\.\d+)?", text):
        number = float(text)
        return "unix_s" if number < 1e11 else "unix_ms" if number < 1e14 else "unix_us" if number < 1e17 else "unix_ns"
    match = _CLF.match(text)
    if match:
        return "clf" if match.group(8) else "haproxy"
    return "iso" if _ISO.match(text) else None


def epoch_s(text: str, style: str) -> float | None:
    """Seconds since 1970, or None where the text is no such instant."""
    text = text.strip().removeprefix("[").removesuffix("]")
    if style in _PER_UNIT:
        return float(text) * _PER_UNIT[style] if re.fullmatch(r"\d+(\.\d+)?", text) else None
    try:
        return _iso(text) if style == "iso" else _clf(text)
    except ValueError:
        return None


def _clf(text: str) -> float | None:
    match = _CLF.match(text)
    if match is None or match.group(2) not in _MONTHS:
        return None
    day, month, year, hour, minute, second, fraction, sign, hours, minutes = match.groups()
    instant = datetime(
        int(year), _MONTHS.index(month) + 1, int(day), int(hour), int(minute), min(int(second), 59), tzinfo=UTC
    )
    away = timedelta(hours=int(hours or 0), minutes=int(minutes or 0))
    return (instant - (away if sign != "-" else -away)).timestamp() + float(fraction or 0)


def _iso(text: str) -> float | None:
    match = _ISO.match(text)
    if match is None:
        return None
    year, month, day, hour, minute, second, fraction, _, sign, hours, minutes = match.groups()
    instant = datetime(int(year), int(month), int(day), int(hour), int(minute), min(int(second or 0), 59), tzinfo=UTC)
    away = timedelta(hours=int(hours or 0), minutes=int(minutes or 0))
    return (instant - (away if sign != "-" else -away)).timestamp() + float(f"0.{fraction or 0}")


def duration_of(text: str, style: str) -> float | None:
    """Seconds, or None where the text is no such duration (``-``, or a number below 0)."""
    if style == "nginx":
        pieces = [piece for piece in re.split(r"[,: ]+", text) if re.fullmatch(r"\d+(\.\d+)?", piece)]
        return sum(map(float, pieces)) if pieces else None
    if style == "go":
        pieces = _GO.findall(text)
        whole = "".join(number + unit for number, unit in pieces)
        return sum(float(number) * _UNITS[unit] for number, unit in pieces) if pieces and whole == text else None
    if not re.fullmatch(r"\d+(\.\d+)?(e-?\d+)?", text):
        return None
    return float(text) * _UNITS.get(style, 1.0)
