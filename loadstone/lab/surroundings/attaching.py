"""A service that Loadstone did not start: found by a process, a port or a URL, with what that costs of the evidence."""

from __future__ import annotations

import pwd
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from loadstone.errors import SpecError
from loadstone.gather.profile.processes import runtime, why_not_ptrace
from loadstone.lab.surroundings.containers import (
    Container,
    Forwarded,
    addresses_of,
    containers_of,
    forwarded,
    inside,
    proxies,
)
from loadstone.lab.surroundings.sockets import (
    PROC,
    Row,
    holders,
    inodes_of,
    namespace_of,
    rows_of,
)
from loadstone.lab.tree import descendants
from loadstone.spec.hosts import host_problem, parse_url

__all__ = ["Attached", "attach", "running", "service_pids", "with_elsewhere"]


class Attached(msgspec.Struct, frozen=True):
    """``pids`` are the service's processes and their children, none where they are elsewhere or not ours to see.
    ``url`` is where it answers, None for a process that listens nowhere. ``lost`` is the evidence that a service has
    only where Loadstone starts it, or this user may not have: one sentence each, with the way to it."""

    url: str | None
    pids: tuple[int, ...]
    lost: tuple[str, ...]
    notes: tuple[str, ...] = ()
    containers: tuple[Container, ...] = ()


def attach(*, pid: int | None = None, port: int | None = None, url: str | None = None, proc: Path = PROC) -> Attached:
    """The service that this names; exactly one is given, or a process and its URL.

    Raises SpecError where there is no such process, or nothing listens.
    """
    if pid is not None:
        found, notes = _by_pid(pid, proc)
        place = url or _url_of(found, proc)
    elif port is not None:
        found, notes = _by_port(port, proc)
        place = url or f"http://127.0.0.1:{port}"
    elif url is not None:
        place = _checked(url)
        parts = urlsplit(place)
        found, notes = _at(place, parts.port or (443 if parts.scheme == "https" else 80), parts.hostname, proc)
    else:
        raise SpecError("nothing to attach to: name a process, a port or a URL")
    everyone = _family(found, proc)
    why = "" if everyone else notes[0] if notes else "its processes are not known"
    return Attached(
        place, tuple(sorted(everyone)), tuple(_lost(everyone, proc, why)), tuple(notes),
        tuple(containers_of(everyone, proc)),
    )  # fmt: skip


def running(url: str | None, pids: frozenset[int], port: int | None = None) -> tuple[frozenset[int], tuple[str, ...]]:
    """The processes of a service that is up: those given, else those behind the port given, else behind the URL. Then
    what is to be told of them: how they were found, and which evidence is lost.

    Raises SpecError when a given process is not there, or nothing listens.
    """
    gone = sorted(pids - descendants(set(pids)))
    if gone:
        raise SpecError(f"there is no process {gone[0]}")
    ways = [attach(pid=pid) for pid in sorted(pids)]
    if port is not None:
        ways.append(attach(port=port))
    elif not ways and url is not None:
        ways.append(attach(url=url))
    told = (words for one in ways for words in (*one.notes, *(f"Not to be had: {each}." for each in one.lost)))
    return frozenset(pid for one in ways for pid in one.pids), tuple(dict.fromkeys(told))


def service_pids(url: str, proc: Path = PROC) -> set[int]:
    """The processes that answer at a URL of this machine, behind a container's proxy too; none where they are not
    known."""
    parts = urlsplit(url)
    number = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        return _at(url, number, parts.hostname, proc)[0]
    except SpecError:
        return set()


def with_elsewhere(started: Callable[[], set[int]], url: str) -> Callable[[], set[int]]:
    """The processes that were started, and those that answer at the URL where they are none of these: what was started
    may be the client of a container engine."""
    found = service_pids(url)
    if not found or found & started():
        return started
    return lambda: started() | descendants(found)


def _at(url: str, port: int, host: str | None, proc: Path) -> tuple[set[int], list[str]]:
    if host_problem(url) is None or host in addresses_of("self", proc):
        return _by_port(port, proc)
    # A container's address of this machine, or another machine.
    found = {each for pids in inside(port, host, proc).values() for each in pids}
    return found, [] if found else ["It runs on another machine"]


def _checked(url: str) -> str:
    try:
        return parse_url(url)
    except ValueError as error:
        raise SpecError(f"--url {url}: {error}") from error


def _family(pids: set[int], proc: Path) -> set[int]:
    return descendants(pids) if proc == PROC else set(pids)


def _by_pid(pid: int, proc: Path) -> tuple[set[int], list[str]]:
    if pid not in _family({pid}, proc) or (proc / "self").exists() > (proc / str(pid)).exists():
        raise SpecError(f"there is no process {pid}; find it with: ps -ef, or name the port where it listens: --port")
    return {pid}, []


