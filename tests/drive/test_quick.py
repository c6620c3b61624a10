from __future__ import annotations

from typing import Any

import pytest

from loadstone.drive.compile import compile_plan
from loadstone.drive.quick import quick
from loadstone.errors import SpecError
from loadstone.model.service import Service
from loadstone.model.shape import Phase, Shape
from loadstone.model.workload import Body, Journey, Step, Workload


def test_a_url_at_a_rate() -> None:
    service, workload, shape = quick("http://127.0.0.1:8000/items?page={zipf(50)}", duration_s=30.0, rate_per_s=500.0)
    assert service == Service("http://127.0.0.1:8000")
    step = Step("GET /items", "get", "/items?page={zipf(50)}")
    assert workload == Workload((Journey("quick", 1.0, (step,)),))
    assert shape == Shape("quick", "poisson", (Phase("steady", 30.0, 500.0),))


def test_users_and_everything_else() -> None:
    _, workload, shape = quick(
        "https://[::1]",
        duration_s=3.0,
        users=50,
        method="POST",
        headers=["Content-Type: application/json", "x: a:b"],
        body='{"a": {"b": "{uuid}"}}',
        timeout_s=2.0,
    )
    (step,) = workload.journeys[0].actions
    assert step == Step(
        "POST /",
        "post",
        "/",
        headers={"content-type": "application/json", "x": "a:b"},
        body=Body("text", '{"a": {"b": "{uuid}"}}'),
        timeout_s=2.0,
    )
    assert shape == Shape("quick", "closed", (Phase("steady", 3.0, users=50),))


def test_even_arrivals() -> None:
    assert quick("http://localhost/", duration_s=1.0, rate_per_s=1.0, even=True)[2].arrivals == "even"


@pytest.mark.parametrize(
    ("url", "rest", "says"),
    [
        ("127.0.0.1:8000/x", {}, 'did you mean "http://127.0.0.1:8000/x"'),
        ("ftp://localhost/", {}, "http://HOST:PORT/PATH"),
        ("http:///x", {}, "http://HOST:PORT/PATH"),
        ("http://localhost:99999/", {}, "is not a URL"),
        ("http://me:pw@localhost/", {}, "names no user"),
        ("http://localhost/{id}", {}, r"nothing gives \{id\} a value"),
        ("http://localhost/{zip(3)}", {}, 'did you mean "zipf"'),
        ("http://localhost/", {"headers": ["accept"]}, "name: value"),
        ("http://localhost/", {"headers": ["a: b\r\nc: d"]}, "one line"),
        ("http://localhost/", {"headers": ["a: b", "A: c"]}, "twice"),
        ("http://localhost/", {"headers": ["content-length: 3"]}, "the engine's own"),
        ("http://localhost/", {"method": "BREW"}, "is one of"),
        ("http://localhost/", {"rate_per_s": None}, "either a rate"),
        ("http://localhost/", {"users": 3}, "either a rate"),
        ("http://localhost/", {"rate_per_s": 0.0}, "above 0"),
        ("http://localhost/", {"rate_per_s": None, "users": 0}, "at least one user"),
        ("http://localhost/", {"duration_s": 0.0}, "above 0"),
        ("http://localhost/", {"timeout_s": 0.0}, "above 0"),
    ],
)
def test_what_cannot_be_run_is_told(url: str, rest: dict[str, Any], says: str) -> None:
    with pytest.raises(SpecError, match=says) as raised:
        quick(url, **{"duration_s": 1.0, "rate_per_s": 5.0, **rest})
    assert "pw" not in str(raised.value)


def test_the_engine_takes_it() -> None:
    core = pytest.importorskip("loadstone._core")
    service, workload, shape = quick("http://127.0.0.1:9/a b?{choice(x, y)}", duration_s=1.0, users=5, body="{env.T}")
    core.LoadEngine(compile_plan(workload, shape, service, seed=1, environment={"T": "t"}).engine)
