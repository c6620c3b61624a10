"""What surrounds the service: its databases and dependencies, and whether evidence can be had of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from loadstone.errors import LoadstoneError
from loadstone.lab.init.asked import InitAsked
from loadstone.lab.init.sources import Found
from loadstone.model.assumption import Unknown
from loadstone.model.discovery import Database, Dependency

__all__ = ["Around", "look_around"]


class Around(msgspec.Struct, frozen=True):
    """``dsn`` is what ``[service]`` says of the database, a template; None where none may be read."""

    databases: tuple[Database, ...] = ()
    dependencies: tuple[Dependency, ...] = ()
    dsn: str | None = None
    notes: tuple[str, ...] = ()
    unknowns: tuple[Unknown, ...] = ()


def look_around(
    asked: InitAsked, url: str, pids: Sequence[int], found: Sequence[Found], doing: Callable[[str], None]
) -> Around:
    """Look while the service's connections are open. ``pids`` are its processes where Loadstone started it; else they
    are looked for by what was asked, or by its URL."""
    from loadstone.gather.postgres.probe import probe
    from loadstone.lab.surroundings import attach, look

    doing("looking for its databases and what else it talks to …")
    notes: list[str] = []
    unknowns: list[Unknown] = []
    processes = tuple(pids)
    told: list[Database | Dependency] = [one for each in found for one in each.databases]
    told += [one for each in found for one in each.dependencies]
    try:
        if not processes:
            attached = attach(
                pid=asked.pid,
                port=asked.port if asked.pid is None else None,
                url=url if asked.pid is not None or asked.port is None else None,
            )
            processes = attached.pids
            notes += [*attached.notes, *(f"Not to be had: {lost}." for lost in attached.lost)]
        seen = look(
            processes,
            compose=None if asked.compose is None else Path(asked.compose),
            folder=Path.cwd() if asked.start is not None or asked.compose is not None else None,
            told=told,
            dsn=asked.dsn,
            probe=probe,
        )
    except (LoadstoneError, OSError) as error:
        says = str(error).splitlines()[0]
        return Around(
            tuple(one for one in told if isinstance(one, Database)),
            tuple(one for one in told if isinstance(one, Dependency)),
            asked.dsn[0] if asked.dsn else None,
            (*notes, f"Its surroundings could not be looked at: {says}"),
            (Unknown("which databases it uses", f"loadstone doctor --url {url}"),),
        )
    dsn = asked.dsn[0] if asked.dsn is not None else None
    for one in seen.databases:
        if one.readable is False:
            way = one.dsn or "{env.DATABASE_URL}"
            unknowns.append(
                Unknown(
                    f"what {one.system} {one.name} does: {one.problem or 'it may not be read'}"[:200],
                    f'loadstone doctor --url {url} --dsn "{way}"',
                )
            )
        elif one.readable and one.dsn and dsn is None and one.system == "postgresql":
            dsn = one.dsn
    if not seen.databases and not processes:
        unknowns.append(
            Unknown("which databases it uses: its processes are not known", f"loadstone doctor --url {url}")
        )
    return Around(seen.databases, seen.dependencies, dsn, (*notes, *seen.notes), tuple(unknowns))
