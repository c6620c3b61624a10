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
    if manifest.kind == "gate" and _show_gate(experiment, as_json=as_json, markdown=markdown):
        return
    if manifest.kind == "calibrate" and not as_json and not markdown and _show_calibration(archive, experiment):
        return
    print_comparison(archive, told, as_json=as_json, markdown=markdown)


def _show_gate(experiment: Experiment, *, as_json: bool, markdown: bool) -> bool:
    """The gate's report as it was kept; False where there is none, as of one that was interrupted."""
    import msgspec

    from loadstone.cli.options import print_json
    from loadstone.cli.terminal import color, width
    from loadstone.errors import EvidenceError
    from loadstone.model.guardrail import GateReport
    from loadstone.render.gate_markdown import gate_markdown
    from loadstone.render.gate_text import gate_text

    path = experiment.directory / "gate.json"
    try:
        report = msgspec.json.decode(path.read_bytes(), type=GateReport)
    except FileNotFoundError:
        return False
    except msgspec.DecodeError as error:
        raise EvidenceError(f"{path} cannot be read: {error}") from error
    if as_json:
        print_json(report)
    else:
        click.echo(gate_markdown(report) if markdown else gate_text(report, color=color(), width=width()))
    return True


def _show_calibration(archive: Archive, experiment: Experiment) -> bool:
    """The calibration that it went into; False where there is none."""
    from loadstone.cli.terminal import color, width
    from loadstone.lab.calibration import calibrations
    from loadstone.render.calibration_text import calibration_text

    for one in calibrations(archive):
        if experiment.id in one.experiments:
            click.echo(calibration_text(one, color=color(), width=width()))
            return True
    return False
