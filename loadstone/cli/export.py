"""``loadstone export``."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from loadstone.cli.options import archive_option

FORMATS = ("speedscope", "collapsed", "pprof")

EPILOG = """\b
  loadstone export last --format speedscope -o shop.speedscope.json     opens in https://www.speedscope.app
  loadstone export last --format pprof -o shop.pb.gz                    go tool pprof -http : shop.pb.gz
  loadstone export last --format collapsed --state cpu | flamegraph.pl > shop.svg
"""


@click.command(epilog=EPILOG)
@click.argument("run", default="last")
@click.option("--format", "kind", type=click.Choice(FORMATS), default="speedscope", help="[default: speedscope]")
@click.option("--state", type=click.Choice(("cpu", "gil", "idle", "alloc")), help="Only stacks of this state.")
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="A file.  [default: stdout]")
@archive_option
def export(run: str, kind: str, state: str | None, output: Path | None, archive: str | None) -> None:
    """A run's stacks in a format that other tools read."""
    from loadstone.archive import find
    from loadstone.lab.evidence import exported_stacks

    kept = find(archive)
    content = exported_stacks(kept, kept.resolve(run), kind, state)
    if output is not None:
        output.write_bytes(content)
        click.echo(os.path.relpath(output))
        return
    if kind == "pprof" and sys.stdout.isatty():
        raise click.UsageError("pprof is binary; name a file with -o FILE")
    sys.stdout.buffer.write(content)
