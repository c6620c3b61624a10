"""The manifest that a run begins with."""

from __future__ import annotations

import os
import secrets
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import msgspec

from loadstone import __version__
from loadstone.lab.machine import machine, revision
from loadstone.lab.service import argv
from loadstone.model.run import Manifest, ServiceRecord
from loadstone.model.service import Service

__all__ = ["OBSERVED", "Place", "new_manifest"]

OBSERVED = "observed"
"""The side that an observed run takes beside its bare partner."""


class Place(msgspec.Struct, frozen=True):
    """Where a run stands in an experiment, so that it is never taken for one that stands for itself. ``pair`` counts
    from 0; None outside the pairs."""

    experiment: str
    side: str
    pair: int | None = None


def new_manifest(
    kind: Literal["load", "gather", "import"],
    service: Service | None = None,
    *,
    labels: Mapping[str, str],
    command: tuple[str, ...],
    seed: int = 0,
    nonce: int | None = None,
    build: str | None = None,
    bare: str | None = None,
    place: Place | None = None,
) -> Manifest:
    """A manifest as of now; its writer completes it with the run's id. ``bare`` is the run that this one observes,
    ``place`` where it stands in an experiment."""
    if place is None and bare is not None:
        place = Place(bare, OBSERVED)
    return Manifest(
        format=1,
        run="",
        kind=kind,
        status="running",
        pid=os.getpid(),
        pid_start_ticks=None,
        boot_id=None,
        nonce=secrets.randbits(32) if nonce is None else nonce,
        versions={"loadstone": __version__, "python": sys.version.split()[0]} | ({"build": build} if build else {}),
        started_ns=time.time_ns(),
        monotonic_ns=time.monotonic_ns(),
        machine=machine(),
        service=None if service is None else _record(service),
        seed=seed,
        labels=dict(labels),
        command=command,
        experiment=place.experiment if place else None,
        pair=place.pair if place else None,
        side=place.side if place else None,
    )


def _record(service: Service) -> ServiceRecord:
    commit, dirty = revision(Path(service.cwd or "."))
    return ServiceRecord(
        url=service.url,
        argv=argv(service),
        env_names=tuple(sorted(service.env)),
        commit=commit,
        dirty=dirty,
    )
