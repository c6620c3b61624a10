"""``loadstone gather``."""

from __future__ import annotations

import sys

import click

from loadstone.cli.observe import collector_options, place_options
from loadstone.cli.options import archive_option, duration, json_option, labels

EPILOG = """\b
Everything that this machine and the service allow, for a minute, while somebody else makes the load:
  loadstone gather --url http://127.0.0.1:8000 --for 60s
Traces of any language, sent by OTLP (HTTP, protobuf or JSON) to 127.0.0.1:4318, or to the --otlp-port named:
  loadstone gather --for 60s
One process and its children, and its database; or whatever listens at a port, in a container too:
  loadstone gather --for 60s --pid 4711 --dsn "{env.DATABASE_URL}"
  loadstone gather --for 60s --port 8000
Then ask it:
  loadstone sql "SELECT name, count(*), avg(end_ns - start_ns) / 1e6 AS ms FROM spans GROUP BY name"

\b
Ctrl-C ends it early and keeps what was collected.
"""


@click.command(epilog=EPILOG)
@click.option("--for", "duration_s", metavar="TIME", callback=duration, default="60s", help="How long.  [default: 60s]")
@click.option("--url", metavar="URL", help="The service; its processes are those that listen at its port.")
@place_options
@collector_options
@click.option("--show", multiple=True, metavar="NAME", help="A parameter whose values may be kept; repeatable.")
@click.option("--label", "marks", multiple=True, metavar="K=V", callback=labels, help="Kept with the run; repeatable.")
@click.option("-q", "--quiet", is_flag=True, help="No progress on stderr.")
@archive_option
@json_option
def gather(
    duration_s: float,
    url: str | None,
    pids: tuple[int, ...],
    port: int | None,
    dsn: str | None,
    without: tuple[str, ...],
    memory: bool,
    otlp_port: int,
    grpc_port: int | None,
    show: tuple[str, ...],
    marks: dict[str, str],
    quiet: bool,
    archive: str | None,
    as_json: bool,
) -> None:
    """Collect evidence from a service that runs, without load of Loadstone's own.

    Traces are received, processes profiled, the database asked and the host watched, as far as each is allowed.
    """
    from loadstone.archive import find
    from loadstone.cli.evidence import show_evidence
    from loadstone.cli.observe import OTLP_PORT, Ways, observing_of
    from loadstone.cli.progress import Progress
    from loadstone.cli.typed import typed
    from loadstone.lab.gathering import Gathering, found_service, run_gather

    service, found, notes = found_service(url, frozenset(pids), port)
    ways = Ways(
        dsn=dsn,
        without=without,
        memory=memory,
        otlp_port=otlp_port or OTLP_PORT,
        grpc_port=grpc_port,
        pids=tuple(sorted(found)),
        notes=notes,
        show=show,
    )
    asked = Gathering(observing_of(service, None, ways), duration_s, service, marks, typed())
    progress = Progress(sys.stderr, quiet=quiet or (as_json and not sys.stderr.isatty()))
    kept = find(archive)
    with progress:
        run = run_gather(kept, asked, progress.doing, lambda seconds: progress.passed(seconds, duration_s))
    show_evidence(kept, run.id, as_json=as_json, next_step="loadstone report last --open")
