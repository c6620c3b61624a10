"""What a compose file says: which of its services is the one that answers requests, where, and what it leans on."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from urllib.parse import quote

import msgspec

from loadstone.lab.surroundings.compose_file import Port, Written, find_compose, read_compose
from loadstone.lab.surroundings.interpolation import variables_in
from loadstone.lab.surroundings.systems import DATABASES, PORTS, by_image
from loadstone.lab.surroundings.variables import named
from loadstone.model.discovery import Database, Dependency

__all__ = ["Compose", "ComposeService", "Port", "compose_services", "find_compose"]

_WORKER = re.compile(
    r"worker|celery|beat|cron|migrat|scheduler|sidekiq|consumer|seed|init|backup|flower", re.IGNORECASE
)
_WEB = re.compile(r"(web|app|api|server|site|backend|django|flask|fastapi|node|http|www)", re.IGNORECASE)
_SERVES = re.compile(
    r"gunicorn|uvicorn|hypercorn|daphne|waitress|runserver|flask run|fastapi run|node |npm |puma|rails", re.I
)


class ComposeService(msgspec.Struct, frozen=True):
    """One of its services. ``system`` is what its image is known as (``postgresql``, ``proxy``), empty for the rest;
    ``variables`` are names alone."""

    name: str
    image: str = ""
    build: bool = False
    system: str = ""
    ports: tuple[Port, ...] = ()
    variables: tuple[str, ...] = ()
    depends_on: tuple[str, ...] = ()
    healthcheck: str = ""


class Compose(msgspec.Struct, frozen=True):
    """``web`` is the service that answers requests, None where none is; ``url`` where it does, None where that is not
    known, and ``problem`` says why."""

    path: Path
    services: tuple[ComposeService, ...]
    web: str | None
    url: str | None
    databases: tuple[Database, ...] = ()
    dependencies: tuple[Dependency, ...] = ()
    notes: tuple[str, ...] = ()
    problem: str | None = None


def compose_services(path: Path, environ: Mapping[str, str] = os.environ) -> Compose:
    """Read a compose file, with its ``.env`` and its override. Raises SpecError where it cannot be read."""
    written = read_compose(path, environ)
    notes: list[str] = []
    web = _web(written)
    url = _url(web) if web is not None else None
    problem = f"No service in {path.name} looks like one that answers requests: name its URL."
    if web is not None:
        problem = _no_url(web)
    if web is not None and by_image(web.image) == "proxy":
        notes.append(f"{web.name} stands before the service: what is driven goes through it.")
    asking = [one for one in written if one is not web and not _system(one)] if web is not None else written
    databases: list[Database] = []
    dependencies: list[Dependency] = []
    for service in [*([web] if web is not None else []), *asking]:
        for told in _leans_on(service, written, path.name):
            if isinstance(told, Dependency):
                dependencies += [told] if _new_dependency(told, dependencies) else []
            elif not any(_alike(told, known) for known in databases):
                databases.append(told)
    for service in written:
        system = _system(service)
        if system in DATABASES and not any(_served_by(service, known) for known in databases):
            databases.append(_of_image(service, system, path.name))
        elif system not in DATABASES and system not in ("", "proxy"):
            known = Dependency(system, _by(path.name, service), *_reached(service, system))
            dependencies += [known] if _new_dependency(known, dependencies) else []
    return Compose(
        path, tuple(map(_told, written)), web.name if web is not None else None, url,
        tuple(databases), tuple(dependencies), tuple(notes),
        None if url is not None else problem,
    )  # fmt: skip


def _told(one: Written) -> ComposeService:
    return ComposeService(
        one.name, one.image, one.build, _system(one), one.ports, tuple(sorted(one.variables)), one.depends_on,
        one.healthcheck,
    )  # fmt: skip


def _system(one: Written) -> str:
    return (by_image(one.image) or "") if one.image and not one.build else ""


def _by(file: str, one: Written) -> str:
    return f"{one.name} in {file}"


def _web(written: Sequence[Written]) -> Written | None:
    """The service that most speaks for being asked by people."""
    best: tuple[int, Written] | None = None
    for one in written:
        points = _points(one, written)
        if points > 0 and (best is None or points > best[0]):
            best = points, one
    return best[1] if best is not None else None


def _points(one: Written, written: Sequence[Written]) -> int:
    system = _system(one)
    if system and system != "proxy":
        return 0
    published = any(port.published is not None for port in one.ports)
    if system == "proxy":
        # A proxy is what people reach where the service behind it publishes nothing.
        behind = [
            other for other in written if not _system(other) and any(p.published is not None for p in other.ports)
        ]
        return 9 if published and not behind else 1 if published else 0
    points = 4 * bool(one.ports) + 3 * one.build + 2 * bool(re.search(r"https?:|curl|wget", one.healthcheck))
    points += 3 * bool(_SERVES.search(one.command)) + 2 * bool(_WEB.fullmatch(one.name.strip("0123456789-_")))
    points += any(_system(other) in DATABASES for other in written if other.name in one.depends_on)
    worker = _WORKER.search(f"{one.name} {one.command}") and not one.ports
    return max(points - 6 * bool(worker) - 4 * bool(one.profiles), 0)


def _web_ports(web: Written) -> list[Port]:
    return [port for port in web.ports if port.target not in PORTS.values()] or list(web.ports)


def _url(web: Written) -> str | None:
    open_ports = [port for port in _web_ports(web) if port.published is not None]
    plain = [port for port in open_ports if port.target not in (443, 8443)] or open_ports
    if not plain:
        return None
    host = plain[0].host if plain[0].host not in ("", "0.0.0.0", "::", "localhost") else "127.0.0.1"
    scheme = "https" if plain[0].target in (443, 8443) else "http"
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{plain[0].published}"


def _no_url(web: Written) -> str:
    ports = _web_ports(web)
    if ports:
        return f"The engine chooses a port for {web.name}: docker compose port {web.name} {ports[0].target} tells it."
    if web.host_network:
        return f"{web.name} shares the machine's network: name its URL."
    return f"{web.name} publishes no port: add one under ports:, or name its container's address as the URL."


def _leans_on(service: Written, written: Sequence[Written], file: str) -> Iterator[Database | Dependency]:
    """What a service's variables name, with hosts of this file as they are reached from the machine."""
    for one in named(service.variables):
        told = one.what
        found_by = f"{told.found_by} of {_by(file, service)}"
        other = next((each for each in written if told.host in each.names), None)
        if isinstance(told, Dependency):
            if other is service:
                continue
            host, port = (told.host, told.port) if other is None else _reached(other, told.what, told.port)
            yield Dependency(told.what, found_by, host, port)
            continue
        template = _template(service, told, other)
        plain = Database(told.system, found_by, told.host, told.port, told.name, dsn=template)
        yield plain if other is None else _published(plain, other)


