"""Hot function: one function of the application burns the CPU that a request waits for.

What it sees
    In samples of the service's stacks, one function of the application whose own lines, or whose calls into a library
    from one line, take half of the CPU time of a step or more, while that CPU time is what its requests wait for. The
    samples are matched with requests by process, thread and instant where these are known, so that a function that
    only one request in fifty calls is seen too.

Why it hurts
    A request is as slow as the work it waits for, and work on the CPU is shared with nobody: on a core that is half
    busy with one function, every other request queues behind it. In Python it also holds the interpreter's lock, so
    that all threads of the process stand still meanwhile.

Evidence it needs
    A profile of the CPU (py-spy, perf, V8, Flight Recorder, or an imported one) and traces. Spans with the CPU time of
    their thread make the share of a request exact; without it the time that no child covers stands for it.

Example
    ``similarity (shop/related.py:57)`` compares the tags of all pairs of 700 products in every request: 1.3 s of CPU
    (Python 3.11). To compare the one that is shown with the 699 others takes 0.8 ms.

Cure
    Look at the line that is named. Compute once what does not change between requests (a cache, a table, start-up); a
    set or a dictionary in place of a search through a list; a library that does the loop in C; a job in the background
    where the answer does not need it. Then measure again: the next function comes first.

When it is wrong
    Some function is always the hottest. One that is meant to work (a password's hash, an image's scaling) is told as
    information only. In a short run a share from few samples strays; where samples carry no instant or no process, the
    share of the whole service is laid on each step. The fault says where the CPU goes, not that it could go elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from loadstone.diagnose.digest import Digest
from loadstone.diagnose.locus import slowest
from loadstone.diagnose.runtime.hotspots import Loss, Work, losses, works_of
from loadstone.diagnose.runtime.places import Hot, hottest
from loadstone.diagnose.runtime.stacks import Profile, profile_of, threads_of
from loadstone.diagnose.subject import Subject
from loadstone.diagnose.suspect import Scene, Suspect
from loadstone.model.finding import Fact, Locus, Roles
from loadstone.model.quantity import format_duration, format_share

__all__ = ["CODE", "LIMITS", "NEEDS", "Limits", "detect"]

CODE = "hot-function"
NEEDS = ("spans", "stacks")


@dataclass(frozen=True, slots=True)
class Limits:
    """``step_share`` of a step's CPU time makes a function hot: without it the step's CPU time would be
    half. ``path_share`` of the affected requests' time it must be: below it something else
    is waited for. ``cost_s`` a request is worth a change of code; below it the function is told as information.
    ``service_share`` of the service's CPU is looked into at all; ``requests`` must show it, by ``samples`` (a half is
    then good to 31 points, which the confidence says)."""

    step_share: float = 0.5
    path_share: float = 0.25
    cost_s: float = 0.005
    service_share: float = 0.02
    requests: int = 3
    samples: int = 10


LIMITS = Limits()

_ON_PURPOSE = re.compile(
    r"bcrypt|scrypt|pbkdf2|argon2|hash_?pw|check_?password|make_password|passlib|set_password|verify_password", re.I
)


def detect(run: Subject, scene: Scene, limits: Limits = LIMITS) -> Iterator[Suspect]:
    """Functions that take a step's CPU."""
    profile = profile_of(scene)
    if not len(profile):
        return
    threads = threads_of(scene)
    for work in works_of(profile, threads, scene.digest):
        named = np.zeros(len(scene.digest.requests), np.bool_)
        for hot in hottest(profile, work, limits.service_share, limits.samples):
            for loss in losses(scene, profile, threads, work, hot.rows, 0.1):
                if _is_hot(loss, limits) and named[loss.requests].mean() < 0.5:
                    named[loss.requests] = True
                    yield _suspect(scene.digest, profile, work, hot, loss, limits)


def _is_hot(loss: Loss, limits: Limits) -> bool:
    return (
        len(loss.requests) >= limits.requests
        and loss.path_share >= limits.path_share
        and loss.share >= limits.step_share
    )


