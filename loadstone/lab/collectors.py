"""Which collectors fit a service: each is imported when it is wanted."""

from __future__ import annotations

import os
import shutil
from collections.abc import Container
from typing import Literal

from loadstone.gather.collector import Collector
from loadstone.gather.otlp.collector import Traces
from loadstone.gather.otlp.otel import runtime
from loadstone.lab.service import argv
from loadstone.model.service import Service

__all__ = ["COLLECTORS", "collectors"]

COLLECTORS = ("traces", "recorder", "profile", "postgres", "sqlite", "host")
"""Every collector by its name, in the order in which they are asked."""


def _inside(service: Service | None) -> Literal["recorder", "official", "either", "nothing"]:
    """Who looks into a service that Loadstone starts: the recorder into Python, the official packages into Node and the
    JVM; a command that tells neither (a shell script) may start Python or export by itself."""
    words = None if service is None else argv(service)
    if service is None or words is None or service.instrument is False:
        return "nothing"
    if service.instrument == "otel":
        return "official"
    path = {**os.environ, **service.env}.get("PATH")
    kind = runtime(words, lambda program: shutil.which(program, path=path))
    if kind is None:
        return "either"
    return "recorder" if kind.language == "python" else "official"


def collectors(
    service: Service | None,
    *,
    dsn: bool,
    without: Container[str] = (),
    memory: bool = False,
    otlp_port: int = 0,
    grpc_port: int | None = None,
) -> tuple[Collector, ...]:
    """The collectors for this service. PostgreSQL's needs a DSN; the others find out for themselves what there is.

    A service that the recorder looks into is not told to export traces too: each request would be seen twice. With an
    ``otlp_port`` the receiver is there all the same.
    """
    chosen: list[Collector] = []
    inside = _inside(service)
    recorded = inside in ("recorder", "either") and "recorder" not in without
    if "traces" not in without and (inside != "recorder" or not recorded or otlp_port or grpc_port is not None):
        mode: Literal["receive", "otel"] = "otel" if inside == "official" else "receive"
        chosen.append(Traces(mode, otlp_port, grpc_port is not None, grpc_port=grpc_port or 0))
    if recorded:
        from loadstone.gather.recorder.collector import Recorder

        chosen.append(Recorder())
    if "profile" not in without or memory:
        from loadstone.gather.profile.collector import Profile

        chosen.append(Profile(memory=memory))
    if "postgres" not in without and dsn:
        from loadstone.gather.postgres.collector import Postgres

        chosen.append(Postgres())
    if "sqlite" not in without:
        from loadstone.gather.sqlite.collector import Sqlite

        chosen.append(Sqlite())
    if "host" not in without:
        from loadstone.gather.host.collector import HostMetrics

        receivers = [collector for collector in chosen if isinstance(collector, Traces)]
        chosen.append(HostMetrics(receiver=lambda: receivers[0].pid if receivers else None))
    return tuple(chosen)
