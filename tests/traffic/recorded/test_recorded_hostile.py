"""Whatever two recordings hold, the journey of them is one that compiles, and its values come before they are used."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loadstone.drive.compile import compile_plan
from loadstone.drive.engine import native
from loadstone.model import template
from loadstone.model.draft import Draft
from loadstone.model.extraction import expression_problem
from loadstone.model.recording import Message, RecordedExchange, Recording
from loadstone.model.service import Service
from loadstone.model.shape import Phase, Shape
from loadstone.model.workload import Journey, Step, Workload
from loadstone.render.spec_toml import spec_toml
from loadstone.spec import load
from loadstone.traffic.recorded.difference import differences
from loadstone.traffic.recorded.journey import made_of
from loadstone.traffic.recorded.single import candidates

WORDS = st.sampled_from(
    [
        "17",
        "4711",
        "tok-A1b2C3d4",
        "a8f5f167f44f4964",
        "oak-lamp",
        "{x}",
        "{{y}}",
        "a b",
        "%",
        "é",
        '"',
        "'",
        "<",
        "\\",
        "\n",
        "",
    ]
)
TEXTS = st.lists(WORDS, max_size=4).map("".join)
NAMES = st.sampled_from(["id", "token", "X-CSRF-Token", "q", "{a}", "password", "zipf", "env", "a b", "", "rel", "1"])
JSON = st.recursive(
    TEXTS | st.integers(0, 5000) | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=6,
)
HTML = st.builds(
    lambda name, value: f'<input name="{name}" value="{value}"><a href="/{name}/{value}">x</a>', NAMES, TEXTS
)
HEADERS = st.lists(
    st.tuples(st.sampled_from(["x-csrf-token", "authorization", "location", "set-cookie", "etag", "cookie"]), TEXTS),
    max_size=3,
).map(lambda pairs: tuple((name, value.replace("\n", "")) for name, value in pairs))


@st.composite
def exchanges(draw: st.DrawFn) -> RecordedExchange:
    segments = [quote(draw(TEXTS), safe="{}") for _ in range(draw(st.integers(1, 3)))]
    target = "/" + "/".join(segments)
    if draw(st.booleans()):
        target += f"?{quote(draw(NAMES))}={quote(draw(TEXTS), safe='{}')}"
    kind = draw(
        st.sampled_from(
            ["", "application/json", "application/x-www-form-urlencoded", "text/plain", "multipart/form-data"]
        )
    )
    body: str | None = None
    if kind:
        body = json.dumps(draw(JSON)) if kind == "application/json" else f"{draw(NAMES)}={draw(TEXTS)}"
    reply = json.dumps(draw(JSON)) if draw(st.booleans()) else draw(HTML)
    return RecordedExchange(
        draw(st.sampled_from(["GET", "POST"])),
        target,
        Message(draw(HEADERS), body, kind),
        draw(st.sampled_from([200, 201, 303, 304, 404])),
        Message(draw(HEADERS), reply, "application/json" if reply[:1] in "{[" else "text/html"),
        start_s=draw(st.floats(0, 100)),
    )


RECORDINGS = st.builds(
    lambda listed, kind: Recording("x.har", kind, "https://shop.example", tuple(listed)),
    st.lists(exchanges(), min_size=1, max_size=5),
    st.sampled_from(["har", "postman"]),
)


def sound(journey: Journey) -> None:
    known: set[str] = set()
    for step in journey.actions:
        if not isinstance(step, Step):
            continue
        texts: list[object] = [step.target, *step.headers.values(), step.body.value if step.body else ""]
        while texts:
            match texts.pop():
                case str(text):
                    parts = template.parse(text)
                    assert {part.name for part in parts if isinstance(part, template.Variable)} <= known
                case dict(inner):
                    texts += inner.values()
                case list(inner):
                    texts += inner
        for one in step.extract:
            assert one.name not in template.RESERVED
            if one.source in ("json", "regex"):
                assert expression_problem(one.source, one.expression) is None, one.expression
        known |= {one.name for one in step.extract}
    names = [step.name for step in journey.actions if isinstance(step, Step)]
    assert len(names) == len(set(names))


@settings(max_examples=200)
@given(RECORDINGS, RECORDINGS)
def test_a_journey_of_anything_compiles(first: Recording, second: Recording) -> None:
    for dynamics in (differences(first, second), differences(first, first), candidates(first)):
        made = made_of(first, dynamics, "visit")
        sound(made.journey)
        environment = {
            name: "x" for note in made.notes if note.startswith("set these") for name in note[26:].split(", ")
        }
        plan = compile_plan(
            Workload((made.journey,)),
            Shape("once", "once"),
            Service("http://127.0.0.1:1"),
            seed=1,
            environment=environment | made.secrets,
        )
        native(plan.engine)  # the engine takes it


@settings(max_examples=60)
@given(first=RECORDINGS, second=RECORDINGS)
def test_a_journey_of_anything_is_a_spec(
    tmp_path_factory: pytest.TempPathFactory, first: Recording, second: Recording
) -> None:
    """Written down and read again it is the same journey."""
    path = tmp_path_factory.getbasetemp() / "loadstone.toml"
    made = made_of(first, differences(first, second), "visit")
    steady = Shape("steady", "poisson", (Phase("measured", 60.0, rate_per_s=1.0),))
    path.write_text(spec_toml(Draft(Service("http://127.0.0.1:1"), (made.journey,), (steady,))))
    assert load(path).workload.journeys == (made.journey,)
