"""A draft written out and read again is the same draft, whatever came from outside."""

from __future__ import annotations

import math
import re
import tempfile
import tomllib
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loadstone.model.assumption import Assumption, Unknown
from loadstone.model.draft import Draft
from loadstone.model.service import Auth, Service
from loadstone.model.shape import Phase, Shape
from loadstone.model.slo import Slo, parse_objective
from loadstone.model.workload import Body, Check, Extraction, Feed, Journey, Step, Think
from loadstone.render.spec_toml import duration_text, feed_csv, rate_text, spec_toml
from loadstone.render.toml_text import comment_lines
from loadstone.render.toml_text import text as toml_text
from loadstone.render.toml_text import value as toml_value
from loadstone.spec import load
from loadstone.spec.document import Spec

ANY = st.text(st.characters(codec="utf-8"), max_size=30)
NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_-]{0,8}", fullmatch=True).filter(
    lambda name: name not in ("zipf", "int", "choice", "uuid", "arrival", "user", "env")
)
PRINTED = st.text(st.characters(exclude_categories=("Cs", "Cc", "Cf", "Zl", "Zp", "Co", "Cn")), min_size=1, max_size=30)
SHOWN = PRINTED.filter(lambda text: text.isprintable() and bool(text.strip()))
LITERAL = ANY.map(lambda text: text.replace("{", "{{").replace("}", "}}"))
LINE = LITERAL.map(lambda text: re.sub(r"[\r\n\0]", "", text))
SECONDS = st.one_of(
    st.floats(1e-6, 1e5).map(lambda s: float(f"{s:.6g}")), st.sampled_from([1.0, 2.0, 0.3, 90.0, 3600.0])
)
THINKS = st.one_of(
    st.builds(Think, st.just("constant"), SECONDS),
    st.builds(Think, st.just("exponential"), SECONDS),
    st.tuples(SECONDS, SECONDS).map(lambda two: Think("uniform", low_s=min(two), high_s=max(two))),
    st.tuples(SECONDS, st.floats(0, 5).map(lambda s: float(f"{s:.4g}"))).map(
        lambda two: Think("lognormal", two[0], sigma=two[1])
    ),
)
SCALARS = st.one_of(
    st.booleans(), st.integers(-(2**60), 2**60), st.floats(allow_nan=False, allow_infinity=False), LITERAL
)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(ANY, inner, max_size=3)),
    max_leaves=8,
).filter(lambda value: isinstance(value, dict | list))
BODIES = st.one_of(
    st.none(),
    LITERAL.map(lambda text: Body("text", text)),
    JSON.map(lambda value: Body("json", cast("dict[str, object]", value))),
    st.dictionaries(ANY, SCALARS, max_size=3).map(lambda value: Body("form", cast("dict[str, object]", value))),
)
STATUSES = st.one_of(
    st.integers(100, 599).map(lambda one: (one, one)), st.integers(1, 5).map(lambda one: (one * 100, one * 100 + 99))
)
TEXTS = st.lists(ANY.filter(bool), max_size=2).map(tuple)
CHECKS = st.builds(
    Check, st.one_of(st.none(), st.lists(STATUSES, min_size=1, max_size=3).map(tuple)), TEXTS,
    st.sampled_from([(), (r'name="x\d+"',), ("it's", r"\\")]),
    st.sampled_from([(), ("$.items[0].id",), ("$['a b']", "$.b")]),
)  # fmt: skip
EXPRESSIONS = st.sampled_from(
    [("json", "$.items[*].id"), ("json", "$['it''s']".replace("''", "")), ("regex", r'value="([^"]+)"'),
     ("regex", r"a|b'c\\"), ("header", "location"), ("cookie", "session")]
)  # fmt: skip
EXTRACTIONS = st.tuples(EXPRESSIONS, st.sampled_from(["first", "last", "random"]))


