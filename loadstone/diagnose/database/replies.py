"""How many rows statements return against what the client gets: rows that no reply can hold were fetched in vain."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loadstone.diagnose.database.asked import asked
from loadstone.diagnose.database.statements import read
from loadstone.diagnose.suspect import Scene

__all__ = ["BYTES_A_ROW", "MANY", "UNBOUNDED", "Fetched", "by_rows", "fetched"]

MANY = 500
"""Rows of one request below which what is not used costs less than to think of it: some milliseconds of a driver."""

UNBOUNDED = 1_000
"""Rows of a call without a LIMIT: more than anybody reads on a page, ten to fifty pages of any list."""

BYTES_A_ROW = 1.0
"""Bytes of the reply for each row fetched, below which the rows cannot be in it: a row of one number takes two or more
in JSON ("7,"), and compression of what people read comes to a tenth."""


@dataclass(frozen=True)
class Fetched:
    """Rows of ``Asked`` that return many rows: ``places``, and for each whether the reply cannot hold them (False
    where the reply's size is not known)."""

    places: NDArray[np.int64]
    unused: NDArray[np.bool_]


def fetched(scene: Scene) -> dict[tuple[int, int], Fetched]:
    """By (step, operation): statements that only read, without one row for an answer. For ``scene.once``."""
    table, requests = scene.once(asked), scene.digest.requests
    found = {}
    for step, number, places in table.groups():
        operation = scene.digest.operations[number]
        if operation.family != "database" or operation.statement is None:
            continue
        told = read(operation.statement)
        many = places[table.rows[places] >= MANY]
        if told.verb != "SELECT" or not len(many):
            continue
        request = table.request[many]
        size = requests.bytes_out[request]
        unused = (size >= 0) & ~requests.error[request] & (size < BYTES_A_ROW * table.rows[many])
        found[step, number] = Fetched(many, unused)
    return found


def by_rows(scene: Scene) -> NDArray[np.bool_]:
    """Rows of ``Asked`` whose time is explained by how much they return: without a bound, or in vain. For
    ``scene.once``."""
    table = scene.once(asked)
    told = np.zeros(len(table), np.bool_)
    for (_, number), found in scene.once(fetched).items():
        told[found.places[found.unused]] = True
        statement = read(scene.digest.operations[number].statement or "")
        if not (statement.limited or statement.one or statement.cut):
            each = table.rows[found.places] / table.count[found.places]
            told[found.places[each >= UNBOUNDED]] = True
    return told
