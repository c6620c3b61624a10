"""Which collectors fit a service: each is imported when it is wanted."""

from __future__ import annotations

from collections.abc import Container

from loadstone.gather.collector import Collector
from loadstone.model.service import Service

__all__ = ["COLLECTORS", "collectors"]

COLLECTORS = ("traces", "recorder", "profile", "postgres", "sqlite", "host")
"""Every collector by its name, in the order in which they are asked."""


def collectors(
    service: Service, *, dsn: bool, without: Container[str] = (), memory: bool = False, otlp_port: int = 0
) -> tuple[Collector, ...]:
    """The collectors for this service. The recorder goes into a service that Loadstone starts, PostgreSQL's needs a
    DSN; the others find out for themselves what there is."""
    chosen: list[Collector] = []
    if "traces" not in without:
        from loadstone.gather.otlp.collector import Traces

        official = service.instrument == "otel" and service.start is not None
        chosen.append(Traces("otel" if official else "receive", otlp_port))
    if "recorder" not in without and service.instrument is True and service.start is not None:
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

        chosen.append(HostMetrics())
    return tuple(chosen)
