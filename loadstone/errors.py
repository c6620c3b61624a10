"""Everything Loadstone raises on purpose, ordered by whose move is next.

    LoadstoneError
    ├── SpecError          yours: a spec, an argument, a plan; carries the places
    ├── TargetError        the service's: it does not start, does not answer
    ├── InstrumentError    ours: the engine, the machine under the generator
    └── EvidenceError      a source is missing, partial or unreadable; carries the run when there is one

A failed request is none of these: it is data in the run.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = [
    "EvidenceError",
    "InstrumentError",
    "LoadstoneError",
    "Problem",
    "SpecError",
    "TargetError",
    "from_native",
]


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong in a file: where it is, what was found, what is expected.

    ``line`` counts from 1. ``found`` quotes the source (``rate = "40 per second"``), ``expected`` is a
    sentence that ends with the way out.
    """

    file: str
    line: int
    found: str
    expected: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.found}\n    {self.expected}"


class LoadstoneError(Exception):
    """Root of the tree. ``exit_code`` is what the command line answers with."""

    exit_code = 4


class SpecError(LoadstoneError):
    """The spec, an argument or a plan is wrong. ``problems`` holds every one that was found."""

    exit_code = 2

    def __init__(self, message: str, problems: tuple[Problem, ...] = ()) -> None:
        super().__init__(message)
        self.problems = problems

    @classmethod
    def of(cls, problems: tuple[Problem, ...]) -> SpecError:
        """One error for all the problems of a file, printed one after the other."""
        return cls("\n".join(str(problem) for problem in problems), problems)


class TargetError(LoadstoneError):
    """The service did not start, did not become ready or cannot be reached."""


class InstrumentError(LoadstoneError):
    """Loadstone itself could not measure: the engine failed, a limit of the machine was hit."""


class EvidenceError(LoadstoneError):
    """A run or a source of evidence is missing, partial or of a format that this version does not read."""

    exit_code = 2


def from_native(error: BaseException) -> LoadstoneError:
    """Map an error of the native core to this tree; every door calls it.

    The core raises ``ValueError`` for a plan that it refuses, ``OSError`` for what the machine refuses and
    ``RuntimeError`` for a fault of its own.
    """
    if isinstance(error, LoadstoneError):
        return error
    if isinstance(error, ValueError):
        return SpecError(str(error))
    return InstrumentError(str(error))
