"""Quantities as people write and read them: durations, rates, sizes, shares.

``parse_*`` read what a spec or an argument says and raise ValueError with a sentence that ends with the way out.
``format_*`` print for people with three significant digits, the unit beside the number; with ``exact`` they print
what was set, without rounding and without trailing zeros, and the parser reads it back.
"""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal

__all__ = [
    "DURATION_PATTERN",
    "RATE_PATTERN",
    "SHARE_PATTERN",
    "SIZE_PATTERN",
    "format_count",
    "format_duration",
    "format_rate",
    "format_share",
    "format_size",
    "parse_duration",
    "parse_rate",
    "parse_share",
    "parse_size",
]

_NUMBER = r"[0-9]+(?:\.[0-9]+)?"

# The patterns are shared with the JSON Schema, so they stay within ECMA 262.
DURATION_PATTERN = (
    rf"^(?=[0-9])(?:({_NUMBER}) ?h)? ?(?:({_NUMBER}) ?m(?:in)?(?![a-z]))? ?(?:({_NUMBER}) ?s)?"
    rf" ?(?:({_NUMBER}) ?ms)? ?(?:({_NUMBER}) ?us)?$"
)
RATE_PATTERN = rf"^({_NUMBER}) ?/ ?(s|min|h)$"
SIZE_PATTERN = rf"^({_NUMBER}) ?(B|kB|MB|GB|KiB|MiB|GiB)$"
SHARE_PATTERN = rf"^({_NUMBER}) ?%$"

_DURATION_UNITS = (Decimal(3600), Decimal(60), Decimal(1), Decimal("1e-3"), Decimal("1e-6"))
_RATE_UNITS = {"s": Decimal(1), "min": Decimal(60), "h": Decimal(3600)}
_SIZE_UNITS = {"B": 1, "kB": 1000, "MB": 1000**2, "GB": 1000**3, "KiB": 1024, "MiB": 1024**2, "GiB": 1024**3}

LONGEST_S = 10**9  # about 31 years: a nanosecond count of it fits in 63 bits
FASTEST_PER_S = 10**9  # one arrival a nanosecond, the engine's resolution
LARGEST_BYTES = 2**53  # above it a JSON number is no longer exact

_DURATION_SAYS = "a duration is written as a number and h, m, s, ms or us"
_RATE_SAYS = 'a rate is written as a number, "/" and s, min or h'
_SIZE_SAYS = "a size is written as a number and B, kB, MB, GB, KiB, MiB or GiB"
_SHARE_SAYS = 'a share is written as a number from 0 to 100 and "%"'


def parse_duration(text: str) -> float:
    """Seconds of ``300ms``, ``2m``, ``1m30s``: hours, minutes, seconds, ms, us, largest first."""
    found = re.fullmatch(DURATION_PATTERN, text)
    if found is None:
        raise ValueError(_way_out(_DURATION_SAYS, _guess_duration(text)))
    total = sum((Decimal(n) * unit for n, unit in zip(found.groups(), _DURATION_UNITS, strict=True) if n), Decimal(0))
    if total > LONGEST_S:
        raise ValueError("a duration is at most 31 years")
    return float(total)


def parse_rate(text: str) -> float:
    """Per second, of ``40/s``, ``600/min``, ``10/h``."""
    found = re.fullmatch(RATE_PATTERN, text)
    if found is None:
        raise ValueError(_way_out(_RATE_SAYS, _guess_rate(text)))
    rate = Decimal(found[1]) / _RATE_UNITS[found[2]]
    if rate > FASTEST_PER_S:
        raise ValueError("a rate is at most 1,000,000,000/s")
    return float(rate)


def parse_size(text: str) -> int:
    """Bytes of ``512B``, ``64KiB``, ``1.5MB``; a fraction of a byte is rounded."""
    found = re.fullmatch(SIZE_PATTERN, text)
    if found is None:
        raise ValueError(_way_out(_SIZE_SAYS, _guess_size(text)))
    size = Decimal(found[1]) * _SIZE_UNITS[found[2]]
    if size > LARGEST_BYTES:
        raise ValueError("a size is at most 9,007,199,254,740,992 B")
    return int(size.to_integral_value(ROUND_HALF_UP))


def parse_share(text: str) -> float:
    """0 to 1, of ``0.1%``."""
    found = re.fullmatch(SHARE_PATTERN, text)
    if found is None or Decimal(found[1]) > 100:
        raise ValueError(_way_out(_SHARE_SAYS, _guess_share(text)))
    return float(Decimal(found[1]) / 100)


def format_duration(seconds: float, *, exact: bool = False) -> str:
    """``38.0 us``, ``12.4 ms``, ``3.10 s``, ``4 min 12 s``; exact: ``300 ms``, ``2 min``."""
    value = abs(Decimal(repr(float(seconds)))) if exact else abs(Decimal(seconds))
    sign = "-" if seconds < 0 else ""
    if value == 0:
        return "0 s"
    if (value if exact else _digits(value)) >= 60:
        return sign + _long_duration(value, exact)
    for scale, unit in ((10**6, "us"), (10**3, "ms")):
        scaled = value * scale if exact else _digits(value * scale)
        if scaled < 1000:
            return f"{sign}{_plain(scaled) if exact else _text(scaled)} {unit}"
    return f"{sign}{_plain(value) if exact else _text(_digits(value))} s"


def format_rate(per_s: float, *, exact: bool = False) -> str:
    """``499/s``, ``12,300/s``; exact: ``500/s``, ``40/min`` where a second gives no short number."""
    if not exact:
        return f"{_text(_digits(Decimal(per_s)))}/s"
    for unit, divisor in _RATE_UNITS.items():
        scaled = _plain(Decimal(repr(per_s * int(divisor))))
        if len(scaled.replace(".", "").strip("0")) <= 6:
            return f"{scaled}/{unit}"
    return f"{_plain(Decimal(repr(float(per_s))))}/s"


