"""The finding that an argument names: by a beginning of its fingerprint, of one run or of the newest that has it."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from loadstone.archive import Archive, evidence_run
from loadstone.cli.diagnose import proof_of
from loadstone.cli.finding import found_finding
from loadstone.errors import EvidenceError, SpecError
from loadstone.lab.findings import FINDINGS
from tests.cli.conftest import Command
from tests.render.causes_specimens import founding


@pytest.fixture
def archive(loadstone: Command, tmp_path: Path) -> Archive:
    """Two runs of one URL, both with a diagnosis of one cause, each its own."""
    for _ in range(2):
        asked = "http://127.0.0.1:9/", "--rate", "20/s", "--for", "1s", "--no-report"
        assert loadstone("run", *asked, "--archive", str(tmp_path / "kept")).code == 0
    kept = Archive(tmp_path / "kept")
    for place, run in enumerate(kept.ids()):
        rewrite(kept, run, [f"{place}e5f"])
    return kept


def rewrite(archive: Archive, run: str, fingerprints: list[str]) -> None:
    """A diagnosis of the founding story's finding under these names, in the place of any other."""
    told = founding()
    findings = tuple(replace(told.findings[0], fingerprint=name, title=f"cause {name}") for name in fingerprints)
    (evidence_run(archive, archive.run(run)).directory / FINDINGS).write_bytes(
        msgspec.json.encode(replace(told, run=run, findings=findings))
    )


def test_a_beginning_names_it_in_the_newest_run_that_has_it(archive: Archive) -> None:
    newest, older = archive.ids()
    rewrite(archive, newest, ["aa11", "ab22"])
    rewrite(archive, older, ["cc33", "ab99"])
    assert found_finding(archive, "ab")[0].fingerprint == "ab22"
    found, run = found_finding(archive, "cc")
    assert (found.fingerprint, run) == ("cc33", older)
    assert found_finding(archive, "ab", older)[0].fingerprint == "ab99"


def test_last_is_the_first_cause_of_the_last_diagnosis(archive: Archive) -> None:
    assert found_finding(archive, "last") == found_finding(archive, "0e5f")
    assert found_finding(archive, "last", archive.ids()[1])[1] == archive.ids()[1]


def test_several_are_listed_with_their_titles(archive: Archive) -> None:
    rewrite(archive, archive.ids()[0], ["ab11", "ab22", "cd"])
    with pytest.raises(SpecError, match=r'"ab" could be any of 2 findings: \n    ab11  cause ab11\n    ab22') as told:
        found_finding(archive, "ab")
    assert "cd" not in str(told.value)


def test_one_that_is_none_says_what_there_is(archive: Archive) -> None:
    newest = archive.ids()[0]
    with pytest.raises(SpecError, match=f'no finding "ffff" in the last 50 runs; run {newest} has ') as told:
        found_finding(archive, "ffff")
    assert "0e5f  cause 0e5f" in str(told.value)
    with pytest.raises(SpecError, match="--finding takes a fingerprint"):
        found_finding(archive, "", newest)


def test_without_a_diagnosis_the_way_to_one_is_told(archive: Archive, tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=r"no run in .* has a diagnosis; make one"):
        found_finding(Archive(tmp_path / "empty"), "aa")
    newest = archive.ids()[0]
    (archive.run(newest).directory / FINDINGS).unlink()
    with pytest.raises(SpecError, match=f"make one: loadstone diagnose {newest}"):
        found_finding(archive, "aa", newest)
    with pytest.raises(EvidenceError, match='no run "zzzz"'):
        found_finding(archive, "aa", "zzzz")


def test_a_diagnosis_that_cannot_be_read_is_passed_over(archive: Archive) -> None:
    newest, older = archive.ids()
    (archive.run(newest).directory / FINDINGS).write_text("{")
    assert found_finding(archive, "last")[1] == older


def test_nothing_found_is_nothing_to_prove(archive: Archive) -> None:
    rewrite(archive, archive.ids()[0], [])
    with pytest.raises(SpecError, match="found nothing, so there is nothing to prove"):
        found_finding(archive, "last", archive.ids()[0])


def test_a_diagnosis_ends_with_how_its_first_cause_is_proved(archive: Archive) -> None:
    run = archive.run(archive.ids()[0])
    (one,) = founding().findings[:1]
    told = replace(founding(), findings=(replace(one, fingerprint="3b9e10c2"), replace(one, fingerprint="77")))
    assert proof_of(run, told) == "change it, then: loadstone prove --finding 3b9e"
    close = replace(told, findings=(*told.findings[:1], replace(one, fingerprint="3b9e1fff")))
    assert proof_of(run, close) == "change it, then: loadstone prove --finding 3b9e10"
    small = replace(told, findings=tuple(replace(each, severity="info") for each in told.findings))
    assert proof_of(run, small) is None
