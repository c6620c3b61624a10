"""What a database would tell, asked once: for the doctor."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from loadstone.gather.postgres.connection import Refused, connect, first_line, rights
from loadstone.gather.postgres.counters import layout
from loadstone.gather.postgres.log import find
from loadstone.model.evidence import Missing

if TYPE_CHECKING:
    from loadstone.gather.postgres.connection import Connection

__all__ = ["probe"]

PROBE_MS = 2_000


def probe(dsn: str) -> tuple[Missing, ...]:
    """What cannot be had of this database, in words that hold no secret; nothing where it tells everything. A row of
    the kind ``postgres`` means that it could not be asked at all."""
    try:
        connection = connect(dsn, statement_ms=PROBE_MS)
    except Refused as refused:
        return (refused.missing,)
    with connection:
        return tuple(_lacking(connection))


def _lacking(connection: Connection) -> Iterator[Missing]:
    import psycopg

    try:
        may = rights(connection)
    except psycopg.Error as error:
        yield Missing("postgres", f"the database answered: {first_line(error)}")
        return
    steps: tuple[tuple[str, Callable[[], object]], ...] = (
        ("statements", lambda: layout(connection, may)),
        ("auto_explain", lambda: find(connection, may)),
    )
    for kind, step in steps:
        try:
            step()
        except Refused as refused:
            yield refused.missing
        except psycopg.Error as error:
            yield Missing(kind, f"the database answered: {first_line(error)}")
    if not may.all_stats:
        yield Missing("waits", f"what other roles' sessions do is hidden from {may.role}", may.grant)
