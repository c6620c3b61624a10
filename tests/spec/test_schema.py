"""The JSON Schema and the reader agree: what one refuses for its form, the other refuses too."""

from __future__ import annotations

import copy
import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from loadstone import spec
from loadstone.errors import SpecError
from tests.spec.test_load import FULL

GOLDEN = Path(__file__).parent / "golden"
SCHEMA = spec.json_schema()
VALIDATOR = Draft202012Validator(SCHEMA)


def toml(value: object) -> str:
    """A value as inline TOML."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {toml(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    return json.dumps(value)


def document(tables: dict[str, Any]) -> str:
    return "".join(f"{key} = {toml(value)}\n" for key, value in tables.items())


WORDS = st.from_regex(r"[a-z][a-z0-9_]{0,5}", fullmatch=True).filter(lambda w: w not in ("int", "env", "user", "uuid"))
DURATIONS = st.builds("{}{}".format, st.integers(1, 999), st.sampled_from(["us", "ms", "s", "m", "h", " min"]))
RATES = st.builds("{}/{}".format, st.integers(1, 999), st.sampled_from(["s", "min", "h"]))
PATHS = st.builds("/{}{}".format, WORDS, st.sampled_from(["", "?q={zipf(9)}", "/{uuid}", "/{int(1, 3)}?x={user|raw}"]))


def table(
    required: dict[str, st.SearchStrategy[Any]], optional: dict[str, st.SearchStrategy[Any]]
) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(required, optional=optional)


STATUSES = st.one_of(st.integers(100, 599), st.sampled_from(["2xx", "4xx"]))
PAUSES = DURATIONS | st.sampled_from(["exponential(2s)", "uniform(1s, 3s)", "lognormal(2s, 0.6)"])
OPTIONAL = {
    "pause": PAUSES,
    "headers": st.dictionaries(WORDS, st.just("a{env.TOKEN}"), max_size=2),
    "timeout": DURATIONS,
    "redirects": st.integers(0, 20),
    "extract": st.dictionaries(WORDS, st.sampled_from(["$.a", "$.a | last", "header:x", "cookie:y"]), max_size=2),
    "check": table({}, {"status": STATUSES | st.lists(STATUSES, min_size=1, max_size=3), "contains": WORDS}),
}
BODIES: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.just({}),
    st.fixed_dictionaries({"body": st.just('{"a": {"b": "{uuid}"}}')}),
    st.fixed_dictionaries({"json": st.just({"a": [1, "{arrival|raw}", True]})}),
    st.fixed_dictionaries({"form": st.dictionaries(WORDS, WORDS | st.integers(0, 9) | st.booleans(), max_size=2)}),
)
METHODS = st.sampled_from(["get", "head", "post", "put", "patch", "delete", "options"])
REQUESTS = st.builds(
    lambda method, path, rest, body: {method: path} | rest | body, METHODS, PATHS, table({}, OPTIONAL), BODIES
)
THINKS = st.builds(lambda text: {"think": text}, PAUSES)


@st.composite
def steps(draw: st.DrawFn) -> list[dict[str, Any]]:
    requests = draw(st.lists(REQUESTS, min_size=1, max_size=3))
    named = [{"name": f"step {number}", **request} for number, request in enumerate(requests)]
    return [*named, *draw(st.lists(THINKS, max_size=1))]


@st.composite
def journeys(draw: st.DrawFn) -> dict[str, Any]:
    """Steps one after the other, or a walk back and forth along them."""
    listed = draw(steps())
    if draw(st.booleans()):
        return {"name": "browse", "weight": 2.5, "step": listed}
    named = [step for step in listed if "think" not in step]
    on, back = draw(st.sampled_from([(0.5, 0.25), ("50%", 0.5), (1, None)]))
    for number, step in enumerate(named):
        onward = {f"step {number + 1}": on} if number + 1 < len(named) else {}
        step["next"] = onward | ({f"step {max(0, number - 1)}": back} if back else {})
    start = {"start": {"step 0": draw(st.sampled_from([1, 1.0, "100%", 0.996]))}}
    most = {"most": draw(st.integers(1, 10_000))}
    return {"name": "browse", "step": named} | draw(st.sampled_from([{}, start, most, start | most]))


SHAPES = st.one_of(
    table(
        {"rate": RATES, "duration": DURATIONS}, {"arrivals": st.sampled_from(["poisson", "even"]), "warm_up": DURATIONS}
    ),
    table(
        {
            "rate": st.builds("{}/s".format, st.integers(1, 999)),
            "duration": DURATIONS,
            "bursts": st.sampled_from([{"1s": 1}, {"60s": 4.6, "1s": 1.4, "10s": 2.5}, {"500ms": 1.5, "1 min": 2}]),
        },
        {"warm_up": DURATIONS},
    ),
    table({"users": st.integers(1, 1000), "duration": DURATIONS}, {"warm_up": DURATIONS}),
)
SERVICES = table(
    {"url": st.sampled_from(["http://127.0.0.1:8000", "https://localhost/api", "http://[::1]:80"])},
    {
        "start": WORDS,
        "ready": st.just("/healthz"),
        "ready_timeout": DURATIONS,
        "env": st.dictionaries(WORDS, st.text("a b")),
    },
)
SLOS = table(
    {"objective": st.sampled_from(["99% < 300ms", "p99.9 < 1s", "errors < 0.1%", "p50<2 min"])},
    {"journey": st.just("browse")},
)

GUARDRAILS = table(
    {"p95 response": st.sampled_from(["5%", "0.5 %", "100%"])},
    {
        "slos": st.booleans(),
        "p99 service of browse.step 0": st.just("10%"),
        "throughput": st.just("5%"),
        "errors": st.sampled_from(["+0.1%", "+0%"]),
        "statements": st.sampled_from(["+0", "+1.5", "2%"]),
        "calls of browse.step 0": st.just("+0"),
        "bytes": st.sampled_from(["+0", "+2kB", "+0 B", "3%"]),
        "cpu": st.just("5%"),
    },
)


@st.composite
def specs(draw: st.DrawFn) -> dict[str, Any]:
    tables = draw(
        table(
            {
                "service": SERVICES,
                "shape": st.dictionaries(WORDS, SHAPES, min_size=1, max_size=2),
                "journey": journeys().map(lambda journey: [journey]),
            },
            {
                "slo": st.lists(SLOS, max_size=2),
                "auth": st.just({"bearer": "{env.TOKEN}"}),
                "tls": st.just({"verify": False}),
                "trace": st.sampled_from([{"share": 0.5}, {"share": "1%"}]),
                "labels": st.dictionaries(WORDS, WORDS, max_size=2),
                "allow_hosts": st.just(["example.com"]),
                "assumption": st.just([{"name": "a", "low": 1, "high": "9 %", "review": "2027-01-01"}]),
                "unknown": st.just([{"name": "b", "command": "c"}]),
                "guardrails": GUARDRAILS,
            },
        )
    )
    for number, slo in enumerate(tables.get("slo", [])):
        slo["name"] = f"slo {number}"
    return tables


def refused_by_reader(text: str, folder: Path) -> bool:
    path = folder / "loadstone.toml"
    path.write_text(text)
    try:
        spec.load(path)
    except SpecError:
        return True
    return False


CALM = settings(
    max_examples=40, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture], deadline=None
)


@CALM
@given(tables=specs())
def test_a_valid_spec_passes_both(tables: dict[str, Any], tmp_path: Path) -> None:
    VALIDATOR.validate(tables)
    assert not refused_by_reader(document(tables), tmp_path)


def places(value: object) -> list[dict[str, Any]]:
    """Every table whose keys are known."""
    found: list[dict[str, Any]] = []
    if isinstance(value, dict):
        for key, inner in value.items():
            if key in ("service", "auth", "tls", "trace", "check", "guardrails"):
                found.append(inner)
            elif key in ("journey", "step", "slo", "assumption", "unknown") and isinstance(inner, list):
                found += inner
            elif key == "shape":
                found += inner.values()
            if key not in ("json", "labels", "headers", "form", "env"):
                found += places(inner)
    if isinstance(value, list):
        found += [each for inner in value for each in places(inner)]
    return found


@CALM
@given(tables=specs(), data=st.data(), key=WORDS.map(lambda word: f"{word}_x"))
def test_an_unknown_key_fails_both(tables: dict[str, Any], data: st.DataObject, key: str, tmp_path: Path) -> None:
    tables = copy.deepcopy(tables)
    data.draw(st.sampled_from([tables, *places(tables)]))[key] = 1
    assert not VALIDATOR.is_valid(tables)
    assert refused_by_reader(document(tables), tmp_path)


@CALM
@given(tables=specs(), data=st.data())
def test_a_missing_table_fails_both(tables: dict[str, Any], data: st.DataObject, tmp_path: Path) -> None:
    tables = dict(tables)
    del tables[data.draw(st.sampled_from(["service", "journey", "shape"]))]
    assert not VALIDATOR.is_valid(tables)
    assert refused_by_reader(document(tables), tmp_path)


WRONG: list[object] = [
    None,
    True,
    False,
    0,
    -1,
    1.5,
    10**12,
    "",
    "x",
    "40",
    "http://a",
    [],
    [1],
    {},
    {"a": 1},
    {"a": {}},
]


@CALM
@given(tables=specs(), data=st.data())
def test_what_the_schema_refuses_the_reader_refuses(
    tables: dict[str, Any], data: st.DataObject, tmp_path: Path
) -> None:
    """The schema may be looser than the reader, never stricter."""
    tables = copy.deepcopy(tables)
    place = data.draw(st.sampled_from([tables, *places(tables)]))
    key = data.draw(st.sampled_from(sorted(place) or [""]))
    place[key] = data.draw(st.sampled_from(WRONG[1:]))
    if not VALIDATOR.is_valid(tables):
        assert refused_by_reader(document(tables), tmp_path)


def test_the_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)


def test_the_full_example_passes() -> None:
    text = FULL.replace("2027-01-31", '"2027-01-31"')  # JSON has no dates
    VALIDATOR.validate(tomllib.loads(text))


@pytest.mark.parametrize("name", ["wrong_types", "missing_keys", "nothing_known", "empty", "many", "guardrails"])
def test_wrong_forms_fail(name: str) -> None:
    assert not VALIDATOR.is_valid(tomllib.loads((GOLDEN / f"{name}.toml").read_text()))
