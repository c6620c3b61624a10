"""Calibrations in the archive: what runs of a service against itself said, and which of them holds for what."""

from __future__ import annotations

import hashlib
import os
import time

import msgspec

from loadstone.archive import Archive
from loadstone.archive.writer import replace
from loadstone.errors import EvidenceError, InstrumentError
from loadstone.lab.experiments import has_experiment, resolve_experiment
from loadstone.model.calibration import Calibration, CalibrationKey
from loadstone.model.comparison import Comparison
from loadstone.model.run import Machine
from loadstone.prove.noise import calibration_of

__all__ = ["calibrate_from", "calibrations", "found_calibration", "keep_calibration"]

DIRECTORY = "calibration"
FORMAT = 1

LONGER = 1.05
"""A calibration of runs up to so much longer holds: shorter runs are noisier by half of that in a quantile."""


MOST_EXPERIMENTS = 20
"""A machine changes; what was measured long ago is left out."""


class _Stamp(msgspec.Struct, frozen=True):
    format: int = 0


def keep_calibration(archive: Archive, calibration: Calibration) -> None:
    """Write it to its key's place, over an earlier one. Raises InstrumentError when it cannot be written."""
    directory = archive.root / DIRECTORY
    path = directory / f"{_name(calibration.key)}.json"
    try:
        directory.mkdir(parents=True, exist_ok=True)
        replace(path, msgspec.json.format(msgspec.json.encode(calibration)))
    except OSError as error:
        raise InstrumentError(f"{path} cannot be written: {error.strerror}") from error


def calibrate_from(archive: Archive, comparison: Comparison) -> Calibration:
    """Keep what this experiment of identical sides says, with the earlier ones of the same key. Raises EvidenceError
    where it has too few pairs."""
    experiment = resolve_experiment(archive, comparison.experiment or "")
    key = experiment.manifest.calibration_key
    if key is None:
        raise EvidenceError(f"the experiment {experiment.id} does not say what it calibrates; repeat it")
    before = next((one for one in calibrations(archive) if _name(one.key) == _name(key)), None)
    told = [comparison]
    for name in before.experiments if before else ():
        earlier = resolve_experiment(archive, name).comparison if has_experiment(archive, name) else None
        if earlier is not None and name != comparison.experiment:
            told.insert(0, earlier)
    try:
        made = calibration_of(key, told[-MOST_EXPERIMENTS:], time.time_ns())
    except ValueError as error:
        raise EvidenceError(str(error)) from error
    keep_calibration(archive, made)
    return made


def calibrations(archive: Archive) -> list[Calibration]:
    """All of them, the newest first. Raises EvidenceError for one that cannot be read."""
    try:
        names = sorted(entry.name for entry in os.scandir(archive.root / DIRECTORY) if entry.name.endswith(".json"))
    except FileNotFoundError:
        return []
    found = []
    for name in names:
        path = archive.root / DIRECTORY / name
        try:
            content = path.read_bytes()
            stamp = msgspec.json.decode(content, type=_Stamp).format
            if stamp != FORMAT:
                raise EvidenceError(f"{path} has format {stamp}; this version reads format {FORMAT}")
            found.append(msgspec.json.decode(content, type=Calibration))
        except (OSError, msgspec.DecodeError) as error:
            raise EvidenceError(
                f"{path} cannot be read: {error}\n    make it again with: loadstone calibrate"
            ) from error
    return sorted(found, key=lambda one: -one.at_ns)


def found_calibration(archive: Archive, key: CalibrationKey) -> Calibration | None:
    """The one that holds for the key: of this machine, service and load, of runs no longer than these (longer ones are
    quieter), the nearest in length; None where there is none."""
    holding = [
        one
        for one in calibrations(archive)
        if _machine(one.key.machine) == _machine(key.machine)
        and (one.key.service, one.key.load) == (key.service, key.load)
        and one.key.measured_s <= LONGER * key.measured_s
    ]
    return max(holding, key=lambda one: (one.key.measured_s, one.at_ns), default=None)


def _machine(told: Machine) -> tuple[str, int, int]:
    """A kernel may be updated; another number of cores is another machine. Memory counts by the GiB."""
    return told.class_, told.cores, round(told.memory_bytes / 2**30)


def _name(key: CalibrationKey) -> str:
    words = (*map(str, _machine(key.machine)), key.service, key.load, f"{key.measured_s:.6g}")
    return hashlib.sha256("\0".join(words).encode()).hexdigest()[:16]
