"""What the command line of a gate refuses, before anything is run."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Command

SPEC = """
[service]
url = "http://127.0.0.1:8000"

[[journey]]
name = "read"
[[journey.step]]
name = "item"
get = "/items/1"

[shape.short]
rate = "40/s"
duration = "2s"
"""

URLS = ("--base", "http://127.0.0.1:8001", "--candidate", "http://127.0.0.1:8002")


@pytest.fixture
def spec(loadstone: Command, tmp_path: Path) -> Path:
    path = tmp_path / "loadstone.toml"
    path.write_text(SPEC)
    return path


def test_a_base_is_needed(loadstone: Command, spec: Path) -> None:
    told = loadstone("gate")
    assert told.code == 2
    assert "--base" in told.err


def test_two_sides_that_are_one_are_refused(loadstone: Command, spec: Path) -> None:
    told = loadstone("gate", "--base", "http://127.0.0.1:8001", "--candidate", "http://127.0.0.1:8001 ")
    assert told.code == 2
    assert "loadstone calibrate" in told.err


def test_a_spec_is_needed(loadstone: Command) -> None:
    told = loadstone("gate", *URLS)
    assert told.code == 2
    assert "there is no loadstone.toml here" in told.err


def test_what_is_wrong_with_guardrails_has_its_line(loadstone: Command, spec: Path) -> None:
    spec.write_text(f'{SPEC}\n[guardrails]\n"p95 respons" = "5%"\n')
    told = loadstone("gate", *URLS)
    assert told.code == 2
    assert 'loadstone.toml:16: "p95 respons" = "5%"' in told.err
    assert 'did you mean "p95 response"?' in told.err


def test_files_need_a_directory_before_anything_is_measured(loadstone: Command, spec: Path) -> None:
    for option in ("--markdown", "--junit"):
        told = loadstone("gate", *URLS, option, "missing/gate.out")
        assert told.code == 2
        assert "there is no directory missing" in told.err


def test_one_thing_is_on_stdout(loadstone: Command, spec: Path) -> None:
    told = loadstone("gate", *URLS, "--github", "--json")
    assert told.code == 2
    assert "--github or --json" in told.err


def test_only_revisions_are_built(loadstone: Command, spec: Path) -> None:
    told = loadstone("gate", *URLS, "--build", "make")
    assert told.code == 2
    assert "neither side is one" in told.err


def test_a_budget_that_holds_no_six_pairs_is_refused_with_the_time_that_they_take(
    loadstone: Command, spec: Path
) -> None:
    told = loadstone("gate", *URLS, "--budget", "20s")
    assert told.code == 2
    assert "6 pairs take" in told.err


def test_another_machine_is_driven_only_by_name(loadstone: Command, spec: Path) -> None:
    told = loadstone("gate", "--base", "http://127.0.0.1:8001", "--candidate", "http://shop.example.com")
    assert told.code == 2
    assert "shop.example.com" in told.err
