"""Where a step's time goes, on stories whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest

from loadstone.diagnose.digest import Digest
from loadstone.diagnose.latency.critical import AFTER, BEFORE, durations_ns, paths, share_of
from tests.cases.n_plus_one.guilty import STATEMENT, behind_a_rare_parameter
from tests.scenes import Story


def cost_of(digest: Digest, statement: str) -> tuple[np.ndarray, np.ndarray]:
    number = next(one.number for one in digest.operations if one.statement == statement)
    places = np.flatnonzero(digest.visits.operation == number)
    return digest.visits.request[places], digest.visits.total_ns[places].astype(np.float64)


def test_a_rare_fault_owns_the_excess_beyond_p99_and_nothing_of_the_median() -> None:
    (path,) = paths(behind_a_rare_parameter().digest())
    first = path.rows[0]
    assert (first.operation, first.where) == (STATEMENT, "shop/pages.py:41")
    assert first.p50_s.value == 0
    assert first.p99_excess_s is not None
    assert first.p99_excess_s.value == pytest.approx(0.081, rel=0.01)
    assert first.count == pytest.approx(1.2)
    assert (path.journey, path.step, path.requests) == ("browse", "detail", 1000)
    assert path.p99_s == pytest.approx(0.0845, rel=0.05)
    assert path.uncovered_share == pytest.approx(0.36, abs=0.05)


def test_the_rows_add_up_to_the_bands_mean_duration() -> None:
    digest = behind_a_rare_parameter().digest()
    (path,) = paths(digest)
    duration = np.sort(durations_ns(digest, digest.requests_of(0))) / 1e9
    median = duration[400:600].mean()
    assert sum(row.p50_s.value for row in path.rows) == pytest.approx(median, rel=1e-9)
    excess = [row.p99_excess_s.value for row in path.rows if row.p99_excess_s]
    assert len(excess) == len(path.rows)
    assert sum(excess) == pytest.approx(duration[990:].mean() - median, rel=1e-9)


def test_the_share_of_a_cost_is_told_by_band() -> None:
    digest = behind_a_rare_parameter().digest()
    share = share_of(digest, 0, *cost_of(digest, STATEMENT))
    assert share.p50 is not None
    assert share.p50.value == 0
    assert share.p99 is not None
    assert share.p99.low > 0.97
    assert share.p99.value == pytest.approx(0.987, abs=0.01)
    whole = share_of(digest, None, *cost_of(digest, STATEMENT))
    assert whole == share


def test_the_same_seed_tells_the_same() -> None:
    digest = behind_a_rare_parameter().digest()
    assert paths(digest, 3) == paths(digest, 3)


def few(count: int) -> Digest:
    story = Story(steps=(("shop", "page"),))
    for request in story.requests(count):
        request.sql("SELECT 1", 0.01, parameters=1)
    return story.digest()


def test_few_requests_say_less() -> None:
    (path,) = paths(few(99))
    assert path.p99_s is None
    assert {row.p99_excess_s for row in path.rows} == {None}
    assert paths(few(9)) == ()
    requests, cost = cost_of(few(30), "SELECT 1")
    share = share_of(few(30), 0, requests, cost)
    assert share.p50 is not None
    assert share.p50.value == pytest.approx(0.99, abs=0.01)
    assert (share.p95, share.p99) == (None, None)


def test_time_before_the_span_is_the_clients() -> None:
    story = Story()
    for request in story.requests(200):
        request.spend(0.002)
    digest = story.digest()
    digest.requests.sent_ns[:] -= 30_000_000
    (path,) = paths(digest)
    rows = {row.operation: row for row in path.rows}
    assert rows[BEFORE].p50_s.value == pytest.approx(0.03005, rel=1e-6)
    assert rows[AFTER].p50_s.value == pytest.approx(0.00005, rel=1e-6)


def test_a_client_that_gave_up_leaves_the_spans_time() -> None:
    story = Story()
    for request in story.requests(200):
        request.spend(0.5)
    digest = story.digest()
    digest.requests.done_ns[:] = digest.requests.sent_ns + 1_000_000
    (path,) = paths(digest)
    assert path.p50_s == pytest.approx(0.5, rel=0.05)
    assert [row.operation for row in path.rows] == ["GET /1"]


def test_of_many_steps_those_with_the_most_time_are_told() -> None:
    story = Story(own=False)
    for route in range(60):
        for request in story.requests(10, http_request_method="GET", http_route=f"/r{route}"):
            request.spend(0.001 * (1 + route), exact=True)
    told = paths(story.digest())
    assert [path.step for path in told] == [f"GET /r{route}" for route in range(59, 9, -1)]


def test_many_operations_end_in_one_row() -> None:
    story = Story()
    for request in story.requests(120):
        for number in range(90):
            request.sql(f"SELECT {'x' * number}", 0.001 * (1 + number % 7))
    (path,) = paths(story.digest())
    assert len(path.rows) == 13
    assert path.rows[-1].operation == "other"
    assert sum(row.p50_s.value for row in path.rows) == pytest.approx(path.p50_s, rel=0.05)
    assert path.rows[-1].count == pytest.approx(90 + 1 - 12, abs=2)


@pytest.mark.filterwarnings("error")
def test_absurd_times_do_not_disturb() -> None:
    story = Story(own=False)
    for request in story.requests(150):
        request.spend(0.0, exact=True)
        request.sql(None, -5.0, exact=True)
        request.sql("SELECT 1", 1e9 if request.number % 2 else 0.0, exact=True)
    digest = story.digest()
    for path in paths(digest):
        assert np.isfinite(path.p50_s)
    share_of(digest, 0, np.array([0, 1], np.int32), np.array([np.nan, 1e30]))
    nothing = share_of(digest, 0, np.empty(0, np.int32), np.empty(0))
    assert nothing.p50 is None or nothing.p50.value == 0
