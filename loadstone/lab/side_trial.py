"""One run of a side: its plan compiled for where the side is, bare or observed, with its place in the experiment."""

from __future__ import annotations

import os
import secrets
from typing import Literal

import msgspec

from loadstone.drive.compile import OBSERVED_UNIFORM, Recording, compile_plan
from loadstone.lab.manifest import Place
from loadstone.lab.planning import ExperimentAsked
from loadstone.lab.trial import Asked
from loadstone.model.service import Service
from loadstone.model.shape import Shape
from loadstone.model.side_run import Side

__all__ = ["bare_trial", "observed_trial"]

Build = Literal["release", "debug"] | None


def bare_trial(
    asked: ExperimentAsked,
    shape: Shape,
    service: Service,
    experiment: str,
    side: Side,
    pair: int,
    seed: int,
    build: Build,
) -> Asked:
    """A run of a pair; the service is up already."""
    plan = compile_plan(asked.workload, shape, service, asked.slos, seed=seed, cores=asked.cores)
    return Asked(
        plan=plan,
        service=service,
        seed=seed,
        slos=asked.slos,
        spec=asked.spec.text,
        labels={**asked.spec.labels, **asked.labels},
        command=asked.command,
        build=build,
        report=False,
        place=Place(experiment, side, pair),
    )


def observed_trial(
    asked: ExperimentAsked, shape: Shape, service: Service, experiment: str, side: Side, build: Build
) -> Asked:
    """The observed run of a side, with an instance of its own where it has a command; every request is traced."""
    assert asked.observe is not None, "the caller has looked"
    observing = asked.observe(service, asked.workload)
    nonce = secrets.randbits(32)
    workload = asked.workload
    if workload.trace_share is None:
        workload = msgspec.structs.replace(workload, trace_share=1.0)
    plan = compile_plan(
        workload,
        shape,
        service,
        asked.slos,
        seed=asked.seed,
        cores=asked.cores,
        nonce=nonce,
        environment=os.environ,
        hash_key=observing.redaction.key,
        recording=Recording(uniform=OBSERVED_UNIFORM),
    )
    return Asked(
        plan=plan,
        service=service,
        seed=asked.seed,
        slos=asked.slos,
        spec=asked.spec.text,
        labels={**asked.spec.labels, **asked.labels},
        command=asked.command,
        nonce=nonce,
        build=build,
        report=False,
        observing=observing,
        place=Place(experiment, side),
    )
