"""An experiment watched: its design before it starts, a line a run, nothing left on a terminal."""

from __future__ import annotations

import io
import re

from msgspec.structs import replace

from loadstone.cli.proving import Proving, design_told, so_far
from tests.render.comparison_specimens import DESIGN, ERRORS, FOR_THE_REASON, P99, THROUGHPUT, UNDECIDED


def test_the_design_says_how_long_and_what_it_will_see() -> None:
    told = design_told(DESIGN, 252.0, margin=1.05, smallest={"p99 response": 1.18, "p50 response": 1.02})
    assert told.splitlines() == [
        "10 pairs, order drawn (seed 41), 10 s a run (1,200 requests) after 2 s of warm-up: 4 min 12 s in all",
        "order: AB BA BA AB AB BA AB BA BA AB",
        "what it will see: p99 response from 18 %, p50 response from 2 %; 5 % worse is allowed",
    ]


def test_what_is_not_known_before_is_said() -> None:
    told = design_told(replace(DESIGN, most=16), 400.0, margin=1.05, smallest={})
    assert told.startswith("10 to 16 pairs")
    assert "at most 6 min 40 s" in told
    assert "known after the first pairs" in told
    assert "loadstone calibrate" in told


def test_elsewhere_each_run_is_a_line() -> None:
    out = io.StringIO()
    watch = Proving(out, terminal=False)
    watch.designed(DESIGN, 252.0, margin=1.05, smallest={})
    watch.running(0, 10, "A", 250.0)
    watch.running(7, 10, "B", 84.0)
    watch.looked(FOR_THE_REASON)
    watch.running(8, 10, "B", 72.0)
    watch.close()
    assert out.getvalue().splitlines()[3:] == [
        "side A, observed, 4 min 10 s left",
        "pair 7 of 10, side B, 1 min 24 s left",
        "pair 8 of 10, side B, 1 min 12 s left   p99 response B/A 0.25 [0.21, 0.29]",
    ]


def test_a_terminal_keeps_one_line_and_loses_it_at_the_end() -> None:
    out = io.StringIO()
    watch = Proving(out, terminal=True)
    watch.running(1, 10, "A", None)
    watch.doing("starting side B")
    watch.stopping(now=False)
    watch.looked(UNDECIDED)
    watch.close()
    text = out.getvalue()
    assert text.count("\n") == 1
    assert text.endswith("\r\x1b[K")
    assert "stopping after this run" in text
    assert re.search(r"p95 response B/A 1.02 \[0.96, 1.09\]", text)


def test_closing_says_nothing_where_nothing_was_drawn() -> None:
    out = io.StringIO()
    Proving(out, terminal=True).close()
    assert out.getvalue() == ""


def test_what_is_no_ratio_is_told_in_its_own_way() -> None:
    assert so_far(P99) == "p99 response B/A 0.25 [0.21, 0.29]"
    assert so_far(ERRORS) == "errors +0.0200 [-0.0100, +0.0500] %"
    assert so_far(THROUGHPUT) == "throughput A/B 1.00 [0.99, 1.01]"
    assert so_far(replace(P99, low=None, high=None)) == "p99 response B/A 0.25, no interval"
