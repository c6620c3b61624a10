"""``loadstone serve``."""

from __future__ import annotations

import click

from loadstone.cli.options import archive_option

PORT = 7080


@click.command(
    epilog="""\b
  loadstone serve                     http://127.0.0.1:7080: every run; a running one live
  loadstone serve --port 0            on a free port, which is printed
"""
)
@click.option("--port", type=click.IntRange(0, 65_535), default=PORT, metavar="PORT", help=f"[default: {PORT}]")
@click.option("--host", default="127.0.0.1", metavar="HOST", help="Listen elsewhere; the pages have no password.")
@archive_option
def serve(port: int, host: str, archive: str | None) -> None:
    """Serve the pages over the whole archive until Ctrl-C; a run that is going is shown as it goes."""
    from loadstone.archive import find
    from loadstone.web import serve as serve_pages

    serve_pages(find(archive), host, port, lambda url: click.echo(f"serving {url} (Ctrl-C ends)"))
