from __future__ import annotations

import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadstone.model.quantity import (
    format_count,
    format_duration,
    format_rate,
    format_share,
    format_size,
    parse_duration,
    parse_rate,
    parse_share,
    parse_size,
)

DURATIONS = {
    "300ms": 0.3, "2m": 120.0, "2 min": 120.0, "1m30s": 90.0, "1h": 3600.0, "1 h 13 min": 4380.0, "90us": 9e-5,
    "0.5s": 0.5, "0s": 0.0, "1s500ms": 1.5,
}  # fmt: skip


@pytest.mark.parametrize(("text", "seconds"), DURATIONS.items())
def test_durations_are_read(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    ("text", "guess"),
    [
        ("300", "300s"),
        ("2 minutes", "2m"),
        ("300msecs", "300ms"),
        ("5µs", "5us"),
        (" 3s", "3s"),
        ("1_000 ms", "1000ms"),
    ],
)
def test_a_duration_in_other_words_is_guessed(text: str, guess: str) -> None:
    with pytest.raises(ValueError, match=f'did you mean "{guess}"'):
        parse_duration(text)


@pytest.mark.parametrize(
    "text", ["", "s", "ms", "1s1m", "-1s", "1e3s", "∞", "1.s", "1x", "\n", "1s\n", "9" * 400 + "h"]
)
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="a duration is"):
        parse_duration(text)


def test_rates_are_read_per_second() -> None:
    assert parse_rate("40/s") == 40.0
    assert parse_rate("600/min") == 10.0
    assert parse_rate("1/h") == 1 / 3600
    assert parse_rate("0.5 / s") == 0.5


@pytest.mark.parametrize(
    ("text", "guess"),
    [
        ("40 per second", "40/s"), ("40", "40/s"), ("40rps", "40/s"), ("40 req/s", "40/s"), ("40/sec", "40/s"),
        ("600 requests per minute", "600/min"), ("1,000/s", "1000/s"),
    ],
)  # fmt: skip
def test_a_rate_in_other_words_is_guessed(text: str, guess: str) -> None:
    with pytest.raises(ValueError, match=f'a rate is written as a number, "/" and s, min or h; did you mean "{guess}"'):
        parse_rate(text)


def test_sizes_and_shares() -> None:
    assert parse_size("64KiB") == 65536
    assert parse_size("1.5 MB") == 1_500_000
    assert parse_share("0.1%") == 0.001
    assert parse_share("100 %") == 1.0
    with pytest.raises(ValueError, match='did you mean "64KiB"'):
        parse_size("64k")
    with pytest.raises(ValueError, match='did you mean "1%"'):
        parse_share("0.01")
    with pytest.raises(ValueError, match="0 to 100"):
        parse_share("101%")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0124, "12.4 ms"), (38e-6, "38.0 us"), (0.00310, "3.10 ms"), (0.0009996, "1.00 ms"), (0.99949, "999 ms"),
        (0.9996, "1.00 s"), (1.005, "1.00 s"), (30.0, "30.0 s"), (59.94, "59.9 s"), (59.96, "1 min"),
        (252.0, "4 min 12 s"),
        (3599.6, "1 h"), (4380.0, "1 h 13 min"), (0.0, "0 s"), (-0.002, "-2.00 ms"), (1e-9, "0.00100 us"),
    ],
)  # fmt: skip
def test_durations_have_three_digits(seconds: float, text: str) -> None:
    assert format_duration(seconds) == text


def test_what_was_set_is_printed_as_it_was() -> None:
    assert format_duration(30.0, exact=True) == "30 s"
    assert format_duration(0.3, exact=True) == "300 ms"
    assert format_duration(120.0, exact=True) == "2 min"
    assert format_rate(500.0, exact=True) == "500/s"
    assert format_rate(40 / 60, exact=True) == "40/min"
    assert format_share(0.001, exact=True) == "0.1 %"
    assert format_size(64 * 2**20, exact=True) == "64 MiB"


@pytest.mark.parametrize(
    ("per_s", "text"),
    [(499.8, "500/s"), (12345.0, "12,300/s"), (0.5, "0.500/s"), (999.6, "1,000/s"), (0.0, "0/s"), (40, "40.0/s")],
)
def test_rates_have_three_digits(per_s: float, text: str) -> None:
    assert format_rate(per_s) == text


def test_counts_are_whole() -> None:
    assert format_count(14994) == "14,994"
    assert format_count(41.0) == "41.0"


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 B"), (512, "512 B"), (1000, "0.977 KiB"), (2_048_000, "1.95 MiB"), (5 * 10**12, "4,660 GiB")],
)
def test_sizes_have_three_digits(size: int, text: str) -> None:
    assert format_size(size) == text


@pytest.mark.parametrize(
    ("share", "text"),
    [(0.001, "0.100 %"), (0.71, "71.0 %"), (1.0, "100 %"), (0.0, "0 %"), (0.9999, "99.99 %"), (0.99999, "99.999 %")],
)
def test_shares_have_three_digits_and_never_round_up_to_all(share: float, text: str) -> None:
    assert format_share(share) == text


@given(st.floats(1e-9, 59.0))
def test_a_printed_duration_is_within_half_a_digit(seconds: float) -> None:
    shown = format_duration(seconds)
    number, unit = shown.split()
    factor = {"us": 1e-6, "ms": 1e-3, "s": 1.0}[unit]
    assert abs(float(number) * factor - seconds) <= 0.00501 * seconds
    assert len(number.replace(".", "").lstrip("0")) == 3
    assert float(number) < 1000


@given(st.floats(1e-9, 0.9999999999))
def test_a_share_below_one_never_reads_as_all(share: float) -> None:
    assert not format_share(share).startswith("100")


@given(st.integers(0, 10**15))
def test_an_exact_duration_is_read_back(microseconds: int) -> None:
    seconds = float(Decimal(microseconds) / 10**6)
    if seconds <= 10**9:
        assert parse_duration(format_duration(seconds, exact=True)) == pytest.approx(seconds, rel=1e-15, abs=0)


@given(st.decimals(0, 10**6, places=3), st.sampled_from(["s", "min", "h"]))
def test_an_exact_rate_is_read_back(number: Decimal, unit: str) -> None:
    per_s = parse_rate(f"{number}/{unit}")
    assert parse_rate(format_rate(per_s, exact=True)) == pytest.approx(per_s, rel=1e-12)


@given(st.text(max_size=20))
def test_any_text_is_a_quantity_or_a_sentence(text: str) -> None:
    for parse in (parse_duration, parse_rate, parse_size, parse_share):
        try:
            value = parse(text)
        except ValueError as error:
            assert re.match("a (duration|rate|size|share) is", str(error))
        else:
            assert value >= 0


@given(st.integers(0, 2**53))
def test_an_exact_size_is_read_back(size: int) -> None:
    assert parse_size(format_size(size, exact=True)) == size
