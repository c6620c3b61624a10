from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import msgspec
import pytest

from loadstone.drive.compile import Plan, Recording, compile_plan, secret_names
from loadstone.drive.facts import PlanFacts
from loadstone.errors import SpecError
from loadstone.model.service import Auth, Service, Tls
from loadstone.model.shape import Burst, Phase, Shape
from loadstone.model.slo import Slo, parse_objective
from loadstone.model.workload import Body, Check, Extraction, Feed, Journey, Step, Think, Workload

FORMATS = Path(__file__).parents[2] / "docs" / "formats.md"
KEY = "0123456789abcdef0123456789abcdef"

SERVICE = Service("http://127.0.0.1:8000")
SHAPE = Shape("steady", "poisson", (Phase("warm-up", 20.0, 40.0, measured=False), Phase("steady", 120.0, 40.0)))
LIST = Step(
    "list",
    "get",
    "/products?page={zipf(50)}",
    headers={"accept": "application/json"},
    check=Check(status=((200, 200),)),
    extract=(Extraction("id", "json", "$.items[*].id", "random"),),
)
BROWSE = Journey(
    "browse", 70.0, (LIST, Think("lognormal", value_s=2.0, sigma=0.6), Step("detail", "get", "/products/{id}"))
)
USERS = Feed("users", ("email", "password"), (("a@x", "p"),))
DETAIL = Slo("detail is fast", parse_objective("99% < 300ms"), "browse", "detail")
ERRORS = Slo("errors", parse_objective("errors < 0.1%"))
ALL = Slo("all", parse_objective("p99 < 1s"))


def plan(
    *steps: Step | Think, service: Service = SERVICE, feeds: tuple[Feed, ...] = (), env: dict[str, str] | None = None
) -> Plan:
    workload = Workload((Journey("j", 1.0, steps),), feeds)
    return compile_plan(workload, SHAPE, service, seed=1, environment=env or {}, hash_key=KEY)


def ops(*steps: Step | Think, feeds: tuple[Feed, ...] = ()) -> list[dict[str, Any]]:
    found = json.loads(plan(*steps, feeds=feeds).engine)["journeys"][0]["ops"]
    assert isinstance(found, list)
    return found


def body(step: Step, feeds: tuple[Feed, ...] = ()) -> dict[str, Any]:
    found = ops(step, feeds=feeds)[0]["body"]
    assert isinstance(found, dict)
    return found


def accepted(compiled: Plan) -> None:
    """The engine takes it."""
    core = pytest.importorskip("loadstone._core")
    core.LoadEngine(compiled.engine)


def test_the_documented_plan() -> None:
    """What docs/formats.md shows is what the same spec compiles to."""
    text = FORMATS.read_text().partition("```json\n")[2].partition("```")[0]
    documented = json.loads(text)
    workload = Workload((BROWSE,), (USERS,), None)
    service = msgspec.structs.replace(SERVICE, auth=Auth(bearer="{env.SHOP_TOKEN}"))
    compiled = compile_plan(
        workload, SHAPE, service, (DETAIL,), seed=41, environment={"SHOP_TOKEN": "the value"}, hash_key=KEY
    )
    made = json.loads(compiled.engine)
    made["target"]["auth"] = None
    documented["record"]["hash_key"] = KEY
    shown = documented["journeys"][0]["ops"]
    ours = made["journeys"][0]["ops"]
    assert ours[:2] == shown[:2]
    assert {key: ours[2][key] for key in ("op", "step", "number")} == {
        key: shown[2][key] for key in ("op", "step", "number")
    }
    documented["journeys"] = made["journeys"]
    assert made == documented
    accepted(compiled)