@st.composite
def steps(draw: st.DrawFn, name: str) -> Step:
    target = "/" + re.sub("#", "", draw(LINE))
    headers = draw(st.dictionaries(st.from_regex(r"x-[a-z]{1,6}", fullmatch=True), LINE, max_size=2))
    extract = draw(st.dictionaries(NAMES, EXTRACTIONS, max_size=2))
    return Step(
        name=name,
        method=draw(st.sampled_from(["get", "post", "delete", "options"])),
        target=target,
        headers=headers,
        body=draw(BODIES),
        timeout_s=draw(st.one_of(st.just(10.0), SECONDS)),
        redirects=draw(st.integers(0, 20)),
        check=draw(CHECKS),
        extract=tuple(
            Extraction(key, cast("Any", what[0]), what[1], cast("Any", pick)) for key, (what, pick) in extract.items()
        ),
    )


@st.composite
def journeys(draw: st.DrawFn, name: str) -> Journey:
    named = draw(st.lists(SHOWN, min_size=1, max_size=3, unique=True))
    actions: list[Step | Think] = []
    for one in named:
        if draw(st.booleans()):
            actions.append(draw(THINKS))
        actions.append(draw(steps(one)))
    return Journey(name, draw(st.one_of(st.integers(1, 99).map(float), st.floats(0.001, 1e6))), tuple(actions))


JOURNEY_NAMES = st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_ -]{0,10}", fullmatch=True).map(str.strip).filter(bool)
AMOUNTS = st.one_of(st.none(), ANY, st.floats(-1e9, 1e9))
LONG = SHOWN.filter(lambda text: len(text) < 200)


@st.composite
def shapes(draw: st.DrawFn, name: str) -> Shape:
    rate = draw(st.one_of(st.floats(1e-3, 1e5), st.integers(1, 500).map(float), st.just(0.5)))
    load: dict[str, Any] = {"users": draw(st.integers(1, 99))} if draw(st.booleans()) else {"rate_per_s": rate}
    phases = [Phase(name, draw(SECONDS), **load)]
    if draw(st.booleans()):
        phases.insert(0, Phase("warm-up", draw(SECONDS), **load, measured=False))
    return Shape(name, "closed" if "users" in load else draw(st.sampled_from(["poisson", "even"])), tuple(phases))


ORDERS = ["sequential", "random"]


@st.composite
def drafts(draw: st.DrawFn) -> Draft:
    names = draw(st.lists(JOURNEY_NAMES, min_size=1, max_size=4, unique=True))
    every = [draw(journeys(name)) for name in names]
    on = draw(st.integers(1, len(every)))
    known = [(journey.name, one.name) for journey in every[:on] for one in journey.actions if isinstance(one, Step)]
    slos = tuple(
        Slo(name, parse_objective(text), *place)
        for name, text, place in draw(
            st.lists(
                st.tuples(
                    SHOWN,
                    st.sampled_from(["99% < 300ms", "p95 < 20 ms", "errors < 0.5%"]),
                    st.one_of(st.just((None, None)), st.sampled_from(known), st.sampled_from([(names[0], None)])),
                ),
                max_size=3,
                unique_by=lambda one: one[0],
            )
        )
    )
    feeds = tuple(
        Feed(name, ("id", "it's"), tuple(rows), cast("Any", order), f"traffic/{name}.csv")
        for name, rows, order in draw(
            st.lists(
                st.tuples(NAMES, st.lists(st.tuples(ANY, ANY), min_size=1, max_size=3), st.sampled_from(ORDERS)),
                max_size=2,
                unique_by=lambda one: one[0].lower(),
            )
        )
    )  # fmt: skip
    shape_names = draw(st.lists(NAMES, min_size=1, max_size=2, unique=True))
    auth = draw(st.sampled_from([None, Auth(bearer="{env.T}"), Auth(user="{env.U}", password="{env.P}")]))
    service = Service(
        url="http://127.0.0.1:8000",
        start=draw(st.one_of(st.none(), LONG)),
        ready=draw(st.sampled_from([None, "/healthz"])),
        ready_timeout_s=draw(st.one_of(st.just(30.0), SECONDS)),
        env=draw(st.dictionaries(NAMES, ANY.map(lambda text: text.replace("\0", "")), max_size=2)),
        auth=auth,
        instrument=draw(st.sampled_from([True, False, "otel"])),
        dsn=draw(st.sampled_from([None, "{env.DATABASE_URL}"])),
        show=tuple(draw(st.lists(ANY.filter(bool), max_size=2))),
    )
    places = ["", "service", f"journey.{names[0]}", f"journey.{names[-1]}", f"shape.{shape_names[0]}"]
    return Draft(
        service=service,
        journeys=tuple(every[:on]),
        off=tuple(every[on:]),
        shapes=tuple(draw(shapes(name)) for name in shape_names),
        feeds=feeds,
        slos=slos,
        assumptions=tuple(
            draw(
                st.lists(st.builds(Assumption, LONG, AMOUNTS, AMOUNTS, AMOUNTS, st.one_of(st.none(), LONG)), max_size=2)
            )
        ),
        unknowns=tuple(draw(st.lists(st.builds(Unknown, LONG, st.one_of(st.none(), LONG)), max_size=2))),
        allow_hosts=draw(st.sampled_from([(), ("staging.example.com",)])),
        comments={place: tuple(draw(st.lists(ANY, max_size=2))) for place in places},
    )


