"""``loadstone runs``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from loadstone.cli.options import archive_option, json_option

if TYPE_CHECKING:
    from loadstone.model.run import Manifest

MOST = 20


@click.command(
    epilog=f"""\b
  loadstone runs                      the last {MOST}, the newest first
  loadstone runs --all --json         every manifest
"""
)
@click.option("--all", "every", is_flag=True, help=f"Every run, not only the last {MOST}.")
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
    ids = kept.ids()
    manifests: list[Manifest] = []
    for run in ids if every else ids[:MOST]:
        try:
            manifests.append(kept.run(run).manifest)
        except EvidenceError as error:
            click.echo(str(error), err=True)
    if as_json:
        print_json(manifests)
    elif ids:
        click.echo(runs_text(manifests, color=color(), width=width()))
        if len(ids) > MOST and not every:
            click.echo(f"and {len(ids) - MOST} more; see them with --all", err=True)
    else:
        click.echo(f"no run in {kept.root}; make one with: loadstone run URL --rate 50/s --for 30s", err=True)