def test_the_archive_keeps_no_secret_no_row_and_no_key() -> None:
    service = msgspec.structs.replace(SERVICE, auth=Auth(user="{env.NAME}", password="{env.PASS}"))
    step = Step("a", "get", "/{users.email}", headers={"x": "{env.TOKEN}"})
    env = {"NAME": "sesame-1", "PASS": "sesame-2", "TOKEN": "sesame-3"}
    compiled = plan(step, service=service, feeds=(USERS,), env=env)
    archived = json.loads(compiled.archive)
    assert b"sesame" not in compiled.archive
    assert b"a@x" not in compiled.archive
    assert KEY.encode() not in compiled.archive
    assert archived["secrets"] == {"NAME": "NAME", "PASS": "PASS", "TOKEN": "TOKEN"}
    assert archived["feeds"] == [{"name": "users", "columns": ["email", "password"], "rows": 1, "order": "sequential"}]
    whole = json.loads(compiled.engine)
    assert whole["secrets"] == env
    assert whole["record"].pop("hash_key") == KEY
    assert whole | {"secrets": archived["secrets"], "feeds": archived["feeds"]} == archived
    accepted(compiled)


def test_missing_variables_are_all_named() -> None:
    step = Step("a", "post", "/", headers={"x": "{env.B}"}, body=Body("json", {"k": ["{env.A}"]}))
    with pytest.raises(SpecError, match=r"variables are not set: A, B") as raised:
        plan(step)
    assert raised.value.exit_code == 2
    assert secret_names(SERVICE, Workload((Journey("j", 1.0, (step,)),))) == ("A", "B")


def test_thresholds_stand_in_the_order_of_the_objectives_with_a_limit() -> None:
    compiled = compile_plan(Workload((BROWSE,)), SHAPE, SERVICE, (DETAIL, ERRORS, ALL), seed=1)
    assert json.loads(compiled.engine)["thresholds"] == [
        {"journey": "browse", "step": "detail", "limit_ns": 300_000_000},
        {"journey": None, "step": None, "limit_ns": 1_000_000_000},
    ]
    accepted(compiled)


def test_steps_are_numbered_over_the_whole_plan() -> None:
    two = Workload((BROWSE, Journey("again", 1.0, BROWSE.actions)))
    made = json.loads(compile_plan(two, SHAPE, SERVICE, seed=1).engine)
    numbers = [op["number"] for journey in made["journeys"] for op in journey["ops"] if op["op"] == "request"]
    assert numbers == [1, 2, 3, 4]


def test_the_services_path_stands_before_each_steps_but_not_before_a_link() -> None:
    service = Service("https://[::1]:8443/api", tls=Tls("/ca.pem", verify=False))
    id_step = Step("a", "get", "/x", extract=(Extraction("next", "header", "location"),))
    steps = (id_step, Step("b", "get", "{next|raw}"))
    made = json.loads(plan(*steps, service=service).engine)
    assert made["target"] == {
        "scheme": "https", "host": "::1", "port": 8443, "tls": {"ca_file": "/ca.pem", "verify": False}, "auth": None,
    }  # fmt: skip
    first, second = made["journeys"][0]["ops"]
    assert first["target"] == [{"text": "/api/x"}]
    assert second["target"] == [{"var": "next", "encode": "none"}]


@pytest.mark.parametrize(("url", "port"), [("http://localhost", 80), ("https://localhost", 443)])
def test_ports_that_go_without_saying(url: str, port: int) -> None:
    assert json.loads(plan(LIST, service=Service(url)).engine)["target"]["port"] == port


def test_text_in_a_target_is_a_uri() -> None:
    (op,) = ops(Step("a", "get", "/café au lait?q=a%20b&c=[1]"))
    assert op["target"] == [{"text": "/caf%C3%A9%20au%20lait?q=a%20b&c=[1]"}]


def test_a_json_body_encodes_inside_quotes() -> None:
    value: dict[str, object] = {
        "id": "{users.email}",
        'q"': 'a"b {{x}}',
        "n": "{int(1, 9)|raw}",
        "l": [1, 2.5, True, "{uuid}!"],
        "e": {},
    }
    made = body(Step("a", "post", "/", body=Body("json", value)), feeds=(USERS,))
    assert made == {
        "content_type": "application/json",
        "parts": [
            {"text": '{"id":"'},
            {"feed": 0, "column": 0, "encode": "json"},
            {"text": '","q\\"":"a\\"b {x}","n":'},
            {"int": {"low": 1, "high": 9}, "encode": "none"},
            {"text": ',"l":[1,2.5,true,"'},
            {"uuid": {}, "encode": "json"},
            {"text": '!"],"e":{}}'},
        ],
    }


