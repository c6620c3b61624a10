"""How far the evidence of a run can be believed: each count held against another that was had in another way.

A check that fails names the conclusions that it takes away; one whose other side is missing says "could not look",
which is not "clean".
"""

from __future__ import annotations

from loadstone.diagnose.audit import counts, sources, time
from loadstone.diagnose.audit.facts import Facts, StepSent, sent_by_step
from loadstone.model.evidence import Audit, AuditCheck, Evidence

__all__ = ["Facts", "StepSent", "audit", "sent_by_step"]


def audit(evidence: Evidence, facts: Facts) -> Audit:
    """Every check, the counts first. Reads the spans three times and holds no more than a batch."""
    spans = facts.counts.rows.get("spans") if facts.counts else None
    checks: list[AuditCheck] = [counts.requests(evidence, facts)]
    share = counts.sampled(facts)
    if share is not None:
        checks.append(share)
    checks += counts.database(evidence)
    checks += time.checks(time.times(evidence, spans))
    checks += sources.checks(evidence, facts)
    return Audit(1, tuple(checks))
