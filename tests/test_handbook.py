"""The handbook claims nothing that is not so: a technique is done by a real command and shown by a real test."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from loadstone.handbook import Question, Technique, questions
from loadstone.render.handbook import page_markdown
from tests.commands import misunderstood

ROOT = Path(__file__).parent.parent
QUESTIONS = questions()
DONE = [(question.number, technique) for question in QUESTIONS for technique in question.techniques if technique.test]


def test_there_are_24_questions_in_order() -> None:
    assert [question.number for question in QUESTIONS] == list(range(1, 25))


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: str(question.number))
def test_a_question_is_whole(question: Question) -> None:
    assert question.question.endswith("?")
    for sentence in (question.why, question.improve, *question.paragraphs):
        assert sentence.endswith((".", "?"))
    assert len(question.paragraphs) > 1
    assert len(question.techniques) >= 5
    assert len({technique.name for technique in question.techniques}) == len(question.techniques)


def refusal(technique: Technique) -> str | None:
    """Why a claim does not hold, or None."""
    assert technique.command is not None
    assert technique.test is not None
    return misunderstood(technique.command) or _no_such_test(technique.test)


def _no_such_test(test: str) -> str | None:
    path, _, name = test.partition("::")
    file = ROOT / path
    if not (file.is_file() and file.is_relative_to(ROOT / "tests") and file.name.startswith("test_")):
        return f"the suite has no file {path}"
    functions = {node.name for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.FunctionDef)}
    return None if name in functions and name.startswith("test_") else f"{path} has no test {name}"


@pytest.mark.parametrize(("number", "technique"), DONE, ids=lambda value: getattr(value, "name", value))
def test_what_is_done_has_its_command_and_its_test(number: int, technique: Technique) -> None:
    assert refusal(technique) is None


SELF = "tests/test_handbook.py::test_there_are_24_questions_in_order"


@pytest.mark.parametrize(
    ("command", "test"),
    [
        ("loadstone run", "tests/test_handbook.py::test_that_nobody_wrote"),
        ("loadstone run", "tests/test_nothing.py::test_there_are_24_questions_in_order"),
        ("loadstone run", "loadstone/handbook/__init__.py::questions"),
        ("loadstone run", "tests/test_handbook.py::refusal"),
        ("loadstone conjure", SELF),
        ("loadstone run --no-such-option", SELF),
        ("make conjure", SELF),
        ("conjure", SELF),
    ],
)
def test_an_empty_claim_is_refused(command: str, test: str) -> None:
    assert refusal(Technique("A claim", command, test)) is not None


def test_a_true_claim_is_not_refused() -> None:
    assert refusal(Technique("A claim", "loadstone handbook 5", SELF)) is None
    assert refusal(Technique("A claim", "make docs", SELF)) is None


def test_half_a_claim_is_refused() -> None:
    with pytest.raises(ValueError, match="both a command and a test"):
        Technique("A claim", "loadstone run")


def test_the_page_is_current() -> None:
    page = (ROOT / "docs/handbook.md").read_text(encoding="utf-8")
    assert page == page_markdown(QUESTIONS), "run make docs"


def test_the_page_says_what_is_done_and_what_is_not() -> None:
    page = page_markdown(QUESTIONS)
    assert f"Done: {len(DONE)} of {sum(len(question.techniques) for question in QUESTIONS)} techniques." in page
    for _, technique in DONE:
        assert f"| {technique.name} | `{technique.command}` | `{technique.test}` |" in page
    for anchor in re.findall(r"\]\(#([^)]+)\)", page):
        assert any(
            re.sub(r"[^a-z0-9 _-]", "", line[3:].lower()).replace(" ", "-") == anchor for line in page.splitlines()
        )
