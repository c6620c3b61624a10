"""What a service leans on: its environment, its configuration, its compose file and its open sockets, as one list.

A database that several of them name is told once, with all who named it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from loadstone.lab.surroundings.containers import Container, containers_of
from loadstone.lab.surroundings.dotenv import read_dotenv
from loadstone.lab.surroundings.joining import is_address, joined_databases, joined_dependencies
from loadstone.lab.surroundings.sockets import PROC, command_of, inodes_of, lately, outgoing, program_at, rows_of
from loadstone.lab.surroundings.systems import DATABASES, PORTS, by_port, by_socket
from loadstone.lab.surroundings.unix_peers import unix_peers
from loadstone.lab.surroundings.variables import Named, named
from loadstone.lab.tree import descendants
from loadstone.model.discovery import Database, Dependency
from loadstone.model.evidence import Missing

if TYPE_CHECKING:
    from loadstone.lab.surroundings.compose import Compose

__all__ = ["Surroundings", "look"]

Probe = Callable[[str], Sequence[Missing]]

OPEN = "an open connection"

_WITH_PASSWORD = re.compile(r"://[^:@/]*:(?!\{env\.)[^@/]+@|\bpassword=(?!\{env\.)", re.IGNORECASE)


class Surroundings(msgspec.Struct, frozen=True):
    """``notes`` say what could not be looked at, and what must be exported before a database can be read."""

    databases: tuple[Database, ...] = ()
    dependencies: tuple[Dependency, ...] = ()
    containers: tuple[Container, ...] = ()
    notes: tuple[str, ...] = ()


def look(
    pids: Iterable[int],
    *,
    environ: Mapping[str, str] | None = None,
    compose: Path | None = None,
    folder: Path | None = None,
    told: Sequence[Database | Dependency] = (),
    dsn: tuple[str, str] | None = None,
    probe: Probe | None = None,
    proc: Path = PROC,
) -> Surroundings:
    """Look around the service that these processes are.

    ``environ`` are the variables that it was started with, read from the processes where it is None. ``folder`` is
    where it runs, that of the first process where it is None: its ``.env`` and its compose file are read, unless
    ``compose`` names that. ``told`` is what its
    framework named. ``dsn`` is the template that the spec has, and what it stands for. ``probe`` asks a PostgreSQL
    database what it would not tell (``gather.postgres.probe``); without it nobody is asked.
    """
    family = set(pids)
    notes: list[str] = []
    found: list[Named] = [Named(each) for each in told]
    found += _given(dsn)
    variables, whole = (dict(environ), True) if environ is not None else _environment(family, proc)
    if family and not whole:
        notes.append("The environment of some of its processes may not be read by this user: run loadstone as theirs.")
    folder = folder or _folder_of(family, proc)
    found += _variables(variables, folder, notes)
    composed = _composed(compose, folder, notes)
    found += [] if composed is None else [*map(Named, composed.databases), *map(Named, composed.dependencies)]
    held, seen = inodes_of(family, proc)
    if family and not seen:
        notes.append("The sockets of some of its processes may not be seen by this user: run loadstone as theirs.")
    found += _connected(family, held, proc)
    found += [Named(each) for each in _sqlite(family)]
    found = found if composed is None else [_seen_from_here(each, composed) for each in found]
    databases: list[Database] = []
    for one in joined_databases([each for each in found if isinstance(each.what, Database)]):
        assert isinstance(one.what, Database)
        databases.append(_probed(one.what, one.address, probe))
    dependencies = joined_dependencies(each.what for each in found if isinstance(each.what, Dependency))
    notes += _unset(databases, variables)
    notes += _ended(family, held, {one.system for one in databases}, proc)
    return Surroundings(
        tuple(databases), tuple(dependencies), tuple(containers_of(family, proc)), tuple(dict.fromkeys(notes))
    )


def _folder_of(pids: set[int], proc: Path) -> Path | None:
    """Where the first of these processes works, in a container's own files too; None for the root."""
    for pid in sorted(pids):
        here = proc / str(pid) / "cwd"
        try:
            if str(here.readlink()) != "/" and here.is_dir():
                return here
        except OSError:
            continue
    return None


def _given(dsn: tuple[str, str] | None) -> list[Named]:
    """The database that a spec or an option names; a template with a password in it is not kept."""
    if dsn is None:
        return []
    template, address = dsn
    kept = None if _WITH_PASSWORD.search(template) else template
    variable = re.fullmatch(r"\{env\.(\w+)\}", template)
    one = next(named({"DSN": address}), None)
    told = one.what if one is not None and isinstance(one.what, Database) else Database("postgresql", "--dsn")
    return [
        Named(
            Database(
                told.system,
                "--dsn",
                told.host,
                told.port,
                told.name,
                dsn_env=variable[1] if variable is not None else None,
                dsn=kept,
            ),
            address,
        )
    ]


def _variables(variables: Mapping[str, str], folder: Path | None, notes: list[str]) -> list[Named]:
    """Of the environment, and of ``.env`` where it names something that the environment does not."""
    found = list(named(variables))
    if folder is None or not (folder / ".env").is_file():
        return found
    values = {name: value for name, value in read_dotenv(folder / ".env").items() if name not in variables}
    more = [
        one for one in named({**variables, **values}, "in .env") if one.what.found_by.removesuffix(" in .env") in values
    ]
    if more:
        notes.append("Some of it is named in .env alone: before a database is read, set -a; . ./.env; set +a")
    return found + more