def _published(told: Database, server: Written) -> Database:
    host, port = _reached(server, told.system, told.port)
    if host == "127.0.0.1":
        return msgspec.structs.replace(told, host=host, port=port)
    number = told.port or PORTS.get(told.system)
    problem = (
        f"{server.name} publishes no port: to read it from here, add under {server.name}: "
        f'ports: ["127.0.0.1:{number}:{number}"]'
    )
    return msgspec.structs.replace(told, problem=problem)


def _reached(server: Written, system: str, port: int | None = None) -> tuple[str, int | None]:
    """Where a service of this file is from the machine; by its own name where it publishes nothing."""
    wanted = port or PORTS.get(system)
    for each in server.ports:
        if each.target == wanted and each.published is not None:
            return "127.0.0.1", each.published
    return ("127.0.0.1", wanted) if server.host_network else (server.name, wanted)


def _of_image(server: Written, system: str, file: str) -> Database:
    """A database that nobody's variables name, by its own."""
    name = next((server.variables[key] for key in _INITIAL if server.variables.get(key)), "")
    told = Database(system, _by(file, server), server.name, PORTS.get(system), name)
    return _published(msgspec.structs.replace(told, dsn=_template(server, told, server)), server)


_INITIAL = ("POSTGRES_DB", "POSTGRESQL_DATABASE", "MYSQL_DATABASE", "MARIADB_DATABASE", "MONGO_INITDB_DATABASE")
_USER = ("POSTGRES_USER", "POSTGRESQL_USERNAME")
_PASSWORD = ("POSTGRES_PASSWORD", "POSTGRESQL_PASSWORD")


def _template(service: Written, told: Database, server: Written | None) -> str | None:
    """How a spec would name a PostgreSQL database: who and where, and the name of the variable with the password."""
    if told.system != "postgresql":
        return None
    user, secret = "", ""
    text = next((raw for key, raw in service.raw.items() if key == told.dsn_env), "")
    inside = re.match(r"[^:]+://([^:@/]*)(?::(.*))?@", text)
    if inside is not None:
        user, secret = inside[1], _variable(inside[2] or "")
    for one in (service, server):
        if one is not None:
            user = user or next((one.raw[key] for key in _USER if one.raw.get(key)), "")
            found = next((key for key in _PASSWORD if key in one.raw), "")
            secret = secret or _variable(one.raw.get(found, "")) or found
    if not secret and inside is not None and inside[2]:
        secret = "PGPASSWORD"  # written out in the file: whoever reads the database has to export it
    who = _shown(user or "postgres")
    host, port = (told.host, told.port) if server is None else _reached(server, told.system, told.port)
    password = f":{{env.{secret}}}" if secret else ""
    return f"postgresql://{who}{password}@{host}{f':{port}' if port else ''}/{quote(told.name)}"


def _variable(text: str) -> str:
    """The variable that a written value is taken from; empty for one that is written out."""
    names = variables_in(text)
    return names[0] if names else ""


def _shown(user: str) -> str:
    name = _variable(user)
    return f"{{env.{name}}}" if name else quote(user, safe="")


def _served_by(server: Written, known: Database) -> bool:
    host, port = _reached(server, known.system)
    return (known.host in server.names) or (known.host == host and known.port == port)


def _alike(one: Database, other: Database) -> bool:
    return (one.system, one.host, one.port, one.name) == (other.system, other.host, other.port, other.name)


def _new_dependency(one: Dependency, known: Sequence[Dependency]) -> bool:
    return not any((one.what, one.host, one.port) == (each.what, each.host, each.port) for each in known)
