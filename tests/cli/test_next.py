"""Each command ends by naming the one to go on with."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Command

SPEC = """\
[service]
url = "http://127.0.0.1:8000"
[[journey]]
name = "browse"
[[journey.step]]
name = "list"
get = "/"
[shape.steady]
rate = "50/s"
duration = "2s"
"""


def last_line(text: str) -> str:
    return text.rstrip().splitlines()[-1]


def test_doctor_leads_to_a_spec_and_then_to_its_check(loadstone: Command) -> None:
    assert last_line(loadstone("doctor").out) == "next    loadstone init URL"
    Path("loadstone.toml").write_text(SPEC)
    assert last_line(loadstone("doctor").out) == "next    loadstone check"


def test_check_leads_to_a_run(loadstone: Command) -> None:
    Path("loadstone.toml").write_text(SPEC)
    assert last_line(loadstone("check", "--dry").err) == "next    loadstone check"
    assert "next" not in loadstone("check", "--dry", "--json").err


@pytest.mark.parametrize(
    ("words", "step"),
    [
        (("run", "-q"), "loadstone run --evidence"),
        (("run", "http://127.0.0.1:8000/", "--rate", "50/s", "--for", "2s", "-q"), "loadstone report last --open"),
    ],
)
def test_a_bare_run_leads_on(loadstone: Command, words: tuple[str, ...], step: str) -> None:
    Path("loadstone.toml").write_text(SPEC)
    assert last_line(loadstone(*words).out) == f"next    {step}"


def test_a_run_without_evidence_is_driven_again_with_it(loadstone: Command) -> None:
    Path("loadstone.toml").write_text(SPEC)
    loadstone("run", "-q")
    assert "loadstone run --evidence" in last_line(loadstone("diagnose", "last").err)
