"""``loadstone evidence``."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click
import msgspec

from loadstone.cli.options import archive_option, json_option

if TYPE_CHECKING:
    from loadstone.archive import Archive

EPILOG = """\b
  loadstone evidence last             counts held against each other, coverage, what is missing, the observer's cost
  loadstone evidence 7f3a --json
  loadstone sql "SELECT name, count(*) FROM spans GROUP BY name ORDER BY 2 DESC LIMIT 10"

\b
A check that fails names the conclusions that it takes away. Missing evidence reads "could not look", never "clean".
"""


@click.command(epilog=EPILOG)
@click.argument("run", default="last")
@archive_option
@json_option
def evidence(run: str, archive: str | None, as_json: bool) -> None:
    """What was collected of a run, and how far it can be believed."""
    from loadstone.archive import find

    show_evidence(find(archive), run, as_json=as_json)


def show_evidence(
    archive: Archive, run: str, *, as_json: bool, next_step: str | None = None, brief: bool = False
) -> None:
    """Print the evidence of a run, or of its observed partner, on stdout; in brief beneath the run's own result.

    ``next_step`` is the command to go on with; not in brief, it is the diagnosis by default.
    """
    from loadstone.lab.evidence import evidence_summary

    told = evidence_summary(archive, archive.resolve(run))
    shown = os.path.relpath(told.report) if told.report is not None and not brief else None
    told = msgspec.structs.replace(told, report=shown)
    if as_json:
        from loadstone.cli.options import print_json

        print_json(told)
        return
    from loadstone.cli.terminal import color, width
    from loadstone.render.evidence_text import evidence_text

    if next_step is None and not brief:
        next_step = f"loadstone diagnose {run}"
    click.echo(evidence_text(told, color=color(), width=width(), next_step=next_step, brief=brief))
