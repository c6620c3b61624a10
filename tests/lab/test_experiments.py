"""Experiments, the ledger and calibrations in the archive: found by name, read back, refused where unknown."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from loadstone.archive import Archive
from loadstone.archive.query import query
from loadstone.errors import EvidenceError, InstrumentError
from loadstone.lab.calibration import calibrations, found_calibration, keep_calibration
from loadstone.lab.experiment import planned
from loadstone.lab.experiments import ExperimentWriter, experiments, has_experiment, resolve_experiment
from loadstone.lab.ledger import LEDGER, append, entries
from loadstone.lab.preparing import new_experiment, prepared
from loadstone.model.calibration import Calibration, CalibrationKey, Noise
from loadstone.model.comparison import LedgerEntry
from loadstone.model.run import Machine
from tests.lab.experiment_scene import asked, spec_of, urls

SECOND_NS = 1_000_000_000
BEGIN_NS = 1_795_000_000 * SECOND_NS


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return Archive(tmp_path / ".loadstone")


def _experiment(archive: Archive, started_ns: int) -> ExperimentWriter:
    folder = archive.root.parent
    wanted = asked(spec_of(folder), urls())
    manifest = new_experiment(wanted, planned(archive, wanted), prepared(wanted))
    return ExperimentWriter(archive, msgspec.structs.replace(manifest, started_ns=started_ns))


def test_they_are_listed_newest_first_and_found_by_name(archive: Archive) -> None:
    made = [_experiment(archive, BEGIN_NS + place * SECOND_NS // 2).id for place in range(4)]
    (archive.root / "experiments" / "probe-1234").mkdir()  # a probe's answer is none
    assert [one.id for one in experiments(archive)] == made[::-1]
    assert resolve_experiment(archive, "last").id == made[3]
    assert resolve_experiment(archive, "last-3").id == made[0]
    assert resolve_experiment(archive, made[1]).id == made[1]
    assert resolve_experiment(archive, made[2].rpartition("-")[2]).id == made[2]
    assert resolve_experiment(archive, str(archive.root / "experiments" / made[0])).id == made[0]
    assert resolve_experiment(archive, str(archive.root / "experiments" / made[0] / "manifest.json")).id == made[0]
    assert has_experiment(archive, made[0]) and not has_experiment(archive, made[0][:-1])
    assert not has_experiment(archive, "../runs")


@pytest.mark.parametrize("reference", ["", "last-9", "x0000000", "1999", "../../etc"])
def test_a_name_of_none_says_what_there_is(archive: Archive, reference: str) -> None:
    with pytest.raises(EvidenceError, match="loadstone prove"):
        resolve_experiment(archive, reference)
    made = _experiment(archive, BEGIN_NS)
    with pytest.raises(EvidenceError, match=made.id):
        resolve_experiment(archive, reference)


def test_a_name_of_several_asks_for_more(archive: Archive) -> None:
    first, _ = (_experiment(archive, BEGIN_NS + place * SECOND_NS) for place in range(2))
    with pytest.raises(EvidenceError, match="2 experiments"):
        resolve_experiment(archive, first.id[:10])


def test_an_experiment_is_running_as_long_as_its_process(archive: Archive) -> None:
    writer = _experiment(archive, BEGIN_NS)
    assert resolve_experiment(archive, "last").running
    writer.update(status="complete")
    assert resolve_experiment(archive, "last").status == "complete"


def test_what_is_no_manifest_or_of_another_format_is_said(archive: Archive) -> None:
    path = _experiment(archive, BEGIN_NS).directory / "manifest.json"
    document = json.loads(path.read_text())
    path.write_text(json.dumps(document | {"format": 2}))
    with pytest.raises(EvidenceError, match="format 2; this version reads format 1"):
        _ = resolve_experiment(archive, "last").manifest
    path.write_text("{")
    with pytest.raises(EvidenceError, match="cannot be read"):
        _ = resolve_experiment(archive, "last").manifest
    assert not resolve_experiment(archive, "last").running


def test_an_archive_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    archive = Archive(tmp_path / "file")
    wanted = asked(spec_of(tmp_path), urls())
    with pytest.raises(InstrumentError, match="--archive"):
        ExperimentWriter(archive, new_experiment(wanted, planned(Archive(tmp_path / "a"), wanted), prepared(wanted)))


def _entry(fingerprint: str) -> LedgerEntry:
    return LedgerEntry(
        format=1, experiment="20261125T233000-x7f3a", at_ns=1, fault="n-plus-one", fingerprint=fingerprint,
        journey="browse", step="detail", at="p99", before_s=None, predicted_s=None, measured_s=None,
        predicted_ratio=None, measured_ratio=None, refused=None, verdict="faster", reason="confirmed", pairs=10,
    )  # fmt: skip


def test_the_ledger_is_only_added_to(archive: Archive) -> None:
    assert list(entries(archive)) == []
    archive.root.mkdir()
    for name in "abc":
        append(archive, _entry(name))
    assert [one.fingerprint for one in entries(archive)] == ["a", "b", "c"]
    sql = "SELECT fingerprint, pairs, reason, predicted_ratio_high, same_load FROM ledger ORDER BY 1 LIMIT 1"
    assert query(archive, sql).rows == (("a", 10, "confirmed", None, True),)


@pytest.mark.parametrize("cut", [1, 40])
def test_a_line_that_was_cut_off_is_passed_over_and_nothing_is_lost_behind_it(archive: Archive, cut: int) -> None:
    archive.root.mkdir()
    for name in "ab":
        append(archive, _entry(name))
    path = archive.root / LEDGER
    path.write_bytes(path.read_bytes()[:-cut])
    assert [one.fingerprint for one in entries(archive)] == ["a"] if cut > 1 else ["a", "b"]
    append(archive, _entry("c"))
    assert [one.fingerprint for one in entries(archive)][-1] == "c"
    assert len(list(entries(archive))) == (2 if cut > 1 else 3)


def test_a_ledger_of_a_later_format_is_refused(archive: Archive) -> None:
    archive.root.mkdir()
    (archive.root / LEDGER).write_text('{"format": 2}\n')
    with pytest.raises(EvidenceError, match=f"{LEDGER}:1 has format 2"):
        list(entries(archive))


MACHINE = Machine("linux-x86_64", 2, 8 << 30, "6.1")


def _calibration(measured_s: float, at_ns: int, **more: object) -> Calibration:
    key = CalibrationKey(**({"machine": MACHINE, "service": "shop", "load": "40/s", "measured_s": measured_s} | more))  # type: ignore[arg-type]
    noise = Noise("p95 response", "ratio", None, None, sd=0.05, sd_low=0.04, sd_high=0.07, pairs=20)
    return Calibration(1, key, (), (noise,), 20, 3, 0, 0.0, 0.7, 0.95, at_ns)


def test_the_calibration_that_holds_is_of_the_nearest_runs_that_are_no_longer(archive: Archive) -> None:
    for length in (10.0, 20.0, 60.0):
        keep_calibration(archive, _calibration(length, int(length)))
    keep_calibration(archive, _calibration(30.0, 1, load="80/s"))
    keep_calibration(archive, _calibration(30.0, 1, machine=msgspec.structs.replace(MACHINE, cores=4)))

    def found(measured_s: float) -> float | None:
        made = found_calibration(archive, _calibration(measured_s, 0).key)
        return None if made is None else made.key.measured_s

    assert [found(length) for length in (5.0, 10.0, 19.5, 30.0, 600.0)] == [None, 10.0, 20.0, 20.0, 60.0]
    other = msgspec.structs.replace(MACHINE, kernel="6.2", memory_bytes=MACHINE.memory_bytes + 1024)
    assert found_calibration(archive, _calibration(10.0, 0, machine=other).key) is not None, "an update of the kernel"


def test_a_calibration_is_kept_over_the_earlier_one(archive: Archive) -> None:
    for at in (1, 2):
        keep_calibration(archive, _calibration(10.0, at))
    assert [one.at_ns for one in calibrations(archive)] == [2]


def test_a_calibration_that_cannot_be_read_says_the_way_out(archive: Archive) -> None:
    keep_calibration(archive, _calibration(10.0, 1))
    path = next((archive.root / "calibration").iterdir())
    path.write_text("{")
    with pytest.raises(EvidenceError, match="loadstone calibrate"):
        calibrations(archive)
    path.write_text('{"format": 7}')
    with pytest.raises(EvidenceError, match="format 7"):
        calibrations(archive)