def _url_of(pids: set[int], proc: Path) -> str | None:
    """Where these processes listen, as it is reached from here: at the lowest port, by a proxy where there is one."""
    everyone = _family(pids, proc)
    held, _ = inodes_of(everyone, proc)
    one = min(everyone, default=0)
    rows = sorted((row for row in rows_of(one, proc) if row.listens and row.inode in held), key=lambda row: row.port)
    if not rows:
        return None
    own, theirs = namespace_of("self", proc), namespace_of(one, proc)
    if own == theirs or theirs is None:
        host = "[::1]" if rows[0].host == "::1" else "127.0.0.1" if _any_or_loop(rows[0].host) else rows[0].host
        return f"http://{host}:{rows[0].port}"
    addresses = {
        address for address in addresses_of(one, proc) if not address.startswith("127.") and ":" not in address
    }
    for row in rows_of("self", proc):
        if not row.listens:
            continue
        for holder in proxies(holders({row.inode} - {0}, proc), proc):
            to = forwarded(holder, proc)
            if to is not None and to.host in addresses and to.port in {each.port for each in rows}:
                return f"http://127.0.0.1:{row.port}"
    return f"http://{min(addresses)}:{rows[0].port}" if addresses else None


def _any_or_loop(host: str) -> bool:
    return host in ("0.0.0.0", "::") or host.startswith("127.")


def _by_port(port: int, proc: Path) -> tuple[set[int], list[str]]:
    """Who answers at a port of this machine, and what stands in the way of knowing."""
    if not (proc / "self").exists():
        return set(), ["This system has no /proc, which tells who listens: name a process with --pid"]
    rows = [row for row in rows_of("self", proc) if row.listens and row.port == port]
    owners = holders({row.inode for row in rows} - {0}, proc)
    standing = proxies(owners, proc)
    if owners - standing.keys():
        return owners - standing.keys(), []
    if standing:
        return _behind(port, standing, proc)
    if rows:
        return set(), [_not_ours(port, rows)]
    spaces = inside(port, None, proc)
    if len(spaces) == 1:
        (found,) = spaces.values()
        return found, [f"Nobody listens at port {port} here, and one container does: its processes are meant."]
    if spaces:
        several = f"{len(spaces)} containers listen at port {port}: name a process of the one meant, with --pid"
        return set(), [several]
    raise SpecError(f"nothing listens at 127.0.0.1:{port}; start the service first, or name its process with --pid PID")


def _behind(port: int, standing: dict[int, str], proc: Path) -> tuple[set[int], list[str]]:
    name = next(iter(standing.values()))
    targets = [to for pid in standing if (to := forwarded(pid, proc)) is not None]
    found: set[int] = set()
    for to in targets or [Forwarded("", port)]:
        spaces = inside(to.port, to.host or None, proc)
        if targets or len(spaces) == 1:
            found |= {pid for pids in spaces.values() for pid in pids}
    if found:
        return found, [f"Port {port} is held by {name}, which forwards to a container: its processes are meant."]
    where = f" to {targets[0].host}:{targets[0].port}" if targets else ""
    way = "run loadstone as root to see them, or name one with --pid"
    told = (
        f"Port {port} is held by {name}, which forwards{where}: the service's processes cannot be seen from here; {way}"
    )
    return set(), [told]


def _not_ours(port: int, rows: Iterable[Row]) -> str:
    uid = next(iter(rows)).uid
    name = str(uid)
    with suppress(KeyError):
        name = f"{pwd.getpwuid(uid).pw_name} ({uid})"
    return f"Port {port} is held by a process of another user, {name}: run loadstone as that user, or with sudo"


def _lost(pids: set[int], proc: Path, why: str) -> Iterator[str]:
    """What an attached service cannot tell, and how it would."""
    environments = {pid: _environment(pid, proc) for pid in sorted(pids)}
    if not any(b"LOADSTONE_RECORDER=" in (told or b"") for told in environments.values()):
        yield (
            "statements, calls and waits with their file and line: the recorder goes into a Python service only where "
            "Loadstone starts it; to have them, stop this one and write start in [service]"
        )
    spaces = {namespace_of(pid, proc) for pid in pids} - {None, namespace_of("self", proc)}
    yield _traces(environments.values(), elsewhere=bool(spaces))
    if not pids:
        yield f"profiles, CPU and memory of its processes, open SQLite files: {why or 'its processes are not known'}"
        return
    barred = next((told for pid in sorted(pids) if (told := why_not_ptrace(pid, proc)) is not None), None)
    if barred is not None:
        yield f"profiles: {barred[0]}; {barred[1]}"
    kinds = {runtime(pid) for pid in pids} if proc == PROC else set()
    if "node" in kinds or "jvm" in kinds:
        yield (
            "profiles by its own runtime (Node, the JVM): these are switched on where it is started; perf sees native "
            "frames alone"
        )
    if not inodes_of(pids, proc)[1]:
        yield "open connections and SQLite files: some of its processes are another user's; run loadstone as that user"
    if None in environments.values():
        yield "what its environment names: some of its processes are another user's; run loadstone as that user"


def _traces(environments: Iterable[bytes | None], *, elsewhere: bool) -> str:
    """Why there are none, and what would bring them."""
    if elsewhere:
        return (
            "traces: the receiver listens on this machine's loopback, which a container reaches with network_mode: "
            "host alone; then start it with OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318 and take --otlp-port 4318"
        )
    if any(b"OTEL_EXPORTER_OTLP" in (told or b"") for told in environments):
        return (
            "traces that it exports elsewhere: have them sent to http://127.0.0.1:4318 too, and take --otlp-port 4318"
        )
    return (
        "traces: it exports none; start it with OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318 and take "
        "--otlp-port 4318"
    )


def _environment(pid: int, proc: Path) -> bytes | None:
    try:
        return (proc / str(pid) / "environ").read_bytes()
    except OSError:
        return None
