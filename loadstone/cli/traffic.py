"""``loadstone traffic``."""

from __future__ import annotations

import shlex
import sys

import click

from loadstone.cli.options import archive_option, duration, json_option

EPILOG = """\b
What access logs say of the people who use a service; the format is found by the first lines:
  loadstone traffic access.log access.log.1.gz
A format by its name, or as the server's configuration writes it:
  loadstone traffic --format alb *.log.gz
  loadstone traffic --format '$remote_addr - [$time_iso8601] "$request" $status $request_time' access.log
Routes by the service's own document, a shorter pause between visits:
  loadstone traffic --openapi openapi.json --idle 10m access.log

\b
The model is made of all of it. How alike it is was measured first: made of the beginning of the log, held against its
end. Exit code 0; 2 where a file or a format cannot be read; 4 where there are no requests of people in it.
"""


@click.command(epilog=EPILOG)
@click.argument("logs", metavar="LOG...", nargs=-1, required=True)
@click.option("--format", "line_format", metavar="F", help="A format's name, or a server's own format string.")
@click.option(
    "--idle", "idle_s", metavar="TIME", callback=duration, default="30m", help="Ends a visit.  [default: 30m]"
)
@click.option("--peak", "peak_s", metavar="TIME", callback=duration, default="1h", help="Its length.  [default: 1h]")
@click.option("--openapi", metavar="FILE", help="An OpenAPI document with the service's routes.")
@click.option("--show", multiple=True, metavar="NAME", help="A parameter whose values may be kept; repeatable.")
@click.option("-q", "--quiet", is_flag=True, help="No progress on stderr.")
@archive_option
@json_option
def traffic(
    logs: tuple[str, ...],
    line_format: str | None,
    idle_s: float,
    peak_s: float,
    openapi: str | None,
    show: tuple[str, ...],
    quiet: bool,
    archive: str | None,
    as_json: bool,
) -> int:
    """A workload from access logs: mix, visits, think times, popularity, arrivals; and how alike it is."""
    import time
    from contextlib import suppress

    from loadstone.archive import find
    from loadstone.cli.progress import Progress
    from loadstone.errors import InstrumentError
    from loadstone.lab.traffic import declared_routes, keep_traffic, traffic_from_logs
    from loadstone.lab.traffic_page import write_traffic_page
    from loadstone.traffic.fit import assumptions

    for name, seconds in (("--idle", idle_s), ("--peak", peak_s)):
        if seconds < 1:
            raise click.BadParameter("is at least a second", param_hint=name)
    declared = declared_routes(openapi) if openapi else ()
    with Progress(sys.stderr, quiet=quiet or as_json) as progress:
        told = traffic_from_logs(
            logs,
            format=line_format,
            idle_s=idle_s,
            peak_s=peak_s,
            declared=declared,
            show=show,
            doing=progress.doing,
        )
    path = keep_traffic(find(archive), told, time.time_ns())
    kept = str(path)
    with suppress(InstrumentError):  # a page that was not built is no reason to keep the model from anybody
        kept = f"{path}, and its page {write_traffic_page(path, told).name}"
    if as_json:
        from loadstone.cli.options import print_json

        print_json(told)
    else:
        from loadstone.cli.terminal import color, width
        from loadstone.render.traffic_text import traffic_text

        further = ("--format", line_format) if line_format else ()
        named = tuple(word for log in logs for word in ("--log", log))
        step = shlex.join(("loadstone", "init", "URL", *further, *named)) if told.visits else None
        click.echo(traffic_text(told, assumptions(told), color=color(), width=width(), kept=kept, next_step=step))
    return 0 if told.visits else 4
