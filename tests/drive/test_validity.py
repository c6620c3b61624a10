"""Each caveat: a run that earns it, and one that looks alike and does not."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import msgspec
import pytest

from loadstone.drive.facts import PlanFacts
from loadstone.drive.fake import Script, Stall
from loadstone.drive.summary import summarise
from loadstone.drive.validity import CODES, validity_of
from loadstone.model.interval import Interval
from loadstone.model.run import Caveat, Level, Status, Summary
from tests.drive.plans import intervals, phase, plan, request, summary

ONE = {"name": "one", "weight": 1.0, "ops": [request("get", 1)]}
BUSY = plan((phase("steady", 20, rate=100.0),), journeys=(ONE,))
CLOSED = plan((phase("steady", 5, users=4),), arrivals="closed", journeys=(ONE,))
DOCUMENT = Path(__file__).parents[2] / "docs" / "validity.md"


def level(found: Summary, code: str) -> str | None:
    levels = [caveat.level for caveat in found.caveats if caveat.code == code]
    assert len(levels) <= 1
    return levels[0] if levels else None


def judged(told: tuple[Interval, ...], document: bytes = BUSY, status: Status = "complete") -> Summary:
    return summarise("r", PlanFacts.of(document), told, (), status)


def test_an_honest_run_on_two_busy_cores_is_valid_without_a_doubt() -> None:
    found = summary(Script(pressure_share=0.9, busy_share=0.98, busiest_share=0.4, late_share=0.04), document=BUSY)
    assert found.validity == "valid"
    assert level(found, "host-pressure") == "note"


def test_a_quiet_run_has_nothing_to_tell_but_its_size() -> None:
    found = summary(Script(busy_share=0.3, pressure_share=0.02, steal_share=0.0), document=BUSY)
    assert [caveat.code for caveat in found.caveats] == ["few-requests"]


def test_nothing_measured() -> None:
    only_warm_up = plan((phase("warm-up", 5, rate=20.0, measured=False),))
    assert level(summary(document=only_warm_up), "nothing-measured") == "void"


def test_unreachable_is_void_and_a_service_that_dies_is_data() -> None:
    assert level(summary(Script(error_share=1.0, error_result="connect")), "target-unreachable") == "void"
    assert level(summary(Script(error_share=0.9, error_result="connect")), "target-unreachable") is None
    assert level(summary(Script(error_share=1.0, error_result="reset")), "target-unreachable") is None


def test_a_saturated_generator_is_void_where_the_clock_sets_the_load() -> None:
    assert level(summary(Script(busiest_share=0.95)), "generator-saturated") == "void"
    assert level(summary(Script(busiest_share=0.85)), "generator-saturated") is None
    assert level(summary(Script(busiest_share=0.95), document=CLOSED), "generator-saturated") == "note"
    thinking = plan((phase("steady", 5, users=4),), arrivals="closed")
    assert level(summary(Script(busiest_share=0.95), document=thinking), "generator-saturated") == "void"


def test_one_busy_second_in_many_is_only_told() -> None:
    told = list(intervals(plan((phase("steady", 40, rate=20.0),), journeys=(ONE,))))
    generator = msgspec.structs.replace(told[3].generator, busiest_share=0.97)
    told[3] = msgspec.structs.replace(told[3], generator=generator)
    assert level(judged(tuple(told)), "generator-saturated") == "note"


@pytest.mark.parametrize(
    ("late", "lag_s", "expected"),
    [(0.0005, 0.05, None), (0.005, 0.05, "note"), (0.05, 0.0005, "note"), (0.05, 0.05, "doubt"), (0.3, 0.2, "void")],
)
def test_a_late_schedule_weighs_by_how_many_and_how_much(late: float, lag_s: float, expected: str | None) -> None:
    # round(started x share) needs enough arrivals an interval to show half a thousandth
    document = plan((phase("steady", 4, rate=1500.0),), arrivals="even", journeys=(ONE,))
    script = Script(late_share=late, lag_s=lag_s, mean_s=0.02)
    assert level(summary(script, document=document), "late-schedule") == expected


def test_offered_against_the_schedule() -> None:
    told = intervals(BUSY)
    assert level(judged(told), "offered-off") is None
    thinned = tuple(
        msgspec.structs.replace(each, offered=each.offered * 8 // 10, started=each.started * 8 // 10) for each in told
    )
    assert level(judged(thinned), "offered-off") == "void"
    unstarted = tuple(msgspec.structs.replace(each, started=each.started * 9 // 10) for each in told)
    assert level(judged(unstarted), "offered-off") == "void"
    assert level(judged(told[:8], status="interrupted"), "offered-off") is None


def test_bursts_may_offer_more_and_less_than_poisson() -> None:
    bursts = [{"window_ns": 10_000_000_000, "variance": 0.5}]
    told = intervals(BUSY)
    thinned = tuple(
        msgspec.structs.replace(each, offered=each.offered * 8 // 10, started=each.started * 8 // 10) for each in told
    )
    document = msgspec.json.decode(BUSY)
    document["shape"]["phases"][0]["bursts"] = bursts
    facts = PlanFacts.of(msgspec.json.encode(document))
    found = summarise("r", facts, thinned, (), "complete", build="release")
    assert level(judged(thinned), "offered-off") == "void" and level(found, "offered-off") is None


def test_drops_are_told_and_are_not_the_generators_fault() -> None:
    found = summary(Script(dropped_share=0.2), document=BUSY)
    assert level(found, "dropped") == "note"
    assert level(found, "offered-off") is None


def test_clipped_held_debug() -> None:
    assert level(summary(Script(clipped=1)), "clipped") == "doubt"
    assert level(summary(Script(stalled=1)), "snapshots-held") == "doubt"
    told = intervals(BUSY)
    held = msgspec.structs.replace(told[0], generator=msgspec.structs.replace(told[0].generator, stalls=1))
    assert level(judged((held, *told[1:])), "snapshots-held") == "note"
    assert level(summary(build="debug"), "debug-build") == "doubt"
    assert level(summary(build="release"), "debug-build") is None
    assert level(summary(build=None), "debug-build") is None


def test_steal_doubts_by_itself_and_pressure_only_with_a_late_schedule() -> None:
    assert level(summary(Script(steal_share=0.01)), "host-steal") is None
    assert level(summary(Script(steal_share=0.05)), "host-steal") == "note"
    assert level(summary(Script(steal_share=0.2)), "host-steal") == "doubt"
    assert level(summary(Script(pressure_share=0.8)), "host-pressure") == "note"
    late = Script(pressure_share=0.8, late_share=0.1, lag_s=0.05)
    assert level(summary(late), "host-pressure") == "doubt"
    assert level(summary(msgspec.structs.replace(late, lag_s=0.001)), "host-pressure") == "note"
    assert level(summary(msgspec.structs.replace(late, pressure_share=0.3)), "host-pressure") is None


def test_few_requests_names_the_quantiles_that_they_cannot_carry() -> None:
    def said(seconds: float) -> str:
        found = summary(document=plan((phase("s", seconds, rate=500.0),), arrivals="even", journeys=(ONE,)))
        return " ".join(caveat.message for caveat in found.caveats if caveat.code == "few-requests")

    assert said(1).startswith("p99 and p99.9 rest")
    assert said(4).startswith("p99.9 rests")
    assert said(20) == ""


def test_errors_are_told_to_be_in_the_latency() -> None:
    assert level(summary(Script(error_share=0.05)), "errors-in-latency") == "note"
    assert level(summary(Script(error_share=0.001)), "errors-in-latency") is None


def test_a_service_that_cannot_keep_up_is_told_and_stays_valid() -> None:
    slow = summary(Script(workers=1, mean_s=0.02, timeout_s=60), document=BUSY)
    assert level(slow, "falling-behind") == "note"
    assert slow.validity == "valid"
    assert level(summary(Script(workers=1, mean_s=0.005), document=BUSY), "falling-behind") is None
    # Much in flight is not a queue: two seconds a request, from the first to the last.
    assert level(summary(Script(service="constant", mean_s=2.0), document=BUSY), "falling-behind") is None


def test_littles_law_is_held_against_the_engine() -> None:
    told = intervals(BUSY, Script(workers=1, mean_s=0.007, stalls=(Stall(5, 1),)))
    assert level(judged(told), "littles-law") is None

    def miscounted(each: Interval) -> Interval:
        return msgspec.structs.replace(
            each, in_flight=msgspec.structs.replace(each.in_flight, mean=each.in_flight.mean * 1.2)
        )

    assert level(judged(tuple(miscounted(each) for each in told)), "littles-law") == "doubt"


@pytest.mark.parametrize("status", ["interrupted", "aborted", "crashed"])
def test_a_run_that_did_not_end_by_itself_says_so(status: Status) -> None:
    found = judged(intervals(BUSY)[:6], status=status)
    assert level(found, "not-complete") == "note"
    assert "6.00 s of 20.0 s" in next(c.message for c in found.caveats if c.code == "not-complete")
    assert found.validity == "valid"


def test_the_gravest_comes_first_and_names_the_run() -> None:
    found = summary(Script(busiest_share=0.99, steal_share=0.5, error_share=0.5))
    order = list(get_args(Level))[::-1]
    levels = [order.index(caveat.level) for caveat in found.caveats]
    assert levels == sorted(levels)
    assert found.validity == "invalid"


def test_one_word_for_the_whole_run() -> None:
    def of(*levels: str) -> str:
        made = [{"code": "x", "level": each, "metrics": [], "message": "", "advice": ""} for each in levels]
        return validity_of(msgspec.convert(made, tuple[Caveat, ...]))

    assert (of(), of("note"), of("note", "doubt"), of("doubt", "void")) == ("valid", "valid", "doubtful", "invalid")


def test_every_caveat_is_a_sentence_and_has_a_way_out() -> None:
    runs = [
        summary(Script(error_share=1.0, error_result="connect"), build="debug"),
        summary(Script(busiest_share=0.99, late_share=0.5, lag_s=0.5, clipped=1, stalled=1, steal_share=0.5)),
        summary(Script(pressure_share=0.9, dropped_share=0.1, error_share=0.1), status="interrupted"),
    ]
    for caveat in (caveat for found in runs for caveat in found.caveats):
        assert caveat.code in CODES
        assert re.fullmatch(r"[A-Zp0-9].*\.", caveat.message), caveat.message
        assert re.fullmatch(r"[A-Z].*\.", caveat.advice), caveat.advice


def test_the_document_lists_every_code_and_no_other() -> None:
    listed = re.findall(r"^\| `([a-z-]+)` \|", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE)
    assert tuple(code for code in listed if code not in get_args(Level)) == CODES
