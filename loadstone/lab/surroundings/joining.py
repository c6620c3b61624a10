"""One database, one dependency, however many sources name it: with all that any of them knows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from ipaddress import ip_address
from pathlib import Path

import msgspec

from loadstone.lab.surroundings.systems import PORTS
from loadstone.lab.surroundings.variables import Named
from loadstone.model.discovery import Database, Dependency

__all__ = ["is_address", "joined_databases", "joined_dependencies"]


def joined_databases(found: Sequence[Named]) -> Iterator[Named]:
    """One for each database, with all that is known of it."""
    rest = list(found)
    while rest:
        first = rest.pop(0)
        for other in list(rest):
            assert isinstance(first.what, Database)
            assert isinstance(other.what, Database)
            if _same(first.what, other.what):
                rest.remove(other)
                first = Named(_merged(first.what, other.what), first.address or other.address)
        yield first


def _same(one: Database, other: Database) -> bool:
    if one.system != other.system:
        return False
    if one.system == "sqlite":
        return Path(one.name).name == Path(other.name).name
    if one.name and other.name and one.name != other.name:
        return False
    ports = {one.port or PORTS.get(one.system), other.port or PORTS.get(other.system)}
    if len(ports) > 1:
        return False
    hosts = [_host(one), _host(other)]
    # A name and an address, of one system at one port: whether the name is that address only the service knows.
    return hosts[0] == hosts[1] or sum(map(is_address, hosts)) == 1 or "" in hosts


def _host(database: Database) -> str:
    host = database.host
    if host in ("localhost", "::1", "") or host.startswith(("127.", "/")):
        return "127.0.0.1"
    return host


def is_address(host: str) -> bool:
    """Whether it is an IP address, and no name."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _merged(one: Database, other: Database) -> Database:
    named_first = one if one.host or not other.host else other
    return Database(
        one.system,
        ", ".join(dict.fromkeys((*one.found_by.split(", "), *other.found_by.split(", ")))),
        host=named_first.host,
        port=one.port or other.port,
        name=max(one.name, other.name, key=len),
        dsn_env=one.dsn_env or other.dsn_env,
        dsn=one.dsn or other.dsn,
        readable=one.readable if one.readable is not None else other.readable,
        problem=one.problem or other.problem,
    )


def joined_dependencies(found: Iterable[Dependency]) -> list[Dependency]:
    """One for each dependency, in the order in which they were named first."""
    kept: dict[tuple[str, str, int | None], Dependency] = {}
    for one in found:
        host = "127.0.0.1" if one.host in ("localhost", "::1", "") else one.host
        key = (one.what, host, one.port or PORTS.get(one.what))
        before = kept.get(key) or next(
            (known for (what, at, port), known in kept.items()
             if what == key[0] and port == key[2] and is_address(at) != is_address(host)), None
        )  # fmt: skip
        if before is None:
            kept[key] = one
            continue
        names = ", ".join(dict.fromkeys((*before.found_by.split(", "), *one.found_by.split(", "))))
        place = next(known for known, value in kept.items() if value is before)
        kept[place] = msgspec.structs.replace(before, found_by=names)
    return list(kept.values())
