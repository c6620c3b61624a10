"""The door to the core's replay: numpy columns in, numpy columns out. Seconds on one origin throughout."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loadstone import _core

__all__ = ["CPU", "DELAY", "Discipline", "Model", "Replayed", "Stages", "in_order_starts", "replay", "shared_demands"]

CPU = 2
"""The third resource, beside DATABASE and OTHER."""


@dataclass(frozen=True, slots=True)
class Discipline:
    """How a resource serves. ``kind`` 0: without waiting; 1: in order of arrival, by so many ``servers``; 2: all at
    once, each at the rate min(1, ``servers`` / present)."""

    kind: int
    servers: float = 1.0


DELAY = Discipline(0)


@dataclass(frozen=True, slots=True)
class Model:
    """How the service works: ``workers`` that take requests in order of arrival (0: no limit), the database, the
    processor; any other time off the processor is a delay."""

    workers: int
    database: Discipline
    cpu: Discipline


@dataclass(frozen=True, slots=True)
class Stages:
    """What requests do: request ``r`` has the stages ``first[r]`` to ``first[r + 1]``, one after another, each at a
    ``resource`` with a ``demand`` in seconds."""

    first: NDArray[np.uint32]
    resource: NDArray[np.uint8]
    demand: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Replayed:
    """When each arrival ended; and, where every request was asked for once, when each was begun and its stages ended
    (a stage without demand ends with the one before it)."""

    ended: NDArray[np.float64]
    begun: NDArray[np.float64]
    stage_ended: NDArray[np.float64]


def replay(arrived: NDArray[np.float64], order: NDArray[np.uint32], stages: Stages, model: Model) -> Replayed:
    """``order`` names the request that each arrival is; ``arrived`` is sorted."""
    disciplines = [model.database, DELAY, model.cpu]
    found = _core.replay(
        arrived.astype("<f8").tobytes(),
        order.astype("<u4").tobytes(),
        stages.first.astype("<u4").tobytes(),
        stages.resource.astype("<u1").tobytes(),
        stages.demand.astype("<f8").tobytes(),
        model.workers,
        [(discipline.kind, float(discipline.servers)) for discipline in disciplines],
    )
    return Replayed(*(np.frombuffer(instants, "<f8") for instants in found))


def in_order_starts(
    arrived: NDArray[np.float64], ended: NDArray[np.float64], servers: Sequence[int]
) -> list[NDArray[np.float64]]:
    """When jobs, in order of arrival, were begun if so many servers took them in that order."""
    starts = _core.in_order_starts(arrived.astype("<f8").tobytes(), ended.astype("<f8").tobytes(), list(servers))
    return [np.frombuffer(found, "<f8") for found in starts]


def shared_demands(
    start: NDArray[np.float64], end: NDArray[np.float64], servers: Sequence[float]
) -> tuple[NDArray[np.uint32], list[NDArray[np.float64]]]:
    """Of intervals at a shared resource: how many others were there at each start, and the demand of each under so
    many servers, the integral of min(1, servers / present)."""
    present, demands = _core.shared_demands(start.astype("<f8").tobytes(), end.astype("<f8").tobytes(), list(servers))
    return np.frombuffer(present, "<u4"), [np.frombuffer(found, "<f8") for found in demands]
