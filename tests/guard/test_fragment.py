from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from loadstone.guard.fragment import guardrail_lines
from loadstone.guard.gate import gate
from loadstone.model.comparison import Comparison, Metric
from loadstone.model.finding import Finding, FindingEvidence, Locus, Roles, Share
from loadstone.model.guardrail import Guard
from loadstone.model.slo import Slo, parse_objective
from loadstone.spec import load
from tests.guard.made import comparison, counted, design, relative

SLO = Slo("catalogue is fast", parse_objective("99% < 20ms"), "browse", "detail")
STATEMENTS = counted(2.52, 1.02, step="detail")
EVERYWHERE = counted(2.0, 1.2)
P99 = relative(0.1, 0.08, 0.12, name="p99 response", step="detail", judged=True, a=0.031)
P50 = relative(0.99, 0.97, 1.01, name="p50 response", step="detail", a=0.0008)
CPU = relative(0.5, 0.45, 0.55, name="CPU a request", a=0.002)


def finding() -> Finding:
    return Finding(
        fault="n-plus-one", severity="critical", title="", locus=Locus(journey="browse", step="detail"),
        roles=Roles(), evidence=FindingEvidence(), cost_s_per_request=0.0, lost_s_per_s=0.0, requests_share=0.03,
        share=Share(), predicted=None, cure="", confidence=1.0, fingerprint="1ee0f162",
    )  # fmt: skip


def faster(*metrics: Metric, **changed: object) -> Comparison:
    return comparison(*metrics, verdict="faster", made=design(6, **changed))


SPEC = """[service]
url = "http://127.0.0.1:1"
[[slo]]
name = "catalogue is fast"
journey = "browse"
objective = "99% < 20ms"
[[journey]]
name = "browse"
[[journey.step]]
name = {name}
get = "/"
[shape.one]
rate = "1/s"
duration = "5s"
"""


def guards(lines: str, folder: Path, step: str = "detail") -> tuple[Guard, ...]:
    """As the reader of loadstone.toml takes them, put beneath a spec."""
    spec = folder / "loadstone.toml"
    name = json.dumps(step)
    spec.write_text(SPEC.format(name=name) + lines)
    return load(spec).guardrails.guards


def back(metric: Metric) -> Metric:
    """The same metric of a change that brings the fault back."""
    if metric.ratio is None:
        assert metric.a is not None and metric.b is not None
        return counted(metric.b, metric.a, name=metric.name, step=metric.step)
    assert metric.low is not None and metric.high is not None and metric.b is not None
    ends = 1 / metric.ratio, 1 / metric.high, 1 / metric.low
    return relative(*ends, name=metric.name, step=metric.step, judged=metric.judged, a=metric.b)


def same(metric: Metric) -> Metric:
    if metric.ratio is None:
        assert metric.b is not None
        return counted(metric.b, metric.b, name=metric.name, step=metric.step)
    return relative(1.0, 0.98, 1.02, name=metric.name, step=metric.step, judged=metric.judged)


def test_the_founding_storys_guardrail(tmp_path: Path) -> None:
    lines = guardrail_lines(faster(P99, P50, STATEMENTS, EVERYWHERE, CPU), finding(), [SLO])
    assert lines == (
        "# Would have caught n-plus-one 1ee0f162: side A breaks it, side B keeps it.\n"
        "[guardrails]\n"
        "slos = true  # catalogue is fast: 99% < 20ms\n"
        '"statements of browse.detail" = "+0"  # 1.02 with the change, 2.52 without\n'
        '"p99 response of browse.detail" = "5%"  # 3.10 ms with the change, 31.0 ms without\n'
    )
    held = guards(lines, tmp_path)
    assert [one.kind for one in held] == ["slo", "counter", "relative"]


@pytest.mark.parametrize("metrics", [(P99, STATEMENTS), (P99,), (STATEMENTS, P50), (P99, CPU)])
def test_it_fails_what_brings_the_fault_back_and_passes_what_does_not(
    metrics: tuple[Metric, ...], tmp_path: Path
) -> None:
    lines = guardrail_lines(faster(*metrics), finding(), [SLO])
    assert lines is not None
    held = [guard for guard in guards(lines, tmp_path) if guard.kind != "slo"]
    assert held
    for guard in held:
        assert gate(comparison(*map(back, metrics)), [guard]).verdict == "fail"
        assert gate(comparison(*map(same, metrics)), [guard]).verdict == "pass"


def test_a_margin_is_one_that_the_design_could_have_seen() -> None:
    told = guardrail_lines(faster(P99, smallest={P99.label: 1.34}), finding(), [SLO])
    assert told is not None and '"p99 response of browse.detail" = "50%"' in told
    floored = msgspec.structs.replace(P99, floor=1.12)
    told = guardrail_lines(faster(floored), finding(), [SLO])
    assert told is not None and '"p99 response of browse.detail" = "20%"' in told


def test_a_time_that_the_way_back_would_not_break_for_certain_is_left_out() -> None:
    little = relative(0.96, 0.93, 0.99, name="p99 response", step="detail", judged=True)
    assert guardrail_lines(faster(little), finding(), [SLO]) is None
    told = guardrail_lines(faster(little, STATEMENTS), finding(), [SLO])
    assert told is not None and "p99" not in told and "statements" in told


def test_processor_time_is_held_where_nothing_could_be_counted() -> None:
    told = guardrail_lines(faster(P99, CPU), finding(), [SLO])
    assert told is not None and '"cpu" = "5%"  # 1.00 ms with the change, 2.00 ms without' in told


def test_a_step_without_an_objective_gets_one_between_the_sides() -> None:
    told = guardrail_lines(faster(P99), finding())
    assert told is not None
    assert told.endswith('[[slo]]\nname = "detail is fast"\nstep = "browse.detail"\nobjective = "p99 < 10ms"\n')
    near = relative(0.8, 0.75, 0.85, name="p99 response", step="detail", judged=True)
    assert "[[slo]]" not in (guardrail_lines(faster(near), finding()) or "")


def test_without_a_better_side_there_is_nothing_to_hold() -> None:
    for verdict in ("slower", "not-worse", "undecided", "invalid"):
        assert guardrail_lines(comparison(P99, STATEMENTS, verdict=verdict), finding(), [SLO]) is None
    assert guardrail_lines(comparison(verdict="faster")) is None


def test_a_hostile_name_stays_within_its_line(tmp_path: Path) -> None:
    name = 'x" = "1%" # [[slo]] \\'
    metrics = [msgspec.structs.replace(one, step=name) for one in (P99, STATEMENTS)]
    slo = Slo("bad\nname", parse_objective("99% < 20ms"), "browse", name)
    blamed = msgspec.structs.replace(finding(), locus=Locus(journey="browse", step=name))
    told = guardrail_lines(faster(*metrics), blamed, [slo])
    assert told is not None and "bad name" in told
    assert {one.step for one in guards(told, tmp_path, name) if one.kind != "slo"} == {name}
