"""The finding that an argument names, and the run whose diagnosis has it."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from loadstone.errors import EvidenceError, LoadstoneError, SpecError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from loadstone.archive import Archive, Run
    from loadstone.model.finding import Diagnosis, Finding

__all__ = ["found_finding"]

LOOKED = 50
"""Runs that are looked through for a fingerprint, the newest first."""

FIRST = "last"
LISTED = 8


def found_finding(archive: Archive, fingerprint: str, run: str | None = None) -> tuple[Finding, str]:
    """The finding whose fingerprint begins so, of the run named, else of the newest run whose diagnosis has one;
    ``last`` is the first cause of the last diagnosis. With the id of the run that was diagnosed.

    Raises SpecError where there is none or where several are meant, with what there is.
    """
    if run is not None:
        named = archive.resolve(run)
        told = _diagnosis(archive, named)
        if told is None:
            raise SpecError(f"run {named.id} has no diagnosis; make one: loadstone diagnose {named.id}")
        return _of(told, fingerprint, f"run {named.id}"), named.id
    newest: tuple[Run, Diagnosis] | None = None
    for each, told in _diagnoses(archive):
        newest = newest or (each, told)
        if fingerprint == FIRST or any(one.fingerprint.startswith(fingerprint) for one in told.findings):
            return _of(told, fingerprint, f"run {each.id}"), each.id
    if newest is None:
        raise SpecError(f"no run in {archive.root} has a diagnosis; make one: loadstone diagnose last")
    return _of(newest[1], fingerprint, f"the last {LOOKED} runs"), newest[0].id


def _of(told: Diagnosis, fingerprint: str, where: str) -> Finding:
    if not told.findings:
        raise SpecError(f"the diagnosis of run {told.run} found nothing, so there is nothing to prove")
    if fingerprint == FIRST:
        return told.findings[0]
    if not fingerprint:
        raise SpecError(f"--finding takes a fingerprint; run {told.run} has {_listed(told.findings)}")
    found = [one for one in told.findings if one.fingerprint.startswith(fingerprint)]
    if len(found) == 1 or (found and len({one.fingerprint for one in found}) == 1):
        return found[0]
    if found:
        raise SpecError(f'"{fingerprint}" could be any of {len(found)} findings: {_listed(found)}')
    raise SpecError(f'no finding "{fingerprint}" in {where}; run {told.run} has {_listed(told.findings)}')


def _listed(findings: tuple[Finding, ...] | list[Finding]) -> str:
    from loadstone.render.text import plain

    rows = [f"\n    {one.fingerprint[:8]}  {plain(one.title)}" for one in findings[:LISTED]]
    more = f"\n    and {len(findings) - LISTED} more" if len(findings) > LISTED else ""
    return "".join(rows) + more


def _diagnoses(archive: Archive) -> Iterator[tuple[Run, Diagnosis]]:
    """Runs that stand for themselves and have a diagnosis, the newest first; what cannot be read is passed over."""
    alone = (archive.run(name) for name in archive.ids())
    for run in islice(alone, 4 * LOOKED):
        try:
            if run.manifest.experiment is not None:
                continue
            told = _diagnosis(archive, run)
        except LoadstoneError:
            continue
        if told is not None:
            yield run, told


def _diagnosis(archive: Archive, run: Run) -> Diagnosis | None:
    from loadstone.archive import evidence_run
    from loadstone.lab.findings import kept_diagnosis

    try:
        return kept_diagnosis(evidence_run(archive, run))
    except EvidenceError:
        return None
