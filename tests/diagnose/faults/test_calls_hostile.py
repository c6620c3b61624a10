"""The faults of calls on evidence that makes no sense: no exception, no warning of numpy, no number that is none."""

from __future__ import annotations

import json
import warnings
from typing import Any

import numpy as np
import pytest

from loadstone.diagnose.faults import detector
from loadstone.diagnose.scene import EvidenceScene
from loadstone.diagnose.subject import Subject
from loadstone.diagnose.traces.reading import digest_of
from tests.evidence import MemoryEvidence, columns

MINE = (
    "serial-calls",
    "http-n-plus-one",
    "http-fan-out",
    "large-payload",
    "retry-amplification",
    "slow-dependency",
    "cache-stampede",
)


def hostile(seed: int) -> MemoryEvidence:
    random = np.random.default_rng(seed)

    def one_of(*values: Any) -> Any:  # noqa: ANN401
        return values[int(random.integers(len(values)))]

    rows = []
    for _ in range(400):
        start = int(one_of(0, -5, 10**18, 10**18 + random.integers(10**9), 2**62))
        rows.append(
            {
                "trace_id": int(random.integers(6)).to_bytes(16, "big"),
                "span_id": int(random.integers(1, 200)).to_bytes(8, "big"),
                "parent_id": one_of(None, *[int(random.integers(1, 8)).to_bytes(8, "big")] * 5),
                "start_ns": one_of(None, start, start, start),
                "end_ns": one_of(None, start, start - 10, start + int(random.integers(10**9))),
                "kind": one_of(None, 0, 1, 2, 3, 3, 3, 4, 5, 99),
                "status": one_of(None, 0, 2),
                "service": one_of(None, "a", "a", "b"),
                "name": one_of(None, "", "get", "a.b/Get", "a.b/Get", "x" * 500),
                "http_request_method": one_of(None, "GET", "GET", ""),
                "url_path": one_of(None, "", "/", "/a/1", "/a/2", "//", "?"),
                "url_query": one_of(None, "", "=", "a=1", "&&"),
                "server_address": one_of(None, "h", "h"),
                "db_system_name": one_of(None, None, "redis", "postgresql"),
                "db_query_text": one_of(None, None, None, "", "GET ?", "SELECT ?"),
                "db_query_parameters_hash": one_of(None, "", "00"),
                "attributes": one_of(
                    None,
                    "",
                    "[]",
                    "{",
                    "null",
                    json.dumps({"http.response.body.size": one_of(-1, 10**30, "9" * 50, 400_000, 1e308, [], True)}),
                ),
            }
        )
    return MemoryEvidence({"spans": columns("spans", rows)})


@pytest.mark.parametrize("kind", ["load", "import"])
@pytest.mark.parametrize("seed", range(3))
def test_nonsense_ends_in_silence_or_sense(seed: int, kind: str) -> None:
    subject = Subject(run="hostile", kind=kind)  # type: ignore[arg-type]
    evidence = hostile(seed)
    scene = EvidenceScene(subject, evidence, digest_of(subject, evidence))
    with warnings.catch_warnings(), np.errstate(all="raise"):
        warnings.simplefilter("error")
        for code in MINE:
            found = detector(code)
            if any(scene.has(need) is not None for need in found.NEEDS):
                continue
            for one in found.detect(subject, scene, found.LIMITS):
                assert np.isfinite(one.cost_ns).all()
                assert (one.cost_ns >= 0).all()
                assert len(one.cost_ns) == len(one.requests)
                assert 0 <= one.confidence <= 1
                assert all(0 <= cut.share <= 1 for cut in one.cuts)
                assert all(fact.value is None or np.isfinite(fact.value) for fact in one.evidence_for)
