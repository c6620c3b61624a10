"""``loadstone import``."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from loadstone.cli.options import archive_option, json_option, labels

EPILOG = """\b
  loadstone import traces.json                      OTLP, Jaeger or Zipkin, as JSON; gzip or not
  loadstone import spans.pb profile.speedscope.json
  loadstone import stacks.txt --label service=shop  collapsed stacks, perf script, pprof, cpuprofile
  loadstone sql "SELECT service, count(*) FROM spans GROUP BY service"

\b
The format is found by the contents. Query values and literals are kept as hashes; --show names parameters whose
values may be kept.
"""


@click.command("import", epilog=EPILOG)
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--show", multiple=True, metavar="NAME", help="A parameter whose values may be kept; repeatable.")
@click.option("--label", "marks", multiple=True, metavar="K=V", callback=labels, help="Kept with the run; repeatable.")
@click.option("-q", "--quiet", is_flag=True, help="No progress on stderr.")
@archive_option
@json_option
def import_(
    files: tuple[Path, ...],
    show: tuple[str, ...],
    marks: dict[str, str],
    quiet: bool,
    archive: str | None,
    as_json: bool,
) -> None:
    """Make one run of traces and profiles that other tools wrote."""
    from loadstone.archive import find
    from loadstone.cli.evidence import show_evidence
    from loadstone.cli.progress import Progress
    from loadstone.cli.typed import typed
    from loadstone.lab.gathering import import_files
    from loadstone.lab.observation import new_redaction

    kept = find(archive)
    with Progress(sys.stderr, quiet=quiet or (as_json and not sys.stderr.isatty())) as progress:
        run = import_files(kept, files, new_redaction(show), progress.doing, labels=marks, command=typed())
    show_evidence(kept, run.id, as_json=as_json, next_step="loadstone report last --open")
