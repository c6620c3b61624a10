"""A skipped check fails where CI is set, so that none stops running unseen; elsewhere it is a skip with its reason."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

CASES = """
import pytest

def test_required():
    pytest.skip("no browser")

@pytest.fixture
def browser():
    pytest.skip("no browser for the fixture")

def test_required_by_its_fixture(browser):
    pass

@pytest.mark.optional(reason="not to be had everywhere")
def test_optional():
    pytest.skip("no database")

@pytest.mark.xfail
def test_expected_to_fail():
    assert False

def test_good():
    pass
"""


@pytest.fixture
def suite(pytester: pytest.Pytester) -> pytest.Pytester:
    pytester.makeini("[pytest]\nmarkers = optional(reason): may be skipped\n")
    pytester.makeconftest((Path(__file__).parent / "conftest.py").read_text(encoding="utf-8"))
    return pytester


@pytest.mark.parametrize("value", ["1", "true"])
def test_in_ci_a_skip_is_a_failure(suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("CI", value)
    suite.makepyfile(CASES)
    done = suite.runpytest_subprocess()
    done.assert_outcomes(passed=1, failed=1, errors=1, skipped=1, xfailed=1)
    done.stdout.fnmatch_lines(["*may not be skipped: *no browser*"])


def test_in_ci_a_module_may_not_be_skipped(suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "1")
    suite.makepyfile("import pytest\npytest.importorskip('nothing_of_that_name')\ndef test_it(): pass\n")
    suite.runpytest_subprocess().assert_outcomes(errors=1)


def test_elsewhere_a_skip_is_a_skip(suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    suite.makepyfile(CASES)
    suite.runpytest_subprocess().assert_outcomes(passed=1, skipped=3, xfailed=1)
