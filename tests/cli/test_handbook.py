"""``loadstone handbook``: the list, one page, and a number that does not exist."""

from __future__ import annotations

import json

import pytest

from loadstone.handbook import Question, Technique
from tests.cli.conftest import Command

QUESTIONS = (
    Question(
        number=1,
        topic="Tails",
        question="Why is p99 slow?",
        why="Because people notice.",
        answer="A good answer names the cause.\n\nAnd shows it.",
        improve="Measure twice.",
        techniques=(
            Technique("percentiles", command="loadstone run", test="tests/test_x.py::test_y"),
            Technique("hedging"),
        ),
    ),
    Question(number=2, topic="Cost", question="?", why="", answer="", improve="", techniques=()),
)


@pytest.fixture(autouse=True)
def _two_questions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("loadstone.handbook.questions", lambda: QUESTIONS)


def test_the_list_tells_what_is_done(loadstone: Command) -> None:
    lines = loadstone("handbook").out.splitlines()
    assert lines[:2] == [" 1  Tails  1 of 2 done", " 2  Cost   0 of 0 done"]


def test_a_page_holds_everything(loadstone: Command) -> None:
    told = loadstone("handbook", "1").out
    for word in ("Why is p99 slow?", "Because people notice.", "And shows it.", "Measure twice."):
        assert word in told
    assert "done      percentiles\n          loadstone run\n          shown by tests/test_x.py::test_y\n" in told
    assert "not yet   hedging\n" in told


def test_json_and_a_number_that_is_not_there(loadstone: Command) -> None:
    assert [each["number"] for each in json.loads(loadstone("handbook", "--json").out)] == [1, 2]
    assert json.loads(loadstone("handbook", "1", "--json").out)["topic"] == "Tails"
    told = loadstone("handbook", "3")
    assert told.code == 2
    assert told.err == "there is no question 3; they are 1 to 2\n"
