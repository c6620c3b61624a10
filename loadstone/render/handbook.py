"""The handbook as a Markdown page: every question, its answer, and what Loadstone does about it today."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from loadstone.handbook import Question, Technique

__all__ = ["page_markdown"]

HEAD = """\
# The handbook

<!-- Written by `make docs` from loadstone/handbook/questions.toml; do not edit. -->

{count} questions that a performance engineer is asked: why each is asked, what a good answer holds, and which of its
techniques Loadstone does today. A technique is *done* when it has a command that does it and a test that shows it; the
suite refuses any other claim. In the terminal: `loadstone handbook`, or `loadstone handbook 5` for one of them.

Done: {done} of {all} techniques.
"""


def page_markdown(questions: Sequence[Question]) -> str:
    """The whole of ``docs/handbook.md``."""
    done = sum(question.done for question in questions)
    every = sum(len(question.techniques) for question in questions)
    lines = [HEAD.format(count=len(questions), done=done, all=every), "| | question | done |", "|--:|---|--:|"]
    lines += [
        f"| {asked.number} | [{asked.topic}](#{_anchor(asked)}) | {asked.done} of {len(asked.techniques)} |"
        for asked in questions
    ]
    for question in questions:
        lines += ["", *_section(question)]
    return "\n".join(lines) + "\n"


def _section(question: Question) -> Iterator[str]:
    yield f"## {question.number}. {question.topic}"
    yield ""
    yield f"**{question.question}**"
    yield ""
    yield f"*Why it is asked.* {question.why}"
    for paragraph in question.paragraphs:
        yield ""
        yield paragraph
    yield ""
    yield f"*To improve the answer.* {question.improve}"
    yield ""
    done = [technique for technique in question.techniques if technique.test is not None]
    if done:
        yield "| done | command | shown by |"
        yield "|---|---|---|"
        yield from (_row(technique) for technique in done)
        yield ""
    waiting = [technique.name for technique in question.techniques if technique.test is None]
    yield f"Not yet: {' · '.join(waiting)}" if waiting else "Nothing is left to do."


def _row(technique: Technique) -> str:
    return f"| {technique.name} | `{technique.command}` | `{technique.test}` |"


def _anchor(question: Question) -> str:
    """The heading's anchor as GitHub forms it: lower case, words joined by hyphens, other marks dropped."""
    heading = f"{question.number}. {question.topic}".lower()
    return "".join("-" if mark == " " else mark for mark in heading if mark.isalnum() or mark in " -_")
