"""``loadstone report``."""

from __future__ import annotations

import os

import click

from loadstone.cli.options import archive_option


@click.command(
    epilog="""\b
  loadstone report last --open
  loadstone report 7f3a --json        everything that the page shows
"""
)
@click.argument("run", default="last")
@click.option("--open", "opened", is_flag=True, help="Open it in the browser.")
@archive_option
@click.option("--json", "as_json", is_flag=True, help="Print what the page shows as JSON; write nothing.")
def report(run: str, opened: bool, archive: str | None, as_json: bool) -> None:
    """Rebuild a run's report.html from its archive and print where it is."""
    from loadstone.archive import find
    from loadstone.cli.options import print_json
    from loadstone.lab.report import view, write_report

    kept = find(archive)
    found = kept.resolve(run)
    if as_json:
        print_json(view(found, archive=kept))
        return
    path = write_report(found, archive=kept)
    click.echo(os.path.relpath(path))
    if opened:
        import webbrowser

        if not webbrowser.open(path.resolve().as_uri()):
            click.echo("no browser could be opened here; open the file yourself", err=True)
