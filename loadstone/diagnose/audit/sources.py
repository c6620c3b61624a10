"""What the sources themselves say was cut, refused, dropped or never loaded."""

from __future__ import annotations

from collections.abc import Iterator

from loadstone.diagnose.audit.facts import Facts
from loadstone.model.evidence import AuditCheck, Evidence

__all__ = ["checks"]

TRUNCATED = 0.001
"""Of statements; one in a thousand changes no count that matters."""

_ELLIPSES = ("…", "...")
_NO_STATEMENTS = "There are no statements in spans."


def checks(evidence: Evidence, facts: Facts) -> Iterator[AuditCheck]:
    """Duplicates, clipped values, truncated statements, processes, the receiver."""
    yield _duplicates(facts)
    yield _clipped(facts)
    yield _truncated(evidence)
    yield _processes(evidence)
    if facts.refused is not None:
        yield _receiver(facts)


def _duplicates(facts: Facts) -> AuditCheck:
    """Each was kept once, so nothing is lost by them."""
    if facts.counts is None:
        return AuditCheck("duplicates", "could not look", "Nobody counted the spans that came twice.")
    spans, doubles = facts.counts.rows.get("spans", 0), facts.counts.duplicates
    told = f"{doubles:,} spans came more than once and are kept once." if doubles else "No span came twice."
    return AuditCheck("duplicates", "pass", told, spans + doubles, spans)


def _clipped(facts: Facts) -> AuditCheck:
    if facts.counts is None and facts.clipped is None:
        return AuditCheck("clipped", "could not look", "Nobody counted the values that were cut.")
    cut = facts.clipped or 0
    mended = facts.counts.repaired if facts.counts else 0
    if not cut and not mended:
        return AuditCheck("clipped", "pass", "No value was cut or changed.", 0, 0)
    told = f"{cut:,} long values were cut, {mended:,} that no column can hold were mended."
    return AuditCheck("clipped", "fail", told, 0, cut + mended, ("equality of long values",))


def _truncated(evidence: Evidence) -> AuditCheck:
    total = cut = 0
    known: dict[str, bool] = {}
    for batch in evidence.rows("spans", ("db_query_text",), where="db_query_text IS NOT NULL"):
        for text in batch["db_query_text"].tolist():
            if text not in known:
                known[text] = _is_cut(text)
            total += 1
            cut += known[text]
    if not total:
        return AuditCheck("truncated", "could not look", _NO_STATEMENTS)
    if not cut:
        return AuditCheck("truncated", "pass", f"All {total:,} statements are whole.", total, 0)
    failed = cut > TRUNCATED * total
    told = f"{cut:,} of {total:,} statements look cut off."
    loss = ("which statement it was", "that two statements are the same") if failed else ()
    return AuditCheck("truncated", "fail" if failed else "pass", told, total, cut, loss)


def _is_cut(text: str) -> bool:
    """An ellipsis at the end, or a bracket never closed: literals are masked, so brackets are the statement's own."""
    return text.rstrip().endswith(_ELLIPSES) or text.count("(") > text.count(")")


def _processes(evidence: Evidence) -> AuditCheck:
    rows = evidence.coverage()
    if not rows:
        told = "No source tells which processes and libraries it saw."
        return AuditCheck("processes", "could not look", told, None, None, ("that nothing happened elsewhere",))
    pids = {row.process_pid for row in rows if row.process_pid is not None}
    dark = {row.process_pid: row.note for row in rows if row.state == "not loaded"}
    uncovered = sorted({f"{row.library} {row.version or ''}".strip() for row in rows if row.state == "not covered"})
    if not dark and not uncovered:
        return AuditCheck("processes", "pass", f"Every one of {len(pids):,} processes was seen.", len(pids), len(pids))
    parts = []
    if dark:
        why = next((note for note in dark.values() if note), "")
        named = ", ".join(str(pid) for pid in sorted(pid for pid in dark if pid is not None)[:5])
        parts.append(
            f"{len(dark):,} of {len(pids):,} processes were not looked into ({named}{f'; {why}' if why else ''})"
        )
    if uncovered:
        parts.append(f"no spans of {', '.join(uncovered[:5])}")
    loss = ("that nothing happened elsewhere", "counts by request") if dark else ("time in those libraries",)
    return AuditCheck("processes", "fail", f"{'; '.join(parts)}.", len(pids), len(pids) - len(dark), loss)


def _receiver(facts: Facts) -> AuditCheck:
    refused = facts.refused or {}
    lost = sum(refused.values())
    if not lost:
        return AuditCheck("receiver", "pass", "The receiver refused nothing.", 0, 0)
    told = ", ".join(f"{count:,} {reason.replace('_', ' ')}" for reason, count in sorted(refused.items()) if count)
    return AuditCheck(
        "receiver", "fail", f"The receiver refused {lost:,} requests: {told}.", 0, lost, ("counts by request",)
    )
