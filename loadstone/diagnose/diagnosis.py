"""The diagnosis of a run: one reading of its evidence, every fault looked for, and one sentence that says why."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import msgspec
import numpy as np

from loadstone.diagnose.digest import Digest
from loadstone.diagnose.exemplars import with_exemplars
from loadstone.diagnose.faults import detectors
from loadstone.diagnose.latency.critical import paths, share_of
from loadstone.diagnose.latency.tail import tail
from loadstone.diagnose.latency.telling import explain
from loadstone.diagnose.latency.traits import Traits, traits_of
from loadstone.diagnose.prediction import Predictor
from loadstone.diagnose.rank import Weighed, doubted, findings, fingerprint, merged, settled
from loadstone.diagnose.scene import EvidenceScene
from loadstone.diagnose.sentence import caveats_of, sentence_of
from loadstone.diagnose.subject import Judged, Subject
from loadstone.diagnose.suspect import Suspect
from loadstone.diagnose.traces.reading import digest_of
from loadstone.model.evidence import Evidence
from loadstone.model.finding import CouldNotLook, Diagnosis, Fact, Share
from loadstone.model.quantity import format_share

__all__ = ["PREDICTED", "diagnose", "diagnosis_of", "look"]

PREDICTED = 6
"""Causes whose gain is predicted, those first that cost the load most: each takes a replay of the run."""


def diagnose(
    subject: Subject,
    evidence: Evidence,
    watch: Callable[[str], None] | None = None,
    *,
    predictions: int = PREDICTED,
) -> Diagnosis:
    """Name what makes the run slow; ``watch`` is told what goes on. Never raises for what the evidence holds."""
    say = watch or (lambda what: None)
    say("reading spans")
    digest = digest_of(subject, evidence, lambda spans: say(f"reading spans  {spans:,}"))
    return diagnosis_of(subject, evidence, EvidenceScene(subject, evidence, digest), say, predictions=predictions)


def diagnosis_of(
    subject: Subject,
    evidence: Evidence,
    scene: EvidenceScene,
    say: Callable[[str], None],
    *,
    predictions: int = PREDICTED,
) -> Diagnosis:
    """The diagnosis of what was read already."""
    digest = scene.digest
    say("looking for faults")
    suspects, looked, missed = look(subject, scene)
    say("finding where the time goes")
    traits = traits_of(scene)
    tails = tail(subject, scene, subject.seed, traits)
    causes = merged(subject, settled(doubted(suspects, digest)), digest)
    causes.sort(key=lambda cause: -float(cause[0].cost_ns.sum()))
    predictor = Predictor(subject, evidence, digest)
    weighed = []
    for place, (first, also) in enumerate(causes):
        if place < predictions:
            say(f"predicting what a fix gains  {place + 1} of {min(len(causes), predictions)}")
        predicted = predictor.predict(first, also) if place < predictions else None
        share = (
            Share() if first.step is None else share_of(digest, first.step, first.requests, first.cost_ns, subject.seed)
        )
        weighed.append(Weighed(_told_apart(traits, first), share, predicted, also))
    ranked = findings(subject, digest, weighed)
    by_print = {fingerprint(each.suspect): each.suspect for each in weighed}
    ranked = with_exemplars(evidence, digest, ranked, by_print)
    return Diagnosis(
        format=1,
        run=subject.run,
        sentence=sentence_of(subject, digest, ranked, looked, missed),
        looked_for=looked,
        could_not_look=missed,
        findings=ranked,
        paths=paths(digest, subject.seed),
        tail=tails,
        caveats=caveats_of(subject, digest),
        traces=len(digest.requests),
        spans=digest.spans,
        judged=_judged(subject),
    )


def look(subject: Subject, scene: EvidenceScene) -> tuple[list[Suspect], tuple[str, ...], tuple[CouldNotLook, ...]]:
    """Every suspect, the codes that were looked for, and those that could not be."""
    suspects: list[Suspect] = []
    looked: list[str] = []
    missed: list[CouldNotLook] = []
    for fault in detectors():
        reasons = [reason for need in fault.NEEDS if (reason := scene.has(need)) is not None]
        if reasons:
            missed.append(CouldNotLook(fault.CODE, reasons[0]))
            continue
        looked.append(fault.CODE)
        with np.errstate(all="ignore"):
            suspects += fault.detect(subject, scene, fault.LIMITS)
    return suspects, tuple(looked), tuple(missed)


def _told_apart(traits: Traits, suspect: Suspect) -> Suspect:
    """The suspect with what tells its requests from the others: a parameter, a path, a host."""
    told = explain(traits, suspect)
    if told is None:
        return suspect
    roles = suspect.roles
    if roles.cause is None:
        roles = msgspec.structs.replace(roles, cause=told.trait.words)
    fact = Fact(
        f"{told.sentence}: {format_share(told.precision)} of them have it,"
        f" and {format_share(told.recall)} of those that have it"
    )
    return replace(
        suspect,
        title=f"{suspect.title}, {told.sentence}",
        roles=roles,
        evidence_for=(*suspect.evidence_for, fact),
    )


def _share(subject: Subject, digest: Digest, suspect: Suspect) -> Share:
    if suspect.step is None:
        return Share()
    return share_of(digest, suspect.step, suspect.requests, suspect.cost_ns, subject.seed)


def _judged(subject: Subject) -> str | None:
    failed: list[Judged] = [one for one in subject.objectives if one.outcome == "fail"]
    return failed[0].name if failed else None
