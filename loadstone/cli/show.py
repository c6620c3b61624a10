"""``loadstone show``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import click

from loadstone.cli.options import archive_option, json_option

if TYPE_CHECKING:
    from loadstone.archive import Archive
    from loadstone.lab.experiments import Experiment

EXPERIMENT = re.compile(r"(.*-)?x[0-9a-f]{0,4}")
"""What an experiment's id ends with; a run's never has the x."""


@click.command(
    epilog="""\b
  loadstone show last
  loadstone show 7f3a --json
  loadstone show x5c1d                an experiment: what prove, calibrate or gate found
  loadstone show x5c1d --markdown     the same for a ticket
"""
)
@click.argument("run", default="last", metavar="[RUN | EXPERIMENT]")
@click.option("--markdown", is_flag=True, help="Print an experiment's result as Markdown.")
@archive_option
@json_option
def show(run: str, markdown: bool, archive: str | None, as_json: bool) -> int:
    """The result of a run or an experiment: by its id, a beginning or ending of it, last, last-1 or a path."""
    from loadstone.archive import find
    from loadstone.cli.evidence import show_evidence
    from loadstone.cli.result import show_summary
    from loadstone.errors import EvidenceError
    from loadstone.lab.report import summary
    from loadstone.render.text import plain

    kept = find(archive)
    if as_json and markdown:
        raise click.UsageError("--json or --markdown, not both")
    named = run.rstrip("/").rpartition("/")[2]
    if EXPERIMENT.fullmatch(named):
        from loadstone.lab.experiments import resolve_experiment

        try:
            experiment = resolve_experiment(kept, run)
        except EvidenceError:
            if not kept.has(run):
                raise
        else:
            show_experiment(kept, experiment, as_json=as_json, markdown=markdown)
            return 0
    found = kept.resolve(run)
    if markdown:
        raise click.UsageError("--markdown is of experiments; of a run: loadstone diagnose RUN --markdown")
    if found.manifest.kind != "load":
        show_evidence(kept, run, as_json=as_json)
        return 0
    told = summary(found)
    if not as_json:
        asked = " ".join(found.manifest.command) or "loadstone run"
        click.echo(f"{plain(asked)}   {found.manifest.status}   run {found.id}\n")
    show_summary(told, found.directory, as_json=as_json)
    return 0


def show_experiment(archive: Archive, experiment: Experiment, *, as_json: bool, markdown: bool) -> None:
    """The verdict that is kept; what is known of one that has none, on stderr."""
    from loadstone.cli.comparison import print_comparison
    from loadstone.render.text import plain

    manifest = experiment.manifest
    told = experiment.comparison
    if told is None:
        made = sum(step.run is not None for step in manifest.steps)
        click.echo(
            f"experiment {experiment.id} is {manifest.status} and has no verdict yet: "
            f"{made} of {len(manifest.steps)} runs are made",
            err=True,
        )
        return
    if not as_json and not markdown:
        asked = " ".join(manifest.command) or f"loadstone {manifest.kind}"
        click.echo(f"{plain(asked)}   {manifest.status}   experiment {experiment.id}\n")
    print_comparison(archive, told, as_json=as_json, markdown=markdown)
