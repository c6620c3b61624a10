"""Functions of a profile as operations of a step: the CPU that each takes of a request, with how far that is known."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from loadstone.diagnose.digest import Digest
from loadstone.diagnose.runtime.hotspots import Loss, losses, works_of
from loadstone.diagnose.runtime.places import Hot, hottest
from loadstone.diagnose.runtime.stacks import profile_of, threads_of
from loadstone.diagnose.suspect import Scene
from loadstone.diagnose.traces.operations import placed
from loadstone.model.counted import OperationCount

__all__ = ["functions"]

LEAST_SHARE = 0.01
"""Of the service's CPU samples: what has less is in no finding and moves no quantile."""

LEAST_SAMPLES = 5

MOST = 40
"""Of a step, those with the most time."""

WIDE = 1.96
"""Standard errors: a count of samples is taken for Poisson's."""


def functions(scene: Scene) -> Iterator[OperationCount]:
    """Each function of the application, in each step that pays for it; none where no stacks were collected."""
    digest = scene.digest
    if scene.has("stacks") is not None:
        return
    profile = profile_of(scene)
    if not len(profile):
        return
    threads = threads_of(scene)
    several = sum(step.own and len(digest.requests_of(step.number)) > 0 for step in digest.steps) > 1
    found: dict[int, dict[str, OperationCount]] = {}
    for work in works_of(profile, threads, digest):
        for hot in hottest(profile, work, LEAST_SHARE, LEAST_SAMPLES):
            if hot.around is not None:
                continue  # several functions told as one: each is there by itself
            for loss in losses(scene, profile, threads, work, hot.rows, 0.0):
                if not digest.steps[loss.step].own or (loss.told == "by service" and several):
                    continue  # a share of the whole service says nothing of one step among others
                told = _told(digest, hot, loss)
                found.setdefault(loss.step, {}).setdefault(told.key, told)
    for step in found.values():
        yield from sorted(step.values(), key=lambda one: -one.s_per_request)[:MOST]


def _told(digest: Digest, hot: Hot, loss: Loss) -> OperationCount:
    step = digest.steps[loss.step]
    requests = digest.requests_of(loss.step)
    spent_s = float(loss.cpu_ns.sum()) / 1e9
    mean_s = spent_s / len(requests)
    half = WIDE * mean_s / math.sqrt(max(1, loss.samples))
    whole = np.zeros(len(requests), np.float64)
    whole[np.searchsorted(requests, loss.requests)] = loss.cpu_ns / 1e9
    spread = WIDE * float(whole.std()) / math.sqrt(len(requests))
    half = math.hypot(half, spread)
    frame = hot.frame
    file = placed(frame.file) if frame.file else None
    return OperationCount(
        journey=step.journey,
        step=step.name,
        family="function",
        label=frame.function,
        where=None if file is None else f"{file}:{frame.line}" if frame.line is not None else file,
        per_request=None,
        s_per_request=mean_s,
        low_s=max(0.0, mean_s - half),
        high_s=mean_s + half,
        key=f"function {file}:{frame.function}",
    )
