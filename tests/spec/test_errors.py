"""Everything that the reader says, held against snapshots: pytest --snapshot-update writes them."""

from __future__ import annotations

from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode

from loadstone import spec
from loadstone.errors import SpecError

GOLDEN = Path(__file__).parent / "golden"


class TextFile(SingleFileSnapshotExtension):
    """A snapshot is one text file, as a user would see it."""

    _write_mode = WriteMode.TEXT
    file_extension = "txt"


@pytest.mark.parametrize("name", sorted(path.stem for path in GOLDEN.glob("*.toml")))
def test_what_is_wrong_is_told(name: str, monkeypatch: pytest.MonkeyPatch, snapshot: SnapshotAssertion) -> None:
    monkeypatch.chdir(GOLDEN)
    with pytest.raises(SpecError) as raised:
        spec.load(f"{name}.toml")
    assert raised.value.exit_code == 2
    assert str(raised.value) == "\n".join(str(problem) for problem in raised.value.problems)
    assert str(raised.value) == snapshot(extension_class=TextFile)


@pytest.mark.parametrize("name", ["secrets.toml", "syntax_secret.toml"])
def test_a_secret_is_never_repeated(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(GOLDEN)
    with pytest.raises(SpecError) as raised:
        spec.load(name)
    assert "hunter2" not in str(raised.value)


def test_a_missing_file_has_a_way_out(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="loadstone run http"):
        spec.load(tmp_path / "loadstone.toml")


def test_bytes_that_are_not_text_have_a_line(tmp_path: Path) -> None:
    (tmp_path / "loadstone.toml").write_bytes(b'[service]\nurl = "\xff"\n')
    with pytest.raises(SpecError, match=r"loadstone.toml:2: bytes that are not UTF-8"):
        spec.load(tmp_path / "loadstone.toml")
