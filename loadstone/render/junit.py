"""A gate as JUnit XML: one suite, a case a guardrail; what fails is a failure, what is invalid an error, what is
undecided skipped, since neither passed nor failed has been shown."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from loadstone.model.guard_words import name_of
from loadstone.model.guardrail import GateReport, GuardResult
from loadstone.render.gate_text import cause_told, design_told, held_as
from loadstone.render.text import plain

__all__ = ["SUITE", "junit_xml"]

SUITE = "loadstone gate"


def junit_xml(report: GateReport) -> str:
    """The document, with a trailing newline. Attributes are those of the Ant task's and Jenkins' schema; time is booked
    on the suite, since all cases were measured together."""
    results = report.results
    failures, errors, skipped = (
        sum(one.verdict == verdict for one in results) for verdict in ("fail", "invalid", "undecided")
    )
    suite = ElementTree.Element(
        "testsuite",
        {
            "name": SUITE,
            "tests": str(len(results)),
            "failures": str(failures),
            "errors": str(errors),
            "skipped": str(skipped),
            "time": f"{report.spent_s or 0:.3f}",
            "timestamp": _timestamp(report.experiment),
            "hostname": "localhost",
        },
    )
    properties = ElementTree.SubElement(suite, "properties")
    for name, value in (
        ("experiment", report.experiment),
        ("verdict", report.verdict),
        ("sides", held_as(report)),
        ("design", design_told(report)),
    ):
        ElementTree.SubElement(properties, "property", {"name": name, "value": plain(value)})
    for one in results:
        suite.append(_case(one, report))
    ElementTree.SubElement(suite, "system-out").text = plain(report.sentence)
    wrapper = ElementTree.Element("testsuites")
    wrapper.append(suite)
    ElementTree.indent(wrapper)
    body = ElementTree.tostring(wrapper, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{body}\n'


def _case(one: GuardResult, report: GateReport) -> ElementTree.Element:
    case = ElementTree.Element("testcase", {"classname": SUITE, "name": plain(name_of(one.guard)), "time": "0.000"})
    message = plain(one.sentence)
    if one.verdict == "fail":
        failure = ElementTree.SubElement(case, "failure", {"message": message, "type": "guardrail"})
        failure.text = "\n".join([message, *_cause(one, report)])
    elif one.verdict == "invalid":
        ElementTree.SubElement(case, "error", {"message": message, "type": "invalid"}).text = message
    elif one.verdict == "undecided":
        settle = "" if one.settle is None else f" {plain(one.settle[:1].upper() + one.settle[1:])}."
        ElementTree.SubElement(case, "skipped", {"message": f"{message}{settle}"})
    return case


def _cause(one: GuardResult, report: GateReport) -> list[str]:
    told = cause_told(report)
    if told is None or report.cause is None or name_of(one.guard) != report.decided_by:
        return []
    where = "" if report.cause.where is None else f", {report.cause.where}"
    return [plain(f"{told}{where}.")]


def _timestamp(experiment: str) -> str:
    """When the experiment began, by its id (UTC); the epoch where its name says nothing."""
    found = re.match(r"(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})", experiment)
    return "{}-{}-{}T{}:{}:{}".format(*found.groups()) if found else "1970-01-01T00:00:00"
