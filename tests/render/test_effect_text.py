"""Numbers of a metric: no rounding hides a verdict, a unit is said once, a drawing keeps to its scale."""

from __future__ import annotations

import re
from math import inf

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from loadstone.model.comparison import ShiftPoint, StepShift
from loadstone.model.finding import Bounded
from loadstone.render.effect_text import bounded_ratio, difference, effect, foretold, level, margin_text, ratio, signed
from loadstone.render.shift_text import quantile, shift_text
from tests.render.comparison_specimens import ERRORS, FOR_THE_REASON, P50, P99, PREDICTED, STATEMENTS, THROUGHPUT

POSITIVE = st.floats(0.001, 1000)


def test_two_decimals_where_they_tell_all() -> None:
    assert ratio(0.25, 0.21, 0.29) == "0.25 [0.21, 0.29]"
    assert ratio(0.9962, 0.995, 0.9969) == "0.996 [0.995, 0.997]"
    assert ratio(1.0, 0.96, 1.0497, 1.05) == "1.0000 [0.9600, 1.0497]"
    assert ratio(0.0531, 0.041, 0.06) == "0.053 [0.041, 0.060]"
    assert ratio(12.345, 11, 140) == "12.3 [11.0, 140]"
    assert ratio(0.5, None, None) == "0.50, no interval"
    assert ratio(0.5, None, 0.7) == "0.50 [-, 0.70]"
    assert ratio(None, None, None) == "-"
    assert bounded_ratio(Bounded(0.1868, 0.1624, 0.2436), 0.812) == "0.23 [0.20, 0.30]"


@given(POSITIVE, st.floats(0.9, 1.2), st.floats(0.9, 1.2))
def test_rounding_never_hides_a_verdict(value: float, low: float, high: float) -> None:
    low, high = min(low, high), max(low, high)
    shown = [float(each.replace(",", "")) for each in re.findall(r"[\d.,]+\d", ratio(value, low, high))]
    for told, real in zip(shown[-2:], (low, high), strict=True):
        for limit in (1.0, 1.05):
            if abs(real - limit) > 0.00006:
                assert (told > limit) == (real > limit)
                assert (told < limit) == (real < limit)


def test_levels_have_their_unit() -> None:
    assert [
        level(0.812, "s"),
        level(499.2, "/s"),
        level(0.001, "share"),
        level(2048, "bytes"),
        level(3.17, "count"),
    ] == [
        "812 ms",
        "499/s",
        "0.100 %",
        "2.00 KiB",
        "3.17",
    ]
    assert level(None, "s") == "-"
    assert level(-0.002, "share") == "-0.200 %"
    assert level(2.0**60, "s").endswith(" s")
    assert (signed(0.001, "s"), signed(0.0, "count"), signed(-1.17, "count")) == ("+1.00 ms", "0", "-1.17")


def test_a_difference_says_its_unit_once() -> None:
    assert difference(ERRORS) == "+0.0200 [-0.0100, +0.0500] %"
    assert difference(STATEMENTS) == "-1.17 [-1.30, -1.05]"
    assert difference(replace(ERRORS, low=None, high=None)) == "+0.0200 %, no interval"
    assert difference(replace(ERRORS, low=None)) == "+0.0200 [-, +0.0500] %"
    assert difference(replace(ERRORS, a=None)) == "-"
    mixed = replace(ERRORS, unit="s", a=0.0, b=0.001, low=0.0001, high=1.5)
    assert difference(mixed) == "+1.00 ms [+100 us, +1.50 s]"


def test_counts_decide_alone_or_show_why_they_do_not() -> None:
    assert effect(STATEMENTS) == "by count"
    assert effect(replace(STATEMENTS, b=3.17, low=0.0, high=0.0)) == "by count"
    assert effect(replace(STATEMENTS, b=3.2, low=-0.1, high=0.16)) == "by count, +0.0300 [-0.100, +0.160]"
    assert effect(THROUGHPUT).endswith(" A/B")
    assert effect(replace(ERRORS, ratio=None)) == difference(ERRORS)


def test_margins_are_in_their_own_unit() -> None:
    assert (margin_text(P99), margin_text(ERRORS), margin_text(STATEMENTS)) == ("5 %", "+0.100 %", "+0")


def test_the_prediction_stands_beside_its_own_metric() -> None:
    assert foretold(FOR_THE_REASON, P99) == "0.23 [0.20, 0.30]"
    assert foretold(FOR_THE_REASON, P50) is None
    assert foretold(FOR_THE_REASON, replace(P99, journey="browse", step="list")) is None
    assert foretold(replace(FOR_THE_REASON, predicted=None), P99) is None
    assert foretold(replace(FOR_THE_REASON, predicted=replace(PREDICTED, before_s={})), P99) == "not predicted"


def points(*told: tuple[float, float, float]) -> StepShift:
    rows = [ShiftPoint(0.5, 0.1, 0.1 * middle, middle, low, high) for middle, low, high in told]
    return StepShift("browse", "detail", tuple(rows))


def bars(shift: StepShift, width: int = 100) -> list[str]:
    rows = [row for row in shift_text(shift, width=width) if row.startswith("  p")]
    found = [re.search(r"\]|no interval", row) for row in rows]
    left = max(each.end() for each in found if each) + 2
    return [row[left:] for row in rows]


def test_quantiles_have_their_names() -> None:
    assert [quantile(share) for share in (0.1, 0.5, 0.99, 0.999)] == ["p10", "p50", "p99", "p99.9"]


def test_a_bar_stands_on_its_side_of_no_change() -> None:
    better, same, worse = bars(points((0.5, 0.4, 0.6), (1.0, 0.9, 1.1), (2.0, 1.5, 3.0)))
    assert better.rindex("-") < better.index("|")
    assert "|" not in same
    assert same.count("o") == 1
    assert worse.index("|") < worse.index("-")


def test_an_end_that_nothing_bounds_leaves_the_scale() -> None:
    (bar,) = bars(points((1.0, 0.0, inf)))
    assert (bar[0], bar[-1], len(bar)) == ("<", ">", 41)
    (huge,) = bars(points((1e9, 1e-9, 1e12)), 150)
    assert len(huge) == 41


def test_an_interval_that_lies_wholly_beyond_the_scale_is_drawn_at_its_edge() -> None:
    (left,) = bars(points((1 / 64, 1 / 70, 1 / 60)), 150)
    assert (left[0], set(left[1:])) == ("o", {" ", "|"})
    (right,) = bars(points((64, 60, 70)), 150)
    assert (len(right), right[-1], set(right[:-1])) == (41, "o", {" ", "|"})


def test_nothing_is_drawn_of_nothing_or_where_there_is_no_room() -> None:
    assert list(shift_text(StepShift(None, None, ()))) == []
    narrow = list(shift_text(points((0.5, 0.4, 0.6)), width=45))
    assert len(narrow) == 2
    assert narrow[1].endswith("]")


@given(st.lists(st.tuples(POSITIVE, POSITIVE, POSITIVE), min_size=1, max_size=6), st.integers(50, 120))
def test_a_drawing_keeps_to_its_width_and_its_marks_in_line(told: list[tuple[float, float, float]], width: int) -> None:
    ordered = [(sorted(each)[1], min(each), max(each)) for each in told]
    lines = list(shift_text(points(*ordered), width=width))
    assert max(map(len, lines[1:])) <= max(width, 60)
    places = {bar.index("|") for bar in bars(points(*ordered), width) if "|" in bar}
    assert len(places) <= 1