def written(draft: Draft, text: str, folder: Path) -> Spec:
    for feed in draft.feeds:
        assert feed.source is not None
        (folder / feed.source).parent.mkdir(exist_ok=True)
        (folder / feed.source).write_text(feed_csv(feed), encoding="utf-8", newline="")
    (folder / "loadstone.toml").write_text(text, encoding="utf-8", newline="")
    return load(folder / "loadstone.toml")


@settings(max_examples=40, deadline=None)
@given(drafts())
def test_a_draft_comes_back(draft: Draft) -> None:
    text = spec_toml(draft)
    assert text == spec_toml(draft)
    with tempfile.TemporaryDirectory() as folder:
        spec = written(draft, text, Path(folder))
        assert spec.workload.journeys == draft.journeys
        assert spec.workload.feeds == draft.feeds
        assert tuple(spec.shapes.values()) == draft.shapes
        assert spec.slos == draft.slos
        assert spec.unknowns == draft.unknowns
        assert spec.assumptions == draft.assumptions
        assert spec.allow_hosts == draft.allow_hosts
        assert msgspec.structs.replace(spec.service, cwd=None) == draft.service
        if draft.off:
            on = switched_on(text, {journey.name for journey in draft.off})
            assert written(draft, on, Path(folder)).workload.journeys == (*draft.journeys, *draft.off)


def switched_on(text: str, names: set[str]) -> str:
    """The text with one ``# `` less on each line of the part that is off."""
    above, mark, rest = text.partition("# Off: each would change something")
    assert mark, names
    blocks = [
        "\n".join(line.removeprefix("# ") for line in block.split("\n"))
        if re.search("^# \\[\\[", block, re.M)
        else block
        for block in rest.split("\n\n")
    ]
    return above + mark + "\n\n".join(blocks)


@given(st.floats(1e-9, 1e8))
def test_a_duration_and_a_rate_come_back(number: float) -> None:
    from loadstone.model.quantity import parse_duration, parse_rate

    assert parse_rate(rate_text(number)) == number
    assert parse_duration(duration_text(number)) == pytest.approx(number, rel=1e-12)


@given(st.text())
def test_a_text_is_one_line_of_toml(content: str) -> None:
    line = f"a = {toml_text(content)}"
    assert "\n" not in line
    assert tomllib.loads(line)["a"] == re.sub("[\ud800-\udfff]", "\ufffd", content)


@given(st.lists(st.text(), max_size=3))
def test_a_comment_never_ends_its_line(sentences: list[str]) -> None:
    lines = comment_lines(sentences)
    assert all(line.startswith("#") and line.isprintable() for line in lines)
    assert tomllib.loads("\n".join(lines)) == {}


@pytest.mark.parametrize("what", [None, math.nan, math.inf, {"a": None}])
def test_what_toml_cannot_hold_is_refused(what: object) -> None:
    with pytest.raises(ValueError, match=r"TOML has no|nan"):
        toml_value(what)


def test_a_duration_is_written_as_people_write_it() -> None:
    assert [duration_text(s) for s in (2.0, 90.0, 0.3, 7200.0, 0.00005)] == ["2s", "1m30s", "300ms", "2h", "50us"]
    assert [rate_text(r) for r in (40.0, 0.5, 1 / 60)] == ["40/s", "0.5/s", "1/min"]
