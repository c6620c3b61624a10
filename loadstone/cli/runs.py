"""``loadstone runs``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from loadstone.cli.options import archive_option, json_option

if TYPE_CHECKING:
    from loadstone.model.run import Manifest

MOST = 20
SIDES = ("A", "B")
EXPERIMENTS = 5


@click.command(
    epilog=f"""\b
  loadstone runs                      the last {MOST}, the newest first
  loadstone runs --all --json         every manifest, sides of experiments too
"""
)
@click.option("--all", "every", is_flag=True, help=f"Every run, not only the last {MOST}; sides of experiments too.")
@archive_option
@json_option
def runs(every: bool, archive: str | None, as_json: bool) -> None:
    """The runs in the archive, the newest first."""
    from loadstone.archive import find, short
    from loadstone.cli.options import print_json
    from loadstone.cli.terminal import color, width
    from loadstone.errors import EvidenceError
    from loadstone.render.text import runs_text

    kept = find(archive)
    manifests: list[Manifest] = []
    sides: dict[str, int] = {}
    others = 0
    for run in kept.ids():
        if len(manifests) >= MOST and not every:
            others += 1
            continue
        try:
            manifest = kept.run(run).manifest
        except EvidenceError as error:
            click.echo(str(error), err=True)
            continue
        if manifest.side in SIDES and manifest.experiment is not None and not every:
            sides[manifest.experiment] = sides.get(manifest.experiment, 0) + 1
        else:
            manifests.append(manifest)
    if as_json:
        print_json(manifests)
        return
    if manifests:
        click.echo(runs_text(manifests, color=color(), width=width()))
    elif not sides:
        click.echo(f"no run in {kept.root}; make one with: loadstone run URL --rate 50/s --for 30s", err=True)
    for experiment, count in list(sides.items())[:EXPERIMENTS]:
        click.echo(f"and {count} of experiment {short(experiment)}: loadstone show {short(experiment)}", err=True)
    if len(sides) > EXPERIMENTS:
        click.echo(f"and those of {len(sides) - EXPERIMENTS} more experiments; see them with --all", err=True)
    if others:
        click.echo(f"and {others} more; see them with --all", err=True)
