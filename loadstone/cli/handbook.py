"""``loadstone handbook``."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import click

from loadstone.cli.options import json_option

if TYPE_CHECKING:
    from loadstone.handbook import Question

LABEL = 10


@click.command(
    epilog="""\b
  loadstone handbook                  the questions, and how much of each is done
  loadstone handbook 5                one of them whole
"""
)
@click.argument("number", type=int, required=False)
@json_option
def handbook(number: int | None, as_json: bool) -> None:
    """24 questions on performance engineering: why each is asked, what answers it, what Loadstone does about it."""
    from loadstone.cli.options import print_json
    from loadstone.cli.terminal import width
    from loadstone.errors import SpecError
    from loadstone.handbook import questions

    every = questions()
    if number is None:
        if as_json:
            print_json(every)
        else:
            click.echo(_list(every))
        return
    found = next((question for question in every if question.number == number), None)
    if found is None:
        raise SpecError(f"there is no question {number}; they are 1 to {len(every)}")
    if as_json:
        print_json(found)
    else:
        click.echo(_page(found, width()))


def _list(every: tuple[Question, ...]) -> str:
    widest = max(len(question.topic) for question in every)
    lines = [
        f"{question.number:>2}  {question.topic:<{widest}}  {question.done} of {len(question.techniques)} done"
        for question in every
    ]
    return "\n".join([*lines, "", "one of them: loadstone handbook N"])


def _page(question: Question, columns: int) -> str:
    parts = [
        f"{question.number}  {question.topic}",
        _wrapped(question.question, columns, 0),
        _labelled("why", question.why, columns),
        _labelled("answer", question.answer, columns),
        "\n".join(_technique(place, question) for place in range(len(question.techniques))),
        _labelled("improve", question.improve, columns),
    ]
    return "\n\n".join(parts)


def _technique(place: int, question: Question) -> str:
    technique = question.techniques[place]
    told = f"{technique.status:<{LABEL}}{technique.name}"
    if technique.command is None:
        return told
    return f"{told}\n{'':<{LABEL}}{technique.command}\n{'':<{LABEL}}shown by {technique.test}"


def _labelled(word: str, text: str, columns: int) -> str:
    return f"{word:<{LABEL}}{_wrapped(text, columns, LABEL).lstrip()}"


def _wrapped(text: str, columns: int, indent: int) -> str:
    pad = " " * indent
    return "\n".join(
        textwrap.fill(" ".join(part.split()), columns, initial_indent=pad, subsequent_indent=pad)
        for part in text.split("\n\n")
    )
