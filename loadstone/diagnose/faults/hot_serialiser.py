"""Hot serialiser: requests wait while objects are turned into bytes, or copied, one by one.

What it sees
    In samples of the service's stacks, frames of an encoder, a decoder or a copier: json, pickle, yaml, xml, Django
    REST framework, pydantic, marshmallow, copy.deepcopy, or functions of the application that are named as one
    (``to_dict``, ``Encoder.write``). All below the outermost of them counts, a ``default=`` function too. Together
    they take three tenths of a step's CPU time or more, while that is what its requests wait for.

Why it hurts
    The work grows with every row and every field that is sent, whether the client reads it or not. In Python it is
    done object by object with the interpreter's lock held, so that other threads stand still. It hides well: no
    statement is slow, and each object takes microseconds.

Evidence it needs
    A profile of the CPU and traces. Spans with the CPU time of their thread make the share of a request exact.

Example
    ``json.dumps(page, default=plain, indent=2)`` in ``listing (shop/pages.py:88)``: indent= turns json's C encoder off,
    so 300 products of 40 fields took 14 ms instead of 3 (Python 3.11).

Cure
    Send less: the fields that are shown, a page of rows. Then a faster encoder: orjson or msgspec (both know
    dataclasses, datetime and UUID without default=), json without indent= and subclasses. Keep the encoded text of what
    seldom changes. In place of copy.deepcopy copy what is changed.

When it is wrong
    Functions of the application are known by their names alone: a ``to_dict`` that computes prices is no serialiser.
    An encoder in C shows no frames of its own; its time stands at the line that calls it. Rendering a template is not
    looked at here: it makes a page, and hot-function judges it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loadstone.diagnose.digest import Digest
from loadstone.diagnose.locus import slowest
from loadstone.diagnose.runtime.frames import Frame, served_from
from loadstone.diagnose.runtime.hotspots import Loss, Work, losses, works_of
from loadstone.diagnose.runtime.serialisers import Serialiser, serialiser_at
from loadstone.diagnose.runtime.stacks import Profile, profile_of, threads_of
from loadstone.diagnose.subject import Subject
from loadstone.diagnose.suspect import Scene, Suspect
from loadstone.model.finding import Fact, Locus, Roles
from loadstone.model.quantity import format_duration, format_share

__all__ = ["CODE", "LIMITS", "NEEDS", "Limits", "detect"]

CODE = "hot-serialiser"
NEEDS = ("spans", "stacks")


@dataclass(frozen=True, slots=True)
class Limits:
    """``step_share`` of a step's CPU time makes it hot: less than that, and an encoder that is twice as quick gains a
    tenth of it at most. ``path_share`` of the affected
    requests' time it must be. Below ``cost_s`` a request it is told as information. ``service_share`` of the service's
    CPU is looked into at all; ``requests`` must show it, by ``samples`` (a half is then good to 31 points)."""

    step_share: float = 0.3
    path_share: float = 0.2
    cost_s: float = 0.003
    service_share: float = 0.02
    requests: int = 3
    samples: int = 10


LIMITS = Limits()


@dataclass(frozen=True)
class _Site:
    """A place that serialises: its frame at its heaviest line, the kind, the samples. ``below`` is the function of the
    application that an encoder calls back, with its share."""

    frame: Frame
    kind: Serialiser
    rows: NDArray[np.bool_]
    samples: int
    below: tuple[str, float] | None


def detect(run: Subject, scene: Scene, limits: Limits = LIMITS) -> Iterator[Suspect]:
    """Serialisers that take a step's CPU."""
    profile = profile_of(scene)
    if not len(profile):
        return
    threads = threads_of(scene)
    for work in works_of(profile, threads, scene.digest):
        for site in _sites(profile, work, limits):
            for loss in losses(scene, profile, threads, work, site.rows, 0.1):
                if (
                    len(loss.requests) >= limits.requests
                    and loss.share >= limits.step_share
                    and loss.path_share >= limits.path_share
                ):
                    yield _suspect(scene.digest, profile, work, site, loss, limits)


