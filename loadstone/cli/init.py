"""``loadstone init``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from loadstone.cli.options import archive_option, json_option
from loadstone.cli.options import seed as valid_seed

if TYPE_CHECKING:
    from loadstone.model.introduction import Introduction

EPILOG = """\b
A URL is enough:
  loadstone init http://127.0.0.1:8000
With what knows more about it, any of it:
  loadstone init http://127.0.0.1:8000 --openapi openapi.yaml --har shop.har --log access.log
Started by Loadstone, so that the framework's own route table is read (Django, FastAPI, Flask, Express):
  loadstone init http://127.0.0.1:8000 --start "python manage.py runserver --noreload {port}"
Behind a login, with a user who may be logged in as often as a test needs:
  LOADSTONE_PASSWORD=… loadstone init http://127.0.0.1:8000 --user test@example.com

\b
Only GET is sent, one request after the other, and a login where --user names somebody. Journeys that would change
something are written switched off. Then follow two short runs: one user alone, and a tenth of what that one can do.
Exit codes: 0 written, 2 usage, 4 the service cannot be reached.
"""


@click.command(epilog=EPILOG)
@click.argument("url")
@click.option("--har", multiple=True, metavar="FILE", help="A browser's recording; two of one visit tell most.")
@click.option("--openapi", metavar="FILE|URL", help="The description of its API.  [looked for on the service]")
@click.option("--postman", multiple=True, metavar="FILE", help="A Postman collection.")
@click.option("--log", "logs", multiple=True, metavar="FILE", help="An access log, packed or not; repeatable.")
@click.option("--format", "log_format", metavar="FORMAT", help="How its lines are written.  [found out]")
@click.option("--traces", multiple=True, metavar="FILE", help="Traces of the service: OTLP, Jaeger, Zipkin.")
@click.option("--start", metavar="COMMAND", help="The command that starts it; {port} is the port of the URL.")
@click.option("--dsn", metavar="DSN", help="Its PostgreSQL database: {env.NAME}, or an address (kept out of the spec).")
@click.option("--pid", type=int, metavar="PID", help="A process of the service that runs already.")
@click.option("--port", type=int, metavar="PORT", help="The port that it listens at.")
@click.option("--compose", metavar="FILE", help="Its compose file.")
@click.option("--user", metavar="NAME", help="Log in as this user; the password stands in LOADSTONE_PASSWORD.")
@click.option("--output", default="loadstone.toml", metavar="FILE", help="What to write.  [default: loadstone.toml]")
@click.option("--force", is_flag=True, help="Replace what is there.")
@click.option("--no-baseline", is_flag=True, help="Measure nothing: no rate, no objectives.")
@click.option("--no-crawl", is_flag=True, help="Do not look around by links.")
@click.option("--allow-unsafe", is_flag=True, help="Let recorded journeys that change something be sent.")
@click.option("--seed", type=int, callback=valid_seed, default=1, metavar="N", help="For the values drawn.")
@click.option("--yes-load", "hosts", multiple=True, metavar="HOST", help="Drive this host, which is not loopback.")
@click.option("-q", "--quiet", is_flag=True, help="No progress on stderr.")
@archive_option
@json_option
def init(
    url: str,
    har: tuple[str, ...],
    openapi: str | None,
    postman: tuple[str, ...],
    logs: tuple[str, ...],
    log_format: str | None,
    traces: tuple[str, ...],
    start: str | None,
    dsn: str | None,
    pid: int | None,
    port: int | None,
    compose: str | None,
    user: str | None,
    output: str,
    force: bool,
    no_baseline: bool,
    no_crawl: bool,
    allow_unsafe: bool,
    seed: int,
    hosts: tuple[str, ...],
    quiet: bool,
    archive: str | None,
    as_json: bool,
) -> int:
    """Look at a service and write a spec for it: journeys, a safe rate, draft objectives, what stayed unknown."""
    import os
    import sys
    from pathlib import Path

    from loadstone.archive import find
    from loadstone.cli.typed import typed
    from loadstone.lab.init.asked import InitAsked
    from loadstone.lab.init.introduce import introduce
    from loadstone.lab.init.meeting import Unreached
    from loadstone.render.text import plain

    password = os.environ.get("LOADSTONE_PASSWORD")
    if user is not None and password is None:
        raise click.UsageError("--user needs the password in LOADSTONE_PASSWORD, never as an argument")
    environ = {**os.environ, **({"LOADSTONE_USER": user} if user is not None else {})}
    asked = InitAsked(
        url=url,
        har=har,
        openapi=openapi,
        postman=postman,
        logs=logs,
        log_format=log_format,
        traces=traces,
        start=start,
        dsn=_dsn(dsn),
        pid=pid,
        port=port,
        compose=compose,
        user=user,
        password=password if user is not None else None,
        token=os.environ.get("LOADSTONE_TOKEN"),
        output=Path(output),
        force=force,
        baseline=not no_baseline,
        crawl=not no_crawl,
        allow_unsafe=allow_unsafe,
        seed=seed,
        hosts=hosts,
        environ=environ,
        command=typed(),
    )
    quiet = quiet or (as_json and not sys.stderr.isatty())
    doing = (lambda said: None) if quiet else (lambda said: click.echo(plain(said), err=True))
    try:
        told = introduce(asked, find(archive), doing=doing)
    except Unreached as error:
        click.echo(f"{plain(error.obstacle.sentence)}\n    {plain(error.obstacle.advice)}", err=True)
        return 4
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    _tell(told, as_json=as_json)
    return 0


def _dsn(text: str | None) -> tuple[str, str] | None:
    """The template that the spec gets, and the address behind it."""
    if text is None:
        return None
    from loadstone.cli.observe import resolved_dsn

    address = resolved_dsn(text) or ""
    return (text if text.startswith("{env.") else "{env.DATABASE_URL}"), address


def _tell(told: Introduction, *, as_json: bool) -> None:
    if as_json:
        from loadstone.cli.options import print_json

        print_json(told)
        return
    from loadstone.cli.terminal import color, width
    from loadstone.render.init_text import init_text

    click.echo("", err=True)
    click.echo(init_text(told, color=color(), width=width()))
