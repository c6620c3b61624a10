"""What probes say, of runs whose truth is written by hand."""

from __future__ import annotations

from functools import cache

import msgspec
import numpy as np
import pytest

from loadstone.diagnose.probe import told
from loadstone.diagnose.probe_run import probe_run
from loadstone.model.probe import ProbeReport, ProbeRun, ProbeSaid, ProbeStep
from tests.scenes import Story

AUTHOR = "SELECT name FROM author WHERE id = ?"
LIST = "SELECT * FROM review WHERE product = ? LIMIT ?"


def page(rows: int, seed: int, *, kind: str) -> ProbeRun:
    """Thirty requests for a page of so many rows."""
    story = Story(seed, steps=(("browse", "detail"),))
    for request in story.requests(30):
        request.spend(0.002)
        each = 0.004 if kind == "n-plus-one" else 0.0005 * rows
        request.sql(LIST, each, rows=rows if kind != "scan" else 10)
        if kind == "n-plus-one":
            for row in range(rows):
                request.sql(AUTHOR, 0.0005, parameters=row, rows=1)
        else:
            for row in range(12):
                request.sql("SELECT name FROM menu WHERE id = ?", 0.0005, parameters=row, rows=1)
    return probe_run(story.digest(), f"run-{rows}-{seed}", rows)


@cache
def probed(kind: str) -> ProbeReport:
    runs = [page(rows, seed, kind=kind) for seed in (1, 2) for rows in (10, 20, 40)]
    return told("limit", runs)


def saying(report: ProbeReport, words: str) -> ProbeSaid:
    found = [one for one in report.said if words in one.sentence]
    assert len(found) == 1, [one.sentence for one in report.said]
    return found[0]


def test_a_statement_for_each_row_is_an_n_plus_one() -> None:
    report = probed("n-plus-one")
    said = saying(report, AUTHOR)
    assert said.sentence == (
        "40 statements at limit=40, 10 at limit=10: slope 1.00 [1.00, 1.00] statements per unit of limit: "
        f"an N+1, not a fixed set of statements ({AUTHOR})"
    )
    assert said.for_ == ("n-plus-one",)
    slope = next(one for one in report.slopes if one.what == "response")
    assert slope.slope.low <= 0.0005 * 1.005 <= slope.slope.high
    assert [level for level, _ in slope.at] == [10, 20, 40]


def test_a_fixed_set_of_statements_is_none() -> None:
    said = saying(probed("unbounded"), "fixed set")
    assert said.against == ("n-plus-one",)
    assert "12 statements at limit=40" in said.sentence


def test_work_that_grows_with_its_rows_and_work_that_does_not() -> None:
    assert saying(probed("unbounded"), LIST).for_ == ("unbounded-result",)
    assert saying(probed("scan"), LIST).for_ == ("offset-pagination", "missing-index")


@cache
def loaded(waits: str, *, rates: tuple[float, ...] = (20, 80), factor: str = "rate", noise: float = 0.0) -> ProbeReport:
    """Requests of 10 ms whose wait of 1 ms a journey/s lies in the part named."""
    runs = []
    for seed in (1, 2):
        for rate in rates:
            story = Story(seed + int(rate))
            wait = (0.001 * rate if waits else 0.0) * (1 + noise * (2 * seed - 3))
            for request in story.requests(40, rate_per_s=rate):
                request.spend(0.006 + (wait if waits == "cpu" else 0))
                request.sql("SELECT 1", 0.004 + (wait if waits == "database" else 0))
                if waits == "pool":
                    request.span("internal", "pool wait", wait)
                if waits == "calls":
                    request.call("GET", "prices", "/p", wait)
                if waits == "elsewhere":
                    request.until(request.now_s + wait)
            digest = story.digest()
            if waits == "queue":
                digest.requests.sent_ns[:] -= round(wait * 1e9)
            runs.append(probe_run(digest, f"run-{rate}-{seed}", rate))
    return told(factor, runs)


