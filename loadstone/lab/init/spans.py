"""Traces as a source: the routes of server spans, what client spans lead to."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from loadstone.archive import Archive
from loadstone.lab.init.sources import Found, counted
from loadstone.lab.init.tables import observed
from loadstone.model.discovery import Database, Dependency
from loadstone.model.evidence import KINDS
from loadstone.model.route import Field, Route

__all__ = ["Traces"]

SERVER, CLIENT = KINDS.index("server"), KINDS.index("client")


class Traces:
    """Files of traces, read as ``loadstone import`` reads them, into a run of the archive."""

    def __init__(self, paths: tuple[str, ...], archive: Archive, doing: Callable[[str], None]) -> None:
        self._paths = tuple(Path(path) for path in paths)
        self._archive, self._doing = archive, doing
        self.name = f"the traces {', '.join(paths)}"
        self.retry = f"loadstone import {' '.join(paths)}"

    def look(self, url: str) -> Found:
        """Routes by method and path; databases and other services by their names."""
        from loadstone.lab.gathering import import_files
        from loadstone.lab.observation import new_redaction

        run = import_files(self._archive, self._paths, new_redaction(()), self._doing)
        evidence = run.evidence()
        declared: Counter[tuple[str, str]] = Counter()
        seen: Counter[tuple[str, str]] = Counter()
        databases: dict[tuple[str, str], Database] = {}
        others: dict[str, Dependency] = {}
        columns = ("kind", "http_request_method", "http_route", "url_path", "db_system_name", "server_address")
        for batch in evidence.rows("spans", columns) if evidence is not None else ():
            rows = zip(*(batch[name].tolist() for name in columns), strict=True)
            for kind, method, route, path, system, address in rows:
                if kind == SERVER and method:
                    whole = bool(path) and str(path).startswith("/")  # it has the values, and its route counts it
                    if route and str(route).startswith("/"):
                        declared[method, str(route)] += not whole
                    if whole:
                        seen[method, str(path)] += 1
                elif kind == CLIENT and system:
                    databases.setdefault((system, address or ""), Database(str(system), "traces", str(address or "")))
                elif kind == CLIENT and method and address:
                    others.setdefault(str(address), Dependency("an HTTP service", "traces", str(address)))
        routes = [_route(method, route, count) for (method, route), count in declared.items()]
        made = observed([(method, path, count) for (method, path), count in seen.items()], "traces", routes)
        requests = counted(declared.total() + seen.total(), "request")
        says = f"{requests} to {counted(len(made), 'route')}, kept as run {run.id}"
        return Found(says, made, databases=tuple(databases.values()), dependencies=tuple(others.values()))


def _route(method: str, template: str, count: int) -> Route:
    """A route as a framework writes it (``/users/<int:id>``, ``/users/:id``), in braces."""
    plain = re.sub(r"<(?:[^<>:]*:)?([^<>:]+)>", r"{\1}", template)
    plain = re.sub(r"(?<=/):([A-Za-z_]\w*)", r"{\1}", plain)
    plain = re.sub(r"\{([^{}:]+):[^{}]*\}", r"{\1}", plain)
    fields = tuple(Field(name) for name in re.findall(r"\{([^{}]*)\}", plain))
    return Route(method, plain, fields, sources=("traces",), requests=count)
