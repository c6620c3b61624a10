"""Where a gate's report goes: the terminal, files, and what GitHub Actions reads."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

import click

from loadstone.errors import InstrumentError

if TYPE_CHECKING:
    from loadstone.model.guardrail import GateReport
    from loadstone.spec import Spec

__all__ = ["SUMMARY", "cause_in", "tell_gate"]

SUMMARY = "GITHUB_STEP_SUMMARY"
"""The file whose Markdown becomes the job's summary (docs.github.com, workflow commands)."""


def tell_gate(
    report: GateReport,
    spec: Spec,
    *,
    markdown: str | None = None,
    junit: str | None = None,
    github: bool = False,
    as_json: bool = False,
    next_step: str | None = None,
) -> None:
    """Write the files that were asked for, then print the result on stdout."""
    from loadstone.render.gate_markdown import gate_markdown
    from loadstone.render.junit import junit_xml

    if markdown is not None:
        _write(Path(markdown), f"{gate_markdown(report)}\n")
    if junit is not None:
        _write(Path(junit), junit_xml(report))
    if github and (summary := os.environ.get(SUMMARY)):
        _write(Path(summary), f"{gate_markdown(report)}\n", append=True)
    if as_json:
        from loadstone.cli.options import print_json

        print_json(report)
        return
    from loadstone.cli.terminal import color, width
    from loadstone.render.gate_text import gate_text

    text = gate_text(report, color=color(), width=width(), next_step=next_step)
    if not github:
        click.echo(text)
        return
    token = secrets.token_hex(16)  # between these, no line of the text is a command, whatever a statement holds
    click.echo(f"::stop-commands::{token}\n{text}\n::{token}::")
    from loadstone.lab.code_place import repository_of
    from loadstone.render.github import annotated

    root = repository_of(Path(spec.path).absolute().parent)
    shown = None if root is None else _inside(Path(spec.path).absolute(), root)
    for line in annotated(report, cause=cause_in(report, root), spec=shown):
        click.echo(line)


def cause_in(report: GateReport, root: Path | None) -> tuple[str, int] | None:
    """File and line of the cause as the repository at ``root`` calls it; None where it lies outside or has no line."""
    where = None if report.cause is None else report.cause.where
    if where is None or root is None:
        return None
    file, _, line = where.rpartition(":")
    if not file or not line.isdecimal():
        return None
    found = _inside(root / file, root)
    return None if found is None or not (root / found).is_file() else (found, int(line))


def _inside(path: Path, root: Path) -> str | None:
    try:
        return path.resolve().relative_to(root.resolve()).as_posix()
    except (OSError, ValueError):
        return None


def _write(path: Path, text: str, *, append: bool = False) -> None:
    try:
        with path.open("a" if append else "w", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise InstrumentError(f"{path} cannot be written: {(error.strerror or str(error)).lower()}") from error
