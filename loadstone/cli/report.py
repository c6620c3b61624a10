"""``loadstone report``."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from loadstone.cli.options import archive_option

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from loadstone.archive import Archive


@click.command(
    epilog="""\b
  loadstone report last --open
  loadstone report 7f3a --json        everything that the page shows
  loadstone report x5c1d              an experiment's page
"""
)
@click.argument("run", default="last", metavar="[RUN | EXPERIMENT]")
@click.option("--open", "opened", is_flag=True, help="Open it in the browser.")
@archive_option
@click.option("--json", "as_json", is_flag=True, help="Print what the page shows as JSON; write nothing.")
def report(run: str, opened: bool, archive: str | None, as_json: bool) -> None:
    """Rebuild the report.html of a run or an experiment from the archive and print where it is."""
    from loadstone.archive import find
    from loadstone.cli.options import print_json
    from loadstone.cli.show import EXPERIMENT

    kept = find(archive)
    told = _experiment if EXPERIMENT.fullmatch(run.rstrip("/").rpartition("/")[2]) and not kept.has(run) else _run
    path = told(kept, run, print_json if as_json else None)
    if path is None:
        return
    click.echo(os.path.relpath(path))
    if opened:
        import webbrowser

        if not webbrowser.open(path.resolve().as_uri()):
            click.echo("no browser could be opened here; open the file yourself", err=True)


def _run(archive: Archive, name: str, show: Callable[[object], None] | None) -> Path | None:
    from loadstone.lab.report import view, write_report

    run = archive.resolve(name)
    if show is None:
        return write_report(run, archive=archive)
    show(view(run, archive=archive))
    return None


def _experiment(archive: Archive, name: str, show: Callable[[object], None] | None) -> Path | None:
    from loadstone.lab.experiment_report import experiment_page, write_experiment_report
    from loadstone.lab.experiments import resolve_experiment

    experiment = resolve_experiment(archive, name)
    if show is None:
        return write_experiment_report(archive, experiment)
    show(experiment_page(archive, experiment))
    return None
