"""A gate told to people and machines, whole, against golden files; and what no text from outside may do to any."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from loadstone.model.guardrail import GateReport
from loadstone.render.gate_markdown import BEFORE_FOLD, LONGEST, gate_markdown
from loadstone.render.gate_text import gate_text
from loadstone.render.github import MOST, annotated, command
from loadstone.render.junit import junit_xml
from tests.render.gate_specimens import REPORTS, ended, hostile, passed, slower, undecided

GOLDEN = Path(__file__).parent / "golden" / "gate"
CAUSE = ("shop/views.py", 88)


def github(report: GateReport) -> str:
    return "\n".join(annotated(report, cause=CAUSE, spec="loadstone.toml"))


@pytest.mark.parametrize("name", REPORTS)
def test_the_whole_screen(name: str) -> None:
    assert gate_text(REPORTS[name]()) + "\n" == (GOLDEN / f"{name}.txt").read_text("utf-8")


@pytest.mark.parametrize("name", REPORTS)
def test_the_whole_comment(name: str) -> None:
    assert gate_markdown(REPORTS[name]()) + "\n" == (GOLDEN / f"{name}.md").read_text("utf-8")


@pytest.mark.parametrize("name", REPORTS)
def test_the_whole_suite(name: str) -> None:
    assert junit_xml(REPORTS[name]()) == (GOLDEN / f"{name}.xml").read_text("utf-8")


@pytest.mark.parametrize("name", REPORTS)
def test_the_whole_annotations(name: str) -> None:
    assert github(REPORTS[name]()) + "\n" == (GOLDEN / f"{name}.github").read_text("utf-8")


def test_colour_adds_nothing_but_colour() -> None:
    for make in REPORTS.values():
        assert re.sub(r"\x1b\[\d+m", "", gate_text(make(), color=True)) == gate_text(make())


def test_the_next_step_stands_last() -> None:
    assert gate_text(passed(), next_step="loadstone serve").splitlines()[-1] == "next    loadstone serve"


@pytest.mark.parametrize("name", REPORTS)
def test_ten_lines_stand_before_the_fold(name: str) -> None:
    before = gate_markdown(REPORTS[name]()).partition("<details>")[0].rstrip()
    assert len(before.splitlines()) <= BEFORE_FOLD


def test_before_the_fold_stand_verdict_number_cause_and_time() -> None:
    before = gate_markdown(slower()).partition("<details>")[0]
    for said in ("fail", "B/A 1.21 [1.14, 1.29]", "INSERT INTO audit", "`shop/views.py:88`", "5 min"):
        assert said in before
    assert "About 26 pairs would settle it" in gate_markdown(undecided()).partition("<details>")[0]


def tricked(text: str) -> GateReport:
    """A report whose every text from outside is this one."""
    report = ended()
    result = replace(report.results[0], sentence=text, settle=text, guard=replace(report.results[0].guard, name=text))
    cause = None if report.cause is None else replace(report.cause, label=text, where=text, sentence=text)
    return replace(
        report, sentence=f"Fail: {text}", results=(result,), cause=cause, base=text, candidate=text,
        comparison=replace(report.comparison, moved=() if cause is None else (cause,), vetoed=(text,)),
    )  # fmt: skip


NASTY = st.text(st.sampled_from("<>&|`*_[]()@#:%,\r\n\t \\\"'\x00\x1b\ufffe~$-+=!.ab1"), max_size=40)
TEXTS = NASTY | st.text(max_size=30)


@settings(max_examples=150, deadline=None)
@given(TEXTS)
def test_no_text_breaks_the_comment(text: str) -> None:
    told = gate_markdown(tricked(text))
    outside = re.sub(r"\\.|(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)", "·", told)  # without code spans and escapes
    assert set(re.findall(r"<[^>]*>?", outside)) <= {"<details>", "<summary>", "</summary>", "</details>", "<br>"}
    assert told.count("<details>") == len(re.findall(r"^<details>", told, re.M))
    assert not re.search(r"@\w", outside)
    tables = re.findall(r"(?:^\|.*\n)+", told, re.M)
    for table in tables:
        columns = {len(re.findall(r"(?<!\\)\|", row)) for row in table.splitlines()}
        assert len(columns) == 1


@settings(max_examples=150, deadline=None)
@given(TEXTS)
def test_no_text_breaks_the_suite(text: str) -> None:
    suite = ElementTree.fromstring(junit_xml(tricked(text)))
    assert len(list(suite.iter("testcase"))) == 1
    assert len(list(suite.iter("failure"))) == 1


@settings(max_examples=150, deadline=None)
@given(TEXTS)
def test_no_text_breaks_out_of_a_command(text: str) -> None:
    for line in annotated(tricked(text), cause=(text, 1), spec=text):
        assert "\n" not in line and "\r" not in line
        head, _, message = line[2:].partition("::")
        level, _, properties = head.partition(" ")
        assert level == "error"
        assert [pair.partition("=")[0] for pair in properties.split(",")] == ["file", "line", "title"]
        assert re.sub(r"%(25|0D|0A|3A|2C)", "", properties + message).count("%") == 0


def test_the_escaping_is_the_runners_own() -> None:
    """Vectors of actions/toolkit, packages/core/__tests__/command.test.ts, as far as they are printable."""
    assert command("warning", "%25 % and ::", title="a:b,c%d") == "::warning title=a%3Ab%2Cc%25d::%2525 %25 and ::"


def test_github_shows_ten_of_a_kind() -> None:
    report = ended()
    many = tuple(replace(report.results[0], guard=replace(report.results[0].guard, step=str(n))) for n in range(30))
    assert len(annotated(replace(report, results=many))) == MOST


def test_a_place_outside_the_repository_is_left_out() -> None:
    lines = annotated(ended())
    assert lines[0].startswith("::error title=")
    assert "file=" not in lines[0]


def test_a_long_comment_keeps_what_stands_before_the_fold() -> None:
    report = slower()
    long = replace(report.results[0], sentence="x" * 1900, settle="y" * 1900, value=None)
    told = gate_markdown(replace(report, results=(long,) * 40))
    assert len(told) <= LONGEST
    assert told.startswith("**Loadstone: fail**: p95 response of browse.detail")
    assert told.count("<details>") == told.count("</details>")


# The names that Jenkins' schema knows (jenkinsci/xunit-plugin, junit-10.xsd), and what of them is needed.
KNOWN: dict[str, tuple[set[str], set[str], set[str]]] = {
    "testsuites": ({"name", "time", "tests", "failures", "disabled", "errors"}, set(), {"testsuite"}),
    "testsuite": (
        {"name", "tests", "failures", "errors", "group", "time", "skipped", "timestamp", "hostname", "id", "package",
         "file", "log", "url", "version"},
        {"name", "tests", "failures", "errors", "time", "timestamp", "hostname"},
        {"testsuite", "properties", "testcase", "system-out", "system-err"},
    ),
    "properties": (set(), set(), {"property"}),
    "property": ({"name", "value"}, {"name", "value"}, set()),
    "testcase": (
        {"name", "assertions", "time", "timestamp", "classname", "status", "class", "file", "line", "log", "group",
         "url"},
        {"name", "classname", "time"},
        {"skipped", "error", "failure", "system-out", "system-err", "properties"},
    ),
    "failure": ({"type", "message"}, {"type", "message"}, set()),
    "error": ({"type", "message"}, {"type", "message"}, set()),
    "skipped": ({"type", "message"}, set(), set()),
    "system-out": (set(), set(), set()),
}  # fmt: skip


@pytest.mark.parametrize("name", REPORTS)
def test_the_suite_keeps_to_the_schema(name: str) -> None:
    root = ElementTree.fromstring(junit_xml(REPORTS[name]()))
    assert root.tag == "testsuites"
    for element in root.iter():
        may, must, children = KNOWN[element.tag]
        assert must <= set(element.keys()) <= may
        assert {child.tag for child in element} <= children
    suite = root[0]
    for attribute, tag in (("tests", "testcase"), ("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        assert int(suite.get(attribute, "-1")) == len(list(suite.iter(tag)))
    order = [child.tag for child in suite]
    assert order == sorted(order, key=["properties", "testcase", "system-out"].index)


def test_a_hostile_screen_has_no_control_characters() -> None:
    assert not re.search(r"[\x00-\x09\x0b-\x1f]", gate_text(hostile()))
