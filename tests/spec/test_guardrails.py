from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadstone import spec
from loadstone.model.guard_metric import ALLOWED, GUARD_METRICS, allowance, parse_guard, split_guard
from loadstone.model.guardrail import Guard, Guardrails

BEFORE = """
[service]
url = "http://127.0.0.1:8000"

[[slo]]
name = "detail is fast"
step = "browse.detail"
objective = "p99 < 300ms"

[[journey]]
name = "browse"
[[journey.step]]
name = "detail"
get = "/products/1"

[shape.steady]
rate = "40/s"
duration = "2m"
"""

SLO = Guard("detail is fast", "slo", "detail is fast", 0.0, "browse", "detail", "p99 < 300ms")


def guardrails(text: str, folder: Path) -> Guardrails:
    (folder / "loadstone.toml").write_text(BEFORE + text)
    return spec.load(folder / "loadstone.toml").guardrails


def test_without_the_table_there_are_none(tmp_path: Path) -> None:
    assert guardrails("", tmp_path) == Guardrails()


def test_objectives_come_first_then_the_table_in_its_order(tmp_path: Path) -> None:
    read = guardrails(
        '[guardrails]\n"statements of browse.detail" = "+0"\n"p95 response" = "5%"\n"errors" = "+0.1%"\n', tmp_path
    )
    assert read.guards == (
        SLO,
        Guard("statements of browse.detail", "counter", "statements", 0.0, "browse", "detail", "+0", 20),
        Guard("p95 response", "relative", "p95 response", 1.05, None, None, "5%", 21),
        Guard("errors", "counter", "errors", 0.001, None, None, "+0.1%", 22),
    )


def test_an_empty_table_holds_the_objectives(tmp_path: Path) -> None:
    assert guardrails("[guardrails]\n", tmp_path).guards == (SLO,)


def test_objectives_can_be_left_out(tmp_path: Path) -> None:
    read = guardrails('[guardrails]\nslos = false\n"cpu" = "5%"\n', tmp_path)
    assert [guard.name for guard in read.guards] == ["cpu"]


@pytest.mark.parametrize(
    ("name", "text", "margin", "shown"),
    [
        ("bytes", "+2kB", 2000.0, "+2000 B"),
        ("bytes", "+2KiB", 2048.0, "+2 KiB"),
        ("bytes", "+0", 0.0, "+0"),
        ("bytes", "2%", 1.02, "2 %"),
        ("rows", "+1.5", 1.5, "+1.5"),
        ("errors", "+0%", 0.0, "+0 %"),
        ("errors", "+0.1%", 0.001, "+0.1 %"),
        ("cpu", "12.5%", 1.125, "12.5 %"),
    ],
)
def test_margins_are_in_their_own_unit(name: str, text: str, margin: float, shown: str) -> None:
    guard = parse_guard(name, text)
    assert guard.margin == pytest.approx(margin, abs=1e-15)
    assert allowance(guard) == shown


EXAMPLES = {"relative": "5%", "share": "+0.1%", "count": "+0", "bytes": "+2kB"}


def test_every_metric_is_written_as_its_error_says() -> None:
    for name, metric in GUARD_METRICS.items():
        for way in metric.ways:
            assert EXAMPLES[way] in ALLOWED[way]
            assert parse_guard(name, EXAMPLES[way]).kind == ("relative" if way == "relative" else "counter")


@given(st.sampled_from(sorted(GUARD_METRICS)), st.text(max_size=12))
def test_what_is_no_margin_is_refused_with_a_sentence(name: str, text: str) -> None:
    try:
        guard = parse_guard(name, text)
    except ValueError as error:
        assert len(str(error)) > 20
    else:
        assert guard.margin > 1 if guard.kind == "relative" else guard.margin >= 0


def test_a_step_is_what_follows_the_first_of() -> None:
    assert split_guard("p95 response of browse.list of all") == ("p95 response", "browse.list of all")
    guard = parse_guard("statements of browse.list of all", "+0")
    assert (guard.journey, guard.step) == ("browse", "list of all")