@pytest.mark.parametrize(
    ("waits", "fault", "words"),
    [
        ("queue", "server-queue", "before the service's span"),
        ("database", "lock-wait", "in database calls"),
        ("pool", "pool-wait", "connection of the pool"),
        ("calls", "slow-dependency", "other services"),
        ("elsewhere", "gil-wait", "off the CPU"),
        ("cpu", "gc-pause", "on the CPU"),
    ],
)
def test_growth_is_named_by_where_it_lies(waits: str, fault: str, words: str) -> None:
    (said,) = loaded(waits).said
    assert fault in said.for_, said
    assert words in said.sentence
    assert "grows by 6" in said.sentence or "grows by 5" in said.sentence, said.sentence


def test_a_queue_leaves_the_work_as_it_is() -> None:
    (said,) = loaded("queue").said
    assert said.against == ("lock-wait", "pool-wait")
    assert "the CPU a request changes by" in said.sentence


def test_a_queue_behind_a_pool_is_the_pools() -> None:
    runs = []
    for rate, pool, queue in ((20, 0.001, 0.0), (20, 0.0012, 0.0), (80, 0.02, 0.08), (80, 0.021, 0.079)):
        story = Story(rate)
        for request in story.requests(40, rate_per_s=rate):
            request.span("internal", "pool wait", pool)
            request.spend(0.01)
        digest = story.digest()
        digest.requests.sent_ns[:] -= round(queue * 1e9)
        runs.append(probe_run(digest, "x", rate))
    (said,) = told("rate", runs).said
    assert said.for_[0] == "pool-wait"
    assert "workers are held meanwhile: pool grows by 20.0 ms" in said.sentence


def test_a_flat_response_speaks_against_all_waiting() -> None:
    (said,) = loaded("").said
    assert said.for_ == ()
    assert "server-queue" in said.against
    assert "gil-wait" in said.against


def test_runs_that_differ_among_themselves_tell_nothing() -> None:
    (said,) = loaded("queue", noise=0.9).said
    assert (said.for_, said.against) == ((), ())
    assert "too wide" in said.sentence


def test_less_thinking_is_more_load() -> None:
    (said,) = loaded("queue", rates=(80, 20), factor="think").said
    # with twice the think time the wait here is longer, which no queue does: the change from long to short is a fall
    assert said.for_ == ()


def test_one_level_or_few_requests_say_so() -> None:
    report = told("limit", [page(10, 1, kind="scan"), page(10, 2, kind="scan")])
    assert (report.slopes, report.said) == ((), ())
    assert "two levels" in report.caveats[0]
    assert told("rate", []).said == ()


def test_it_survives_writing_and_reading() -> None:
    report = probed("scan")
    assert msgspec.json.decode(msgspec.json.encode(report), type=ProbeReport) == report


@pytest.mark.filterwarnings("error")
def test_hostile_runs_do_not_disturb() -> None:
    runs = []
    for value in (1.0, 1.0, 2.0, 2.0):
        story = Story(int(value), own=False)
        for request in story.requests(30):
            request.spend(0.0, exact=True)
            request.sql(None, -1.0, exact=True)
            request.sql("SELECT 1", 1e8 if request.number % 2 else 0.0, exact=True)
        runs.append(probe_run(story.digest(), "x", value))
    told("rate", runs)
    told("x", runs)
    assert probe_run(Story().digest(), "empty", 1.0).steps == ()


def test_runs_without_growth_are_seldom_said_to_grow() -> None:
    """500 probes of a response that does not depend on load and spreads by a fifth: at most 5 % (binomial, 3 sd)."""
    chance = np.random.default_rng(8)
    grew = 0
    for _ in range(500):
        runs = [
            ProbeRun("x", value, (ProbeStep("shop", "page", 100, value / 10, wait, {"queue": wait, "elsewhere": 0.0}),))
            for value in (10.0, 20.0, 40.0, 60.0)
            for wait in 0.05 * chance.lognormal(0, 0.2, 2)
        ]
        (said,) = told("rate", runs).said
        grew += "grows by" in said.sentence
    assert grew <= 500 * 0.05 + 3 * np.sqrt(500 * 0.05 * 0.95)