def test_a_json_body_without_a_template_is_that_json() -> None:
    value: dict[str, object] = {"a": [1, {"b": 'é\n"', "c": []}], "d": False, "e": 1e-9}
    made = body(Step("a", "post", "/", body=Body("json", value)))
    assert json.loads("".join(part["text"] for part in made["parts"])) == value


def test_a_form_encodes_its_fields() -> None:
    fields: dict[str, object] = {"a b": "x&y {arrival}", "n": 2, "t": True, "many": ["1", "{uuid}"]}
    assert body(Step("a", "post", "/", body=Body("form", fields))) == {
        "content_type": "application/x-www-form-urlencoded",
        "parts": [
            {"text": "a+b=x%26y+"},
            {"arrival": {}, "encode": "form"},
            {"text": "&n=2&t=true&many=1&many="},
            {"uuid": {}, "encode": "form"},
        ],
    }


@pytest.mark.parametrize(
    ("content_type", "encode"),
    [(None, "none"), ("text/plain", "none"), ("Application/JSON; charset=utf-8", "json"),
     ("application/problem+json", "json"), ("application/x-www-form-urlencoded", "form")],
)  # fmt: skip
def test_a_text_body_encodes_for_its_content_type(content_type: str | None, encode: str) -> None:
    headers = {"Content-Type": content_type} if content_type else {}
    made = body(Step("a", "post", "/", headers=headers, body=Body("text", '{"a": {"b": "{uuid}"}}')))
    assert made == {
        "content_type": None,
        "parts": [{"text": '{"a": {"b": "'}, {"uuid": {}, "encode": encode}, {"text": '"}}'}],
    }


def test_every_kind_of_think_time() -> None:
    made = ops(
        LIST,
        Think("constant", value_s=2.0),
        Think("exponential", value_s=0.5),
        Think("uniform", low_s=1.0, high_s=3.0),
        Think("lognormal", value_s=2.0, sigma=0.6),
    )
    assert made[1:] == [
        {"op": "think", "distribution": "constant", "value_ns": 2_000_000_000},
        {"op": "think", "distribution": "exponential", "mean_ns": 500_000_000},
        {"op": "think", "distribution": "uniform", "low_ns": 1_000_000_000, "high_ns": 3_000_000_000},
        {"op": "think", "distribution": "lognormal", "median_ns": 2_000_000_000, "sigma": 0.6},
    ]
    accepted(plan(LIST, Think("constant", value_s=2.0), Think("uniform", low_s=1.0, high_s=3.0)))


def test_a_column_that_no_feed_has_is_an_error() -> None:
    with pytest.raises(SpecError, match=r"no feed has the column \{users.phone\}"):
        plan(Step("a", "get", "/{users.phone}"), feeds=(USERS,))


def test_what_is_recorded() -> None:
    traced = Workload((BROWSE,), trace_share=0.1)
    compiled = compile_plan(
        traced, SHAPE, SERVICE, seed=1, nonce=7, hash_key=KEY, recording=Recording(0.5, 1, 2, 3, exchanges=True)
    )
    assert json.loads(compiled.engine)["record"] == {
        "interval_ns": 500_000_000, "slowest": 1, "failed": 2, "uniform": 3, "exchanges": True, "hash_key": KEY,
        "trace": {"share": 0.1, "nonce": 7},
    }  # fmt: skip
    accepted(compiled)


def test_hash_keys_are_fresh() -> None:
    made = [
        json.loads(compile_plan(Workload((BROWSE,)), SHAPE, SERVICE, seed=1).engine)["record"]["hash_key"]
        for _ in range(2)
    ]
    assert made[0] != made[1]
    assert all(len(bytes.fromhex(key)) == 16 for key in made)


@pytest.mark.parametrize(
    "shape",
    [
        SHAPE,
        Shape("closed", "closed", (Phase("closed", 30.0, users=50),)),
        Shape("even", "even", (Phase("even", 30.0, 0.5),)),
        Shape("check", "once"),
    ],
)
def test_the_engine_takes_every_shape(shape: Shape) -> None:
    accepted(compile_plan(Workload((BROWSE,)), shape, SERVICE, seed=1))


