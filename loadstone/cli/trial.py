"""One trial at the command line: watched on stderr, its result on stdout, its exit code returned."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from loadstone.archive import Archive
    from loadstone.lab.trial import Asked, Trial

__all__ = ["driven", "tell"]


def driven(
    asked: Asked, load: str, archive: Archive, *, observed: Asked | None, quiet: bool
) -> tuple[Trial, str | None, str | None]:
    """Run it with the native engine, watched on stderr, and ``observed`` after it. The trial, the id of the observed
    run, and why there is none where one was asked for."""
    from loadstone.cli.live import Live
    from loadstone.drive.engine import native
    from loadstone.lab.trial import Silent, run_trial

    live = None if quiet else Live(sys.stderr, load)
    partner: str | None = None
    trouble: str | None = None
    try:
        if observed is None:
            trial = run_trial(archive, asked, native, live or Silent())
        else:
            from loadstone.lab.observed import run_observed

            both = run_observed(archive, asked, observed, native, live or Silent())
            trial, trouble = both.bare, both.trouble
            partner = both.observed.run if both.observed else None
    finally:
        if live is not None:
            live.close()
    if live is not None:
        click.echo("", err=True)
    return trial, partner, trouble


def tell(
    asked: Asked,
    load: str,
    archive: str | None,
    *,
    observed: Asked | None = None,
    as_json: bool,
    quiet: bool,
    next_step: str | None = None,
) -> int:
    """Run it with the native engine and print the result; ``observed`` is the same load to be run again, observed.

    ``next_step`` is the command to go on with after a bare run that was measured; by default its report's.
    """
    from loadstone.archive import find
    from loadstone.cli.result import show_summary
    from loadstone.drive.summary import exit_code

    kept = find(archive)
    trial, partner, trouble = driven(asked, load, kept, observed=observed, quiet=quiet)
    if partner is not None:
        next_step = "loadstone diagnose last"
    elif next_step is None or trial.summary.validity == "invalid":
        next_step = "loadstone report last --open" if trial.report else None
    show_summary(trial.summary, trial.directory, as_json=as_json, next_step=None if partner else next_step)
    if partner is not None and not as_json:
        from loadstone.cli.evidence import show_evidence

        click.echo()
        show_evidence(kept, partner, as_json=False, next_step=next_step, brief=True)
    for told in (trial.trouble, trouble):
        if told is not None:
            click.echo(told, err=True)
    return exit_code(trial.summary)
