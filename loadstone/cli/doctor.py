"""``loadstone doctor``."""

from __future__ import annotations

from pathlib import Path

import click

from loadstone.cli.observe import place_options
from loadstone.cli.options import json_option

EPILOG = """\b
  loadstone doctor                                        this machine alone
  loadstone doctor --url http://127.0.0.1:8000            and the service that listens there
  loadstone doctor --pid 4711 --dsn "{env.DATABASE_URL}"  and its database
  loadstone doctor --port 8000                            whatever listens there, in a container too
  loadstone doctor --json

\b
Nothing is changed and nothing is sent to the service; the database is asked what it may tell.
"""


@click.command(epilog=EPILOG)
@click.option("--url", metavar="URL", help="The service; its processes are those that listen at its port.")
@place_options
@click.option("--dsn", metavar="DSN", help="The service's PostgreSQL database: postgresql://… or {env.NAME}.")
@json_option
def doctor(url: str | None, pids: tuple[int, ...], port: int | None, dsn: str | None, as_json: bool) -> None:
    """Say which evidence this machine and this service allow, what is missing for the rest, and what each costs."""
    import msgspec

    from loadstone.cli.observe import resolved_dsn
    from loadstone.gather.doctor import examine
    from loadstone.lab.gathering import found_service
    from loadstone.lab.processes import family

    _, found, notes = found_service(url, frozenset(pids), port)
    told = msgspec.structs.replace(examine(family(set(found)), resolved_dsn(dsn)), notes=notes)
    if as_json:
        from loadstone.cli.options import print_json

        print_json(told)
        return
    from loadstone.cli.terminal import color, width
    from loadstone.render.doctor_text import doctor_text

    click.echo(doctor_text(told, color=color(), width=width(), next_step=_next(url)))


def _next(url: str | None) -> str:
    """Where there is a spec it is tried, else one is made."""
    from loadstone.cli.asked import DEFAULT_SPEC

    return "loadstone check" if Path(DEFAULT_SPEC).is_file() else f"loadstone init {url or 'URL'}"
