"""The page's noun: nothing is lost by thinning, warm-up is left out where the summary leaves it out."""

from __future__ import annotations

import math
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loadstone.model.interval import Host
from loadstone.model.run_view import PhaseSpan, RunView
from loadstone.render.series import MOST_POINTS, heat_of, points_of, series_of
from loadstone.render.view import run_view
from tests.render.runs import cell, interval, manifest, sample, steady, summary

STEADY = (PhaseSpan("steady", 0.0, 20.0, True),)
WARM = (PhaseSpan("warm-up", 0.0, 5.0, False), PhaseSpan("steady", 5.0, 20.0, True))


def view(seconds: int = 20) -> RunView:
    found = summary()
    samples = (sample(1, 9_000_000), sample(2, 12_000_000), sample(2, 12_000_000, kept="uniform"))
    return run_view(manifest(found), found, steady(seconds), samples, STEADY, "[service]\n")


def test_it_is_the_whole_page() -> None:
    page = view()
    assert page.headline == "p99 is 12.4 ms at 500 requests a second, without errors."
    assert page.phases == STEADY
    assert page.spec == "[service]\n"
    assert len(page.series.t_s) == 20
    assert msgspec.json.decode(msgspec.json.encode(page), type=RunView) == page


@settings(max_examples=40, deadline=None)
@given(seconds=st.integers(min_value=0, max_value=90), most=st.integers(min_value=2, max_value=40))
def test_merging_neighbours_loses_no_request(seconds: int, most: int) -> None:
    points = points_of(steady(seconds), most)
    series = series_of(points)
    assert len(points) <= most + 1
    if seconds > most + 1:
        assert len(points) >= most // 2
    done = sum(rate * span for rate, span in zip(series.requests_per_s, series.span_s, strict=True))
    assert done == pytest.approx(10 * seconds)
    assert sum(series.span_s) == pytest.approx(seconds)
    assert sum(sum(row) for row in heat_of(points).counts) == 10 * seconds
    if seconds:
        slowest = max(value for value in series.response_max_s if value is not None)
        assert slowest == max(i.cells[0].response.max_ns for i in steady(seconds)) / 1e9
        assert series.t_s[-1] == seconds


def test_a_long_run_stays_bounded() -> None:
    page = view(5000)
    assert MOST_POINTS // 2 <= len(page.series.t_s) <= MOST_POINTS
    assert len(page.heat.counts) <= 300
    assert len(page.heat.edges_s) <= 62


def test_nothing_done_is_null_and_not_zero() -> None:
    series = series_of(points_of([interval(0), interval(1, cell(5_000_000))]))
    assert series.response_p99_s == (None, 0.005)
    assert series.host_busy_share == (None, None)
    assert series.requests_per_s == (0.0, 1.0)


def test_the_hosts_share_is_weighed_by_the_time_that_it_was_told() -> None:
    told = [interval(0, host=Host(None, None, 0.4)), interval(1), interval(2, host=Host(0.1, None, 0.8)), interval(3)]
    series = series_of(points_of(told, 2))
    assert series.host_busy_share == (0.4, 0.8)
    assert series.host_steal_share == (None, 0.1)


def test_journeys_and_requests_are_drawn_apart() -> None:
    series = series_of(points_of([interval(0, cell(1_000_000, 2_000_000), cell(3_000_000, step=None))]))
    assert series.requests_per_s == (2.0,)
    assert series.achieved_per_s == (1.0,)


def test_the_curve_goes_as_far_as_the_count_carries() -> None:
    def furthest(seconds: int) -> float:
        return max(view(seconds).curve.share, default=0.0)

    assert furthest(0) == 0.0
    assert view(0).curve.share == ()
    assert furthest(20) == 0.95
    assert furthest(100) == 0.99
    curve = view(100).curve
    assert {0.5, 0.9, 0.99} <= set(curve.share)
    assert list(curve.response_s) == sorted(curve.response_s)
    assert all(response >= service for response, service in zip(curve.response_s, curve.service_s, strict=True))


def test_heat_bands_are_even_on_a_logarithm_and_hold_every_response() -> None:
    edges = view().heat.edges_s
    steps = [math.log10(right / left) for left, right in pairwise(edges)]
    assert steps == pytest.approx([steps[0]] * len(steps))
    assert edges[0] <= 0.001 + 0.001 and edges[-1] > 0.011


def test_warm_up_is_in_the_series_and_not_in_the_curve_the_errors_or_the_slowest() -> None:
    told = [
        interval(0, cell(900_000_000, result="503", error=True, phase=0)),
        *(interval(s, cell(*[5_000_000] * 20, phase=1)) for s in range(1, 3)),
        interval(3, cell(7_000_000, result="503", error=True, phase=1)),
    ]
    found = summary()
    samples = (sample(1, 900_000_000, phase=0), sample(15, 5_000_000, phase=1), sample(16, 7_000_000, phase=1))
    failed = (sample(16, 7_000_000, kept="failed", error=True, phase=1),)
    page = run_view(manifest(found), found, told, samples + failed, WARM)
    assert page.series.response_max_s[0] == 0.9
    assert max(page.curve.response_s) < 0.01
    (row,) = page.errors
    assert (row.result, row.count, row.share, row.first_s, row.last_s) == ("503", 1, 1 / 41, 3.0, 4.0)
    assert row.example == "the pool is empty"
    assert [(each.t_s, each.response_s) for each in page.slowest] == [(1.6, 0.007), (1.5, 0.005)]


def test_the_command_repeats_the_traffic() -> None:
    def repeat(*command: str) -> str:
        found = summary()
        return run_view(manifest(found, command=command), found, (), (), ()).repeat

    assert repeat("loadstone", "run", "http://h/a b") == "loadstone run 'http://h/a b' --seed 41"
    assert repeat("loadstone", "run", "--seed", "5") == "loadstone run --seed 5"
    assert repeat("loadstone", "run", "--seed=5") == "loadstone run --seed=5"
    assert repeat() == ""
