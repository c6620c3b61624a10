"""``loadstone diagnose``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from loadstone.cli.observe import place_options
from loadstone.cli.options import archive_option, duration, json_option
from loadstone.cli.options import seed as valid_seed

if TYPE_CHECKING:
    from loadstone.archive import Archive, Run
    from loadstone.model.finding import Diagnosis

FINGERPRINT = 4
"""Letters of a fingerprint that are told: of a handful of findings they are hardly ever another's."""

EPILOG = """\b
  loadstone diagnose last             why the last run is slow: causes, what a fix would gain, evidence for and against
  loadstone diagnose 7f3a --json
  loadstone diagnose last --markdown  ten lines for a ticket, the rest folded
  loadstone diagnose traces.json      exported traces (OTLP, Jaeger, Zipkin), without a run
  loadstone diagnose --probe rate     short runs of loadstone.toml at several rates: what grows with load, and why
  loadstone diagnose --probe limit=10,20,40   the same by a parameter's value: statements a row

\b
A run needs evidence: loadstone run --evidence. What could not be looked for is named with the reason; it is never
taken for clean. A fault's page: loadstone faults CODE. Exit code 0, whatever is found.
"""


@click.command(epilog=EPILOG)
@click.argument("what", nargs=-1, metavar="[RUN | FILE...]")
@click.option("--show", multiple=True, metavar="NAME", help="A parameter of FILEs whose values may be kept.")
@click.option("--probe", metavar="FACTOR", help="Vary rate, concurrency, think or NAME=VALUE,… in short runs.")
@click.option("--spec", metavar="FILE", help="The spec that is probed.  [default: loadstone.toml]")
@click.option("--shape", metavar="NAME", help="Which of the spec's shapes is probed.  [default: the first]")
@click.option("--for", "seconds", metavar="TIME", callback=duration, help="Length of each run of a probe.  [10s]")
@click.option("--seed", type=int, callback=valid_seed, metavar="N", help="Of a probe: the same seed, the same traffic.")
@place_options
@click.option("--markdown", is_flag=True, help="Print the result as Markdown.")
@click.option("-q", "--quiet", is_flag=True, help="No progress on stderr.")
@archive_option
@json_option
def diagnose(
    what: tuple[str, ...],
    show: tuple[str, ...],
    probe: str | None,
    spec: str | None,
    shape: str | None,
    seconds: float | None,
    seed: int | None,
    pids: tuple[int, ...],
    port: int | None,
    markdown: bool,
    quiet: bool,
    archive: str | None,
    as_json: bool,
) -> None:
    """Name what makes a run slow, how sure that is, and what a fix would gain."""
    from loadstone.archive import find

    if as_json and markdown:
        raise click.UsageError("--json or --markdown, not both")
    kept = find(archive)
    quiet = quiet or (as_json and not sys.stderr.isatty())
    if probe is not None:
        from loadstone.cli.probing import show_probe

        if what or show or markdown:
            raise click.UsageError("--probe drives what the spec says; it takes no run, no --show, no --markdown")
        show_probe(
            kept, probe, spec=spec, shape=shape, seconds=seconds, seed=seed, running=(pids, port), as_json=as_json,
            quiet=quiet,
        )  # fmt: skip
        return
    if spec or shape or seconds is not None or seed is not None or pids or port is not None:
        raise click.UsageError("--spec, --shape, --for, --seed, --pid and --port go with --probe")
    run = _run(kept, what or ("last",), show, quiet)
    show_diagnosis(kept, run, as_json=as_json, markdown=markdown, quiet=quiet)


def show_diagnosis(
    archive: Archive,
    run: Run,
    *,
    as_json: bool = False,
    markdown: bool = False,
    silent: bool = False,
    quiet: bool = False,
) -> None:
    """Diagnose a run and print the answer on stdout, unless ``silent``: it is kept in the archive either way."""
    from loadstone.cli.progress import Progress
    from loadstone.lab.diagnosis import diagnose_run

    with Progress(sys.stderr, quiet=quiet) as progress:
        told = diagnose_run(archive, run, progress.doing)
    if silent:
        return
    if as_json:
        from loadstone.cli.options import print_json

        print_json(told)
    elif markdown:
        from loadstone.render.diagnosis_markdown import diagnosis_markdown

        click.echo(diagnosis_markdown(told))
    else:
        from loadstone.cli.terminal import color, width
        from loadstone.render.diagnosis_text import diagnosis_text

        click.echo(diagnosis_text(told, color=color(), width=width(), next_step=_next(run, told)))


def _next(run: Run, told: Diagnosis) -> str:
    """How its first cause is proved; without one, where the run is looked at."""
    from loadstone.archive import short

    return proof_of(run, told) or f"loadstone report {short(run.id)} --open"


def proof_of(run: Run, told: Diagnosis) -> str | None:
    """How the first cause is proved, by a beginning of its fingerprint that is no other's; None where no load was."""
    first = next((one for one in told.findings if one.severity != "info"), None)
    if first is None or run.manifest.kind != "load":
        return None
    others = [one.fingerprint for one in told.findings if one.fingerprint != first.fingerprint]
    lengths = range(FINGERPRINT, len(first.fingerprint))
    length = next((n for n in lengths if not any(one.startswith(first.fingerprint[:n]) for one in others)), None)
    return f"change it, then: loadstone prove --finding {first.fingerprint[:length]}"


def _run(archive: Archive, what: tuple[str, ...], show: tuple[str, ...], quiet: bool) -> Run:
    """The run that is named, or one made of the files."""
    files = [Path(name) for name in what if Path(name).is_file()]
    if not files or (len(what) == 1 and (files[0].parent / "manifest.json").is_file()):
        if len(what) > 1:
            missing = next(name for name in what if not Path(name).is_file())
            raise click.UsageError(f"one run or several files of traces; there is no file {missing}")
        if show:
            raise click.UsageError("--show goes with files of traces")
        return archive.resolve(what[0])
    if len(files) < len(what):
        missing = next(name for name in what if not Path(name).is_file())
        raise click.UsageError(f"there is no file {missing}")
    from loadstone.cli.progress import Progress
    from loadstone.cli.typed import typed
    from loadstone.lab.gathering import import_files
    from loadstone.lab.observation import new_redaction

    with Progress(sys.stderr, quiet=quiet) as progress:
        return import_files(archive, tuple(files), new_redaction(show), progress.doing, command=typed())