def _composed(compose: Path | None, folder: Path | None, notes: list[str]) -> Compose | None:
    from loadstone.errors import SpecError
    from loadstone.lab.surroundings.compose import compose_services, find_compose

    path = compose or (find_compose(folder) if folder is not None else None)
    if path is None:
        return None
    try:
        read = compose_services(path)
    except SpecError as error:
        if compose is not None:
            raise
        notes.append(f"The compose file was not read: {error}")
        return None
    notes += read.notes
    return read


def _seen_from_here(one: Named, composed: Compose) -> Named:
    """A place inside the compose file's network as it is reached from the machine: by a service's name, or by an
    address at which only one of its services can be. Its own address is of no use here."""
    told = one.what
    system = told.system if isinstance(told, Database) else told.what
    at = [each for each in composed.services if told.host == each.name]
    if not at and is_address(told.host) and not ip_address(told.host).is_loopback:
        alike = [each for each in composed.services if each.system == system]
        at = alike if len(alike) == 1 else []
    number = told.port or PORTS.get(system)
    port = next((port for each in at for port in each.ports if port.target == number and port.published), None)
    if port is None:
        return one
    if isinstance(told, Dependency):
        return Named(Dependency(told.what, told.found_by, "127.0.0.1", port.published))
    return Named(Database(told.system, told.found_by, "127.0.0.1", port.published, told.name))


def _environment(pids: set[int], proc: Path) -> tuple[dict[str, str], bool]:
    """Of all processes together, the first's value of a name; and whether each could be read."""
    values: dict[str, str] = {}
    whole = True
    for pid in sorted(pids):
        try:
            raw = (proc / str(pid) / "environ").read_bytes()
        except OSError:
            whole = False
            continue
        for pair in raw.split(b"\0"):
            name, equals, value = pair.partition(b"=")
            if equals:
                values.setdefault(name.decode(errors="replace"), value.decode(errors="replace"))
    return values, whole


def _connected(pids: set[int], held: set[int], proc: Path) -> Iterator[Named]:
    """Whom the processes talk to now."""
    ours = _own_ports(proc)
    seen: set[tuple[str, int]] = set()
    for pid, row in outgoing(pids, proc):
        place = (row.remote_host, row.remote_port)
        if place in seen or (ip_address(row.remote_host).is_loopback and row.remote_port in ours):
            continue
        seen.add(place)
        system = program_at(pid, row, proc) or by_port(row.remote_port) or "tcp"
        yield Named(_known(system, *place))
    for path in sorted(unix_peers(held)) if proc == PROC else ():
        known = by_socket(path)
        if known is not None:
            system, host, port = known
            yield Named(_known(system, host, port))


def _own_ports(proc: Path) -> set[int]:
    """Where Loadstone itself listens: what a service sends to its receiver is no dependency."""
    if proc != PROC:
        return set()
    ours = descendants({os.getpid()})
    ours = {pid for pid in ours if pid == os.getpid() or "loadstone.gather" in command_of(pid, proc)}
    held, _ = inodes_of(ours, proc)
    return {row.port for row in rows_of("self", proc) if row.listens and row.inode in held}


def _known(system: str, host: str, port: int | None) -> Database | Dependency:
    if system in DATABASES:
        return Database(system, OPEN, host, port)
    return Dependency(system, OPEN, host, port)


def _sqlite(pids: set[int]) -> Iterator[Database]:
    from loadstone.gather.sqlite.databases import opened

    for path in sorted(opened(pids, {})):
        yield Database("sqlite", "an open file", name=str(path), readable=True)


def _probed(database: Database, address: str | None, probe: Probe | None) -> Database:
    """Whether the database may be read, where its address is known here."""
    if database.system != "postgresql" or probe is None:
        return database
    if address is None:
        problem = "its address with user and password is not known here; name it: --dsn '{env.DATABASE_URL}'"
        return msgspec.structs.replace(database, problem=database.problem or problem)
    lacking = probe(address)
    barred = next((one for one in lacking if one.kind == "postgres"), None)
    told = [f"{one.reason}; {one.advice}" if one.advice else one.reason for one in lacking]
    return msgspec.structs.replace(database, readable=barred is None, problem=". ".join(told) or None)


def _ended(pids: set[int], held: set[int], known: set[str], proc: Path) -> Iterator[str]:
    """Databases that somebody here talked to until a moment ago, where none of their kind is known; what was asked of
    the service itself, at whatever port, is no such talk."""
    if not pids:
        return
    own = {row.port for row in rows_of(min(pids), proc) if row.listens and row.inode in held}
    for host, port in sorted(lately(min(pids), proc)):
        system = by_port(port)
        if system in DATABASES and system not in known and port not in own:
            yield (
                f"A connection to {system} at {host}:{port} has just ended; whether it was this service's the kernel "
                "does not tell: if so, name it with --dsn"
            )


def _unset(databases: Iterable[Database], variables: Mapping[str, str]) -> Iterator[str]:
    """Variables that a spec would name and that are not set here."""
    for database in databases:
        name = database.dsn_env
        if name is not None and name in variables and name not in os.environ:
            yield f"{name} is set in the service and not here: export it before loadstone run --evidence"
