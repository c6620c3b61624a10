"""An experiment in the archive: what was planned, in which order it went, and which runs it has."""

from __future__ import annotations

from typing import Literal

import msgspec

from loadstone.model.calibration import CalibrationKey
from loadstone.model.comparison import DesignTold, SideTold
from loadstone.model.run import Machine, Status

__all__ = ["ExperimentManifest", "SideAsked", "Step"]


class SideAsked(msgspec.Struct, frozen=True, kw_only=True):
    """One side as it is asked for. ``text`` is the command, the URL or the revision, None where the spec's own service
    is meant; ``env`` are variables on top of the service's; ``call`` is ``METHOD /path``, sent to a running service
    before each of its runs. ``label`` tells it from the other side and holds no secret; values of ``env`` are never
    kept."""

    name: Literal["A", "B"]
    kind: Literal["command", "url", "revision", "environment", "call"]
    label: str
    text: str | None = None
    env: dict[str, str] = {}
    call: str | None = None


class Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One run of the order, in the order of time. ``pair`` counts from 0, -1 for an observed run outside the pairs;
    ``run`` is None until it was made; ``left_out`` is why its pair is not judged."""

    pair: int
    side: Literal["A", "B"]
    seed: int
    run: str | None = None
    left_out: str | None = None


class ExperimentManifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``experiments/<id>/manifest.json``, replaced atomically after each run. ``finding`` is the fingerprint that is
    to be proved, ``found_in`` the run whose diagnosis has it. ``calibration_key`` is what it would calibrate, or what
    calibrations of it hold for."""

    format: Literal[1]
    experiment: str
    kind: Literal["prove", "calibrate", "gate"]
    status: Status
    pid: int
    pid_start_ticks: int | None
    boot_id: str | None
    started_ns: int
    sides: tuple[SideTold, SideTold]
    design: DesignTold
    steps: tuple[Step, ...] = ()
    finding: str | None = None
    found_in: str | None = None
    command: tuple[str, ...] = ()
    machine: Machine | None = None
    versions: dict[str, str] = {}
    calibration_key: CalibrationKey | None = None