def format_count(count: float) -> str:
    """A whole number in full with thousands apart (``14,994``); another with three digits (``3.10``)."""
    return f"{count:,}" if isinstance(count, int) else _text(_digits(Decimal(count)))


def format_size(size_bytes: float, *, exact: bool = False) -> str:
    """``512 B``, ``1.95 MiB``; exact: the largest unit that divides it, ``64 MiB``."""
    units = ("B", "KiB", "MiB", "GiB")
    if exact:
        whole = int(size_bytes)
        power = 0
        while power < 3 and whole and whole % 1024 == 0:
            whole, power = whole // 1024, power + 1
        return f"{whole} {units[power]}"
    value = Decimal(size_bytes)
    if abs(value) < 1000 and value == int(value):
        return f"{int(value)} B"
    for unit in units[:-1]:
        if abs(_digits(value)) < 1000:
            return f"{_text(_digits(value))} {unit}"
        value /= 1024
    return f"{_text(_digits(value))} GiB"


def format_share(share: float, *, exact: bool = False) -> str:
    """``0.100 %``, ``99.0 %``; a share below one never reads 100 %, so 0.9999 is ``99.99 %``. Exact: ``0.1 %``."""
    if exact:
        return f"{_plain(Decimal(repr(float(share))) * 100)} %"
    value = Decimal(share) * 100
    shown = _digits(value)
    if value < 100 <= shown:
        missing = 100 - Decimal(repr(float(share))) * 100
        last = Decimal(1).scaleb(missing.adjusted())
        shown = 100 - missing.quantize(last, ROUND_HALF_UP)
    return f"{_text(shown)} %"


def _digits(value: Decimal) -> Decimal:
    """Rounded to three significant digits, a tie away from zero, as JavaScript's toPrecision does."""
    if value == 0:
        return Decimal(0)
    exponent = value.adjusted() - 2
    rounded = value.quantize(Decimal(1).scaleb(exponent), ROUND_HALF_UP)
    return rounded.quantize(Decimal(1).scaleb(exponent + 1)) if rounded.adjusted() > value.adjusted() else rounded


def _text(value: Decimal) -> str:
    return "0" if value == 0 else f"{int(value):,}" if value == int(value) and abs(value) >= 100 else f"{value:,f}"


def _plain(value: Decimal) -> str:
    """Every digit that counts, none that does not."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _long_duration(value: Decimal, exact: bool) -> str:
    """From a minute on: two units, the smaller rounded; exact: all that are not zero."""
    if not exact:
        value = value.quantize(Decimal(1) if value < Decimal("3599.5") else Decimal(60), ROUND_HALF_UP)
        if value >= 3600:
            value = (value / 60).quantize(Decimal(1), ROUND_HALF_UP) * 60
    hours, rest = divmod(value, 3600)
    minutes, seconds = divmod(rest, 60)
    parts = [(hours, "h"), (minutes, "min"), (seconds, "s")]
    return " ".join(f"{_plain(n)} {unit}" for n, unit in parts if n)


def _way_out(says: str, guess: str | None) -> str:
    return f'{says}; did you mean "{guess}"?' if guess else says


_DURATION_WORDS = {
    "": "s", "us": "us", "µs": "us", "μs": "us", "usec": "us", "microsecond": "us", "microseconds": "us",
    "ms": "ms", "msec": "ms", "msecs": "ms", "milli": "ms", "millis": "ms", "millisecond": "ms", "milliseconds": "ms",
    "s": "s", "sec": "s", "secs": "s", "second": "s", "seconds": "s",
    "m": "m", "min": "m", "mins": "m", "minute": "m", "minutes": "m",
    "h": "h", "hr": "h", "hrs": "h", "hour": "h", "hours": "h",
}  # fmt: skip
_RATE_WORDS = {
    "": "s", "rps": "s", "qps": "s", "tps": "s", "hz": "s", "s": "s", "sec": "s", "second": "s", "seconds": "s",
    "rpm": "min", "m": "min", "min": "min", "minute": "min", "minutes": "min", "h": "h", "hr": "h", "hour": "h",
}  # fmt: skip


def _guess(text: str, words: dict[str, str], form: str) -> str | None:
    found = re.fullmatch(rf"\s*({_NUMBER})\s*(.*?)\s*", text.replace("_", "").replace(",", ""), re.DOTALL)
    unit = words.get(found[2].lower()) if found else None
    return form.format(found[1], unit) if found and unit else None


def _guess_duration(text: str) -> str | None:
    return _guess(text, _DURATION_WORDS, "{}{}")


def _guess_rate(text: str) -> str | None:
    stripped = re.sub(r"(?i)\b(requests?|reqs?|journeys?|arrivals?)\b|\b(per|an?|each|every)\b|[/ ]", " ", text)
    return _guess(re.sub(r"\s+", " ", stripped), _RATE_WORDS, "{}/{}")


def _guess_size(text: str) -> str | None:
    words = {unit.lower(): unit for unit in _SIZE_UNITS}
    return _guess(text, words | {"": "B", "bytes": "B", "k": "KiB", "m": "MiB", "g": "GiB"}, "{}{}")


def _guess_share(text: str) -> str | None:
    found = re.fullmatch(rf"\s*({_NUMBER})\s*(%|percent|per cent|)\s*", text)
    if found is None:
        return None
    value = Decimal(found[1]) if found[2] or Decimal(found[1]) > 1 else Decimal(found[1]) * 100
    return f"{_plain(value)}%" if value <= 100 else None
