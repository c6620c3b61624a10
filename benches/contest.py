"""Contestants against one target: alternated repetitions, and ratios taken within each repetition."""

from __future__ import annotations

import statistics
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from benches.child import Cost, run
from benches.targets import Target

__all__ = ["Ratio", "Round", "Turn", "contest", "cpu_per_request_s", "ratio", "throughput_per_s"]


class Turn(msgspec.Struct, frozen=True):
    """One contestant's turn: what it cost and how many requests the server answered meanwhile."""

    requests: int
    seconds: float
    cost: Cost


Round = Mapping[str, Turn]
"""One repetition: every contestant's turn, by name."""


class Ratio(msgspec.Struct, frozen=True):
    """A ratio over the repetitions."""

    low: float
    median: float
    high: float


def contest(
    target: Target, contestants: Mapping[str, Sequence[str]], seconds: float, repetitions: int, core: int, home: Path
) -> list[Round]:
    """Give every contestant its turn on ``core`` in each repetition, the order reversed every other time."""
    rounds: list[Round] = []
    for number in range(repetitions):
        order = list(contestants.items())[:: -1 if number % 2 else 1]
        turns: dict[str, Turn] = {}
        for name, argv in order:
            before = target.count()
            cost = run(argv, core, home / "output.log")
            turns[name] = Turn(target.count() - before - target.own, seconds, cost)
            _tell(f"  {number + 1}/{repetitions}  {name:<22} {_words(turns[name])}")
        rounds.append(turns)
    return rounds


def cpu_per_request_s(turn: Turn) -> float:
    """CPU time of the whole process for each request that the server answered."""
    return turn.cost.cpu_s / turn.requests


def throughput_per_s(turn: Turn) -> float:
    """Requests that the server answered for each second of load asked for."""
    return turn.requests / turn.seconds


def ratio(values: Sequence[float]) -> Ratio:
    """Least, median and greatest."""
    return Ratio(min(values), statistics.median(values), max(values))


def _words(turn: Turn) -> str:
    return (
        f"{turn.requests:>9,} requests  {1e6 * cpu_per_request_s(turn):6.2f} us CPU a request"
        f"  {throughput_per_s(turn):>9,.0f}/s"
    )


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
