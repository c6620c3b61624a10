"""Traces that show a finding: some with it, their offending spans marked, and one like them without it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from loadstone.diagnose.digest import Digest
from loadstone.diagnose.suspect import Suspect
from loadstone.diagnose.traces.segments import segments_of
from loadstone.model.evidence import Evidence
from loadstone.model.finding import Finding, Marked

__all__ = ["GUILTY", "with_exemplars"]

GUILTY = 2
"""Traces with the fault: the one that lost most, and one that lost what is usual."""


def with_exemplars(
    evidence: Evidence, digest: Digest, findings: Sequence[Finding], suspects: Mapping[str, Suspect]
) -> tuple[Finding, ...]:
    """The findings with their traces. ``suspects`` by fingerprint."""
    chosen = {finding.fingerprint: _chosen(digest, suspects[finding.fingerprint]) for finding in findings}
    wanted = np.unique(np.array([place for guilty, _ in chosen.values() for place in guilty], np.int32))
    blamed = {cut.operation for suspect in suspects.values() for cut in suspect.cuts}
    found = segments_of(evidence, digest, wanted, lambda operation: operation.number in blamed)
    made = []
    for finding in findings:
        guilty, clean = chosen[finding.fingerprint]
        operations = [cut.operation for cut in suspects[finding.fingerprint].cuts]
        mine = np.isin(found.operation, operations)
        marked = [
            Marked(
                digest.requests.hex([place])[0],
                tuple(span.tobytes().hex() for span in found.span_id[mine & (found.request == place)]),
            )
            for place in guilty
        ]
        if clean is not None:
            marked.append(Marked(digest.requests.hex([clean])[0], clean=True))
        made.append(msgspec.structs.replace(finding, exemplars=tuple(marked)))
    return tuple(made)


def _chosen(digest: Digest, suspect: Suspect) -> tuple[list[int], int | None]:
    requests = suspect.requests
    if not len(requests):
        return [], None
    order = np.argsort(suspect.cost_ns, kind="stable")
    guilty = list(dict.fromkeys(int(requests[order[place]]) for place in (-1, len(order) // 2)))[:GUILTY]
    if suspect.step is None:
        return guilty, None
    others: NDArray[np.int32] = np.setdiff1d(digest.requests_of(suspect.step), requests)
    if not len(others):
        return guilty, None
    middle = np.argsort(digest.requests.duration_s[others], kind="stable")[len(others) // 2]
    return guilty, int(others[middle])
