"""``loadstone runs``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from loadstone.cli.options import archive_option, json_option

if TYPE_CHECKING:
    from collections.abc import Iterator

    from loadstone.archive import Archive
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
    from loadstone.archive import find
    from loadstone.cli.options import print_json
    from loadstone.cli.terminal import color, width
    from loadstone.errors import EvidenceError
    from loadstone.render.text import runs_text

    kept = find(archive)
    manifests: list[Manifest] = []
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
        if every or manifest.side not in SIDES:
            manifests.append(manifest)
    if as_json:
        print_json(manifests)
        return
    if manifests:
        click.echo(runs_text(manifests, color=color(), width=width()))
    told = list(_experiments(kept))
    if told:
        click.echo("\n".join(line[: width()].rstrip() for line in (*([""] if manifests else []), *told)))
    elif not manifests:
        click.echo(f"no run in {kept.root}; make one with: loadstone run URL --rate 50/s --for 30s", err=True)
    if others:
        click.echo(f"and {others} more; see them with --all", err=True)


def _experiments(archive: Archive) -> Iterator[str]:
    """A line for each of the last experiments; their runs are in the list only with ``--all``."""
    from loadstone.archive import short
    from loadstone.errors import EvidenceError
    from loadstone.lab.experiments import experiments
    from loadstone.render.text import plain, table

    rows = [("experiment", "for", "status", "verdict", "")]
    for one in experiments(archive)[:EXPERIMENTS]:
        try:
            manifest, told = one.manifest, one.comparison
        except EvidenceError as error:
            click.echo(str(error), err=True)
            continue
        runs = sum(step.run is not None for step in manifest.steps)
        said = f"{runs} runs so far" if told is None else plain(told.sentence)
        rows.append((short(one.id), manifest.kind, manifest.status, "" if told is None else told.verdict, said))
    if len(rows) > 1:
        yield from table(rows, left=(0, 1, 2, 3, 4))
