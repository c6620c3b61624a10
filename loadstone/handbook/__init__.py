"""The handbook: the 24 questions that a performance engineer is asked, and what Loadstone does about each.

``questions.toml`` is the one source: ``loadstone handbook`` and ``docs/handbook.md`` are drawn from it. A technique is
"done" when it names the command that does it and the test that shows it; otherwise it is "not yet".
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Literal

import msgspec

__all__ = ["Question", "Technique", "questions"]


class Technique(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One thing that a good answer names: ``command`` does it and ``test`` (``path::name``) shows it, or not yet."""

    name: str
    command: str | None = None
    test: str | None = None

    def __post_init__(self) -> None:
        if (self.command is None) is not (self.test is None):
            raise ValueError(f"technique {self.name!r} needs both a command and a test, or neither")

    @property
    def status(self) -> Literal["done", "not yet"]:
        """Whether Loadstone does this today."""
        return "not yet" if self.test is None else "done"


class Question(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One question: what is asked, why, what a good answer holds, by which techniques, how to improve it."""

    number: int
    topic: str
    question: str
    why: str
    answer: str
    improve: str
    techniques: tuple[Technique, ...]

    @property
    def paragraphs(self) -> tuple[str, ...]:
        """The answer's paragraphs, each as one line."""
        return tuple(" ".join(paragraph.split()) for paragraph in self.answer.strip().split("\n\n"))

    @property
    def done(self) -> int:
        """How many of the techniques Loadstone does today."""
        return sum(technique.status == "done" for technique in self.techniques)


class _Document(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    questions: tuple[Question, ...]


@cache
def questions() -> tuple[Question, ...]:
    """The 24 questions in order, number 1 first."""
    text = files("loadstone.handbook").joinpath("questions.toml").read_bytes()
    return msgspec.toml.decode(text, type=_Document).questions