def _sites(profile: Profile, work: Work, limits: Limits) -> Iterator[_Site]:
    """Places that serialise, the heaviest first: the line of the application that calls a library's, or the
    application's own serialiser."""
    weights = np.bincount(profile.stack[work.rows], profile.weight[work.rows], len(profile.stacks))
    groups: dict[tuple[tuple[str, str], str], list[int]] = defaultdict(list)
    found: dict[int, tuple[Frame, Serialiser, str | None]] = {}
    for stack in np.flatnonzero(weights).tolist():
        frames = profile.stacks[stack]
        told = serialiser_at(frames)
        if told is None or any(frame.origin == "data" for frame in frames[told[0] :]):
            continue
        place, kind = told
        first = served_from(frames)
        # A framework that serialises what a view returned has no line of the application above it.
        caller = next((at for at in range(place, first - 1, -1) if frames[at].origin == "application"), place)
        called = next((frame.where for frame in frames[place + 1 :] if frame.origin == "application"), None)
        found[stack] = frames[caller], kind, called
        groups[frames[caller].key, kind.called].append(stack)
    for _, stacks in sorted(groups.items(), key=lambda group: (-weights[group[1]].sum(), group[0])):
        total = float(weights[stacks].sum())
        chosen = np.zeros(len(profile.stacks), np.bool_)
        chosen[stacks] = True
        rows = chosen[profile.stack] & work.rows
        if total < limits.service_share * work.total or int(rows.sum()) < limits.samples:
            continue
        lines: dict[Frame, float] = defaultdict(float)
        below: dict[str, float] = defaultdict(float)
        for stack in stacks:
            frame, kind, called = found[stack]
            lines[frame] += float(weights[stack])
            if called is not None:
                below[called] += float(weights[stack])
        heaviest = max(lines, key=lambda one: (lines[one], one.where))
        inner = max(below, key=lambda one: (below[one], one)) if below else None
        back = (inner, below[inner] / total) if inner is not None and below[inner] > 0.1 * total else None
        yield _Site(heaviest, found[stacks[0]][1], rows, int(rows.sum()), back)


def _suspect(digest: Digest, profile: Profile, work: Work, site: _Site, loss: Loss, limits: Limits) -> Suspect:
    place, step = site.frame, digest.steps[loss.step]
    mean_s = float(loss.cost_ns.mean()) / 1e9
    service_share = float(profile.weight[site.rows].sum()) / work.total
    told = [
        Fact(
            f"{format_duration(mean_s)} in {site.kind.called} in each of {len(loss.requests):,} requests, "
            f"{format_share(loss.path_share)} of their critical path",
            mean_s,
            "s a request",
            slowest(digest, loss.requests),
        ),
        Fact(
            f"{format_share(service_share)} of the CPU samples of {work.service or 'the service'} "
            f"({site.samples:,} samples) are in {site.kind.called}, called from {place.where}",
            service_share,
            "share",
        ),
    ]
    if site.below is not None:
        called, share = site.below
        told.append(Fact(f"{format_share(share)} of it is called back into {called}", share, "share"))
    size = digest.requests.bytes_out[loss.requests]
    if (size > 0).any():
        mean_bytes = float(size[size > 0].mean())
        told.append(Fact(f"these replies have {mean_bytes:,.0f} bytes on average", mean_bytes, "bytes"))
    return Suspect(
        fault=CODE,
        title=f"{site.kind.called} takes {format_share(loss.path_share)} of {step.label}: "
        f"{format_duration(mean_s)} of CPU a request, from {place.function}",
        step=loss.step,
        locus=Locus(
            journey=step.journey,
            step=step.name,
            service=work.service or None,
            file=place.file,
            line=place.line,
            function=place.function,
        ),
        roles=Roles(parent=place.where, offender=site.kind.called, cause=site.below[0] if site.below else None),
        cure=site.kind.cure,
        confidence={"by request": 0.9, "by step": 0.85, "by service": 0.65}[loss.told]
        - 0.05 * (not loss.counted)
        - 0.2 * (site.samples < 20),
        key=(CODE, step.label, work.service, place.function, place.file or "", site.kind.called),
        requests=loss.requests,
        cost_ns=loss.cost_ns,
        cpu_ns=loss.cpu_ns,
        evidence_for=tuple(told),
        evidence_against=tuple(_against(loss, site, profile)),
        ceiling="info" if mean_s < limits.cost_s else "critical",
    )


def _against(loss: Loss, site: _Site, profile: Profile) -> Iterator[Fact]:
    yield Fact("a faster encoder still takes a part of it: the gain is that of leaving the work out altogether")
    if "application's own" in site.kind.called:
        yield Fact("it is known as a serialiser by its name alone")
    if loss.told == "by service":
        yield Fact("samples could not be matched with requests: the share of the whole service is laid on this step")
    if not loss.counted:
        yield Fact("threads did not count their CPU time: what no child covers stands for it, waiting included")
    spread = 2 * float(np.sqrt(0.25 / site.samples))
    if spread > 0.1:
        yield Fact(f"{site.samples:,} samples: a share is good to {format_share(spread)}", spread, "share")
    if profile.left_out:
        yield Fact(f"{profile.left_out:,} samples of a long profile were not read", float(profile.left_out), "samples")