def _suspect(digest: Digest, profile: Profile, work: Work, hot: Hot, loss: Loss, limits: Limits) -> Suspect:
    place = hot.frame
    mean_s = float(loss.cost_ns.mean()) / 1e9
    step = digest.steps[loss.step]
    service_share = float(profile.weight[hot.rows & work.rows].sum()) / work.total
    purpose = _ON_PURPOSE.search(f"{place.where} {hot.callee or ''}") is not None
    through = f", in {hot.callee}" if hot.callee else ""
    told = [
        Fact(
            f"{format_duration(mean_s)} of CPU in each of {len(loss.requests):,} requests, "
            f"{format_share(loss.path_share)} of their critical path",
            mean_s,
            "s a request",
            slowest(digest, loss.requests),
        ),
        Fact(
            f"{format_share(service_share)} of the CPU samples of {work.service or 'the service'} "
            f"({hot.samples:,} samples) are in {hot.around or place.function}{through}",
            service_share,
            "share",
        ),
    ]
    if hot.around is not None:
        told.append(Fact(f"all of it is within {hot.around}, of which {place.function} is the largest part"))
    if hot.line_share < 0.995 and place.line is not None:
        told.append(
            Fact(f"line {place.line} has {format_share(hot.line_share)} of the function", hot.line_share, "share")
        )
    return Suspect(
        fault=CODE,
        title=f"{_what(hot)} takes {format_share(loss.path_share)} of {step.label}: {format_duration(mean_s)} "
        "of CPU a request",
        step=loss.step,
        locus=Locus(
            journey=step.journey,
            step=step.name,
            service=work.service or None,
            file=place.file,
            line=place.line,
            function=place.function,
        ),
        roles=Roles(parent=hot.caller, offender=place.where, cause=hot.callee),
        cure=_cure(hot),
        confidence=_confidence(loss, hot),
        key=(CODE, step.label, work.service, place.function, place.file or ""),
        requests=loss.requests,
        cost_ns=loss.cost_ns,
        cpu_ns=loss.cpu_ns,
        evidence_for=tuple(told),
        evidence_against=tuple(_against(loss, hot, profile, purpose)),
        ceiling="info" if purpose or mean_s < limits.cost_s else "critical",
    )


def _what(hot: Hot) -> str:
    """What takes it, in a title."""
    if hot.around is None:
        return hot.frame.function
    return f"{hot.around.split(' (')[0]}, most of it in {hot.frame.function},"


def _against(loss: Loss, hot: Hot, profile: Profile, purpose: bool) -> Iterator[Fact]:
    if purpose:
        yield Fact("a password's hash is slow on purpose: its cost is a choice, not an accident")
    if loss.told == "by service":
        yield Fact("samples could not be matched with requests: the share of the whole service is laid on this step")
    if not loss.counted:
        yield Fact("threads did not count their CPU time: what no child covers stands for it, waiting included")
    spread = float(np.sqrt(0.25 / hot.samples))
    if spread > 0.05:
        yield Fact(f"{hot.samples:,} samples: a share is good to {format_share(2 * spread)}", 2 * spread, "share")
    if profile.left_out:
        yield Fact(f"{profile.left_out:,} samples of a long profile were not read", float(profile.left_out), "samples")


def _confidence(loss: Loss, hot: Hot) -> float:
    base = {"by request": 0.9, "by step": 0.85, "by service": 0.65}[loss.told]
    return base - (0.05 if not loss.counted else 0) - (0.2 if hot.samples < 20 else 0.1 if hot.samples < 50 else 0)


_CURES: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"sre_compile|sre_parse|re/|re\.py|_compile"), "compile the expression once, outside of the request"),
    (re.compile(r"strptime|dateutil|parser"), "parse once and keep the result, or datetime.fromisoformat"),
    (re.compile(r"difflib|SequenceMatcher|levenshtein", re.I), "compare with few candidates, or rapidfuzz"),
    (re.compile(r"(^|\W)PIL|pillow|cv2", re.I), "scale images once, when they are stored, in a job of its own"),
    (re.compile(r"jinja2|template", re.I), "keep compiled templates and cache fragments that do not change"),
    (re.compile(r"decimal|fractions"), "integers of the smallest unit in place of Decimal in the inner loop"),
)


def _cure(hot: Hot) -> str:
    where = hot.frame.where
    named = next((cure for pattern, cure in _CURES if hot.callee and pattern.search(hot.callee)), None)
    if named is not None:
        return f"{named} ({where})"
    return f"do the work of {where} once instead of in every request (cache, precompute), or with less of it"
