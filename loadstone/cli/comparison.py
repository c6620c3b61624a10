"""A comparison on stdout: text, Markdown or JSON, and the exit code of its verdict."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from loadstone.archive import Archive
    from loadstone.model.comparison import Comparison

__all__ = ["EXITS", "next_step", "print_comparison"]

EXITS = {"faster": 0, "not-worse": 0, "slower": 1, "undecided": 3, "invalid": 4}


def print_comparison(archive: Archive, comparison: Comparison, *, as_json: bool = False, markdown: bool = False) -> int:
    """Print it; the report's path and the guardrail's are told as they are opened from here."""
    if as_json:
        from loadstone.cli.options import print_json

        print_json(comparison)
    elif markdown:
        from loadstone.render.comparison_markdown import comparison_markdown

        click.echo(comparison_markdown(comparison, next_step=None if comparison.next_step else next_step(comparison)))
    else:
        from loadstone.cli.terminal import color, width
        from loadstone.render.comparison_text import comparison_text

        report, guardrail = (_beside(archive, comparison, name) for name in ("report.html", "guardrail.toml"))
        step = None if comparison.next_step else next_step(comparison)
        click.echo(
            comparison_text(
                comparison, color=color(), width=width(), report=report, guardrail=guardrail, next_step=step
            )
        )
    return EXITS[comparison.verdict]


def next_step(comparison: Comparison) -> str | None:
    """The command to go on with; where nothing is left to do, the one that shows it again."""
    from loadstone.archive import short
    from loadstone.lab import next_step as steps

    known = steps.next_step(comparison)
    if known is not None or comparison.experiment is None:
        return known
    return f"loadstone show {short(comparison.experiment)}"


def _beside(archive: Archive, comparison: Comparison, name: str) -> str | None:
    if comparison.experiment is None:
        return None
    path = archive.root / "experiments" / comparison.experiment / name
    return os.path.relpath(path) if path.is_file() else None