def test_steps_that_lead_to_one_another() -> None:
    pause = Think("exponential", value_s=2.0)
    first = Step("list", "get", "/list", next={"detail": 0.6, "list": 0.1}, pause=pause)
    journey = Journey("visit", 1.0, (first, Step("detail", "get", "/detail", next={})), start={"list": 1.0}, most=200)
    compiled = compile_plan(Workload((journey,)), SHAPE, SERVICE, seed=1, environment={}, hash_key=KEY)
    (made,) = json.loads(compiled.engine)["journeys"]
    assert (made["start"], made["most"]) == ({"list": 1.0}, 200)
    assert made["ops"][0]["next"] == {"detail": 0.6, "list": 0.1}
    assert made["ops"][0]["pause"] == {"distribution": "exponential", "mean_ns": 2_000_000_000}
    assert (made["ops"][1]["next"], "pause" in made["ops"][1]) == ({}, False)
    accepted(compiled)


def test_feeds_by_popularity() -> None:
    feed = Feed("users", ("id",), (("a",), ("b",)), "zipf", None, 1.1, 2.7, "request")
    compiled = plan(Step("a", "get", "/{users.id}/{zipf(9, 1.1, 2.7)}"), feeds=(feed,))
    (made,) = json.loads(compiled.engine)["feeds"]
    assert {name: made[name] for name in ("order", "exponent", "shift", "per")} == {
        "order": "zipf",
        "exponent": 1.1,
        "shift": 2.7,
        "per": "request",
    }
    assert json.loads(compiled.archive)["feeds"] == [made | {"rows": 2}]
    assert ops(Step("a", "get", "/{zipf(9, 1.1, 2.7)}"))[0]["target"][1]["zipf"]["shift"] == 2.7
    accepted(compiled)


def test_bursts_are_variances_at_the_phases_rate() -> None:
    bursts = (Burst(1.0, 1.4), Burst(10.0, 2.5), Burst(60.0, 4.6))
    phases = (Phase("warm-up", 20.0, 24.0, measured=False), Phase("steady", 600.0, 12.0), Phase("rest", 1.0, 0.0))
    shape = Shape("peak", "poisson", phases, bursts)
    compiled = compile_plan(Workload((BROWSE,), (USERS,)), shape, SERVICE, seed=1, environment={}, hash_key=KEY)
    made = json.loads(compiled.engine)["shape"]["phases"]
    assert "bursts" not in made[2]
    for phase, rate in zip(made[:2], (24.0, 12.0), strict=True):
        # The other way round: two instants share the factors of every window that holds both.
        index, before = 1.0, 0.0
        for place, burst in enumerate(phase["bursts"]):
            shared = math.prod(1 + one["variance"] for one in phase["bursts"][place:]) - 1
            index += rate * (burst["window_ns"] / 1e9 - before) * shared
            before = burst["window_ns"] / 1e9
            assert index == pytest.approx(bursts[place].index)
    assert PlanFacts.of(compiled.engine).dispersion == pytest.approx(4.6)
    assert PlanFacts.of(plan(BROWSE.actions[0]).engine).dispersion == 1.0
    accepted(compiled)
    slow = msgspec.structs.replace(shape, phases=(Phase("slow", 600.0, 0.0001),))
    with pytest.raises(SpecError, match="most windows would be silent"):
        compile_plan(Workload((BROWSE,), (USERS,)), slow, SERVICE, seed=1, environment={}, hash_key=KEY)


def test_the_documented_journey_that_branches_is_accepted() -> None:
    text = FORMATS.read_text().partition("**A journey that branches**")[2].partition("```json\n")[2].partition("```")[0]
    document = json.loads(plan(BROWSE.actions[0]).engine)
    document["journeys"] = [json.loads(text)]
    phase = FORMATS.read_text().partition('A phase of `poisson` may have `"bursts": ')[2].partition("`")[0]
    document["shape"]["phases"][0]["bursts"] = json.loads(phase)
    accepted(Plan(json.dumps(document).encode(), b""))
