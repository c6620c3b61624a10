"""``loadstone show``."""

from __future__ import annotations

import click

from loadstone.cli.options import archive_option, json_option


@click.command(
    epilog="""\b
  loadstone show last
  loadstone show 7f3a --json
"""
)
@click.argument("run", default="last")
@archive_option
@json_option
def show(run: str, archive: str | None, as_json: bool) -> None:
    """The result of a run: by its id, a unique beginning or ending of it, last, last-1 or a path."""
    from loadstone.archive import find
    from loadstone.cli.evidence import show_evidence
    from loadstone.cli.options import resolved
    from loadstone.cli.result import show_summary
    from loadstone.lab.report import summary
    from loadstone.render.text import plain

    found = resolved(archive, run)
    if found.manifest.kind != "load":
        show_evidence(find(archive), run, as_json=as_json)
        return
    told = summary(found)
    if not as_json:
        asked = " ".join(found.manifest.command) or "loadstone run"
        click.echo(f"{plain(asked)}   {found.manifest.status}   run {found.id}\n")
    show_summary(told, found.directory, as_json=as_json)
