"""Traffic in the archive: kept, found again by its words, refused where it is of another format."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from loadstone.archive import find
from loadstone.errors import EvidenceError, InstrumentError, SpecError
from loadstone.lab.traffic import declared_routes, keep_traffic, kept_traffic, traffic_ids
from tests.render.traffic_specimens import SHOP


def test_what_is_kept_is_found_again(tmp_path: Path) -> None:
    archive = find(tmp_path / "kept")
    first = keep_traffic(archive, SHOP, 1_700_000_000 * 10**9)
    second = keep_traffic(archive, replace(SHOP, notes=()), 1_700_000_100 * 10**9)
    assert (tmp_path / "kept" / ".gitignore").read_text() == "*\n"
    assert kept_traffic(archive, "last") == replace(SHOP, notes=())
    assert kept_traffic(archive, "last-1") == SHOP
    assert kept_traffic(archive, first.parent.name) == SHOP
    assert kept_traffic(archive, second.parent.name[-4:]) == replace(SHOP, notes=())
    assert traffic_ids(archive) == [second.parent.name, first.parent.name]


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    archive = find(tmp_path)
    with pytest.raises(EvidenceError, match=r'no traffic "last".*loadstone traffic'):
        kept_traffic(archive)
    for _ in range(2):
        keep_traffic(archive, SHOP, 1_700_000_000 * 10**9)
    with pytest.raises(EvidenceError, match="could be any of"):
        kept_traffic(archive, "2023")


@pytest.mark.parametrize("content", [b"", b"{", b'{"format": 2}', b'{"format": 1}', b"\xff"])
def test_what_cannot_be_read_says_so(tmp_path: Path, content: bytes) -> None:
    archive = find(tmp_path)
    path = keep_traffic(archive, SHOP, 1_700_000_000 * 10**9)
    path.write_bytes(content)
    with pytest.raises(EvidenceError, match="make it again with"):
        kept_traffic(archive)


def test_an_archive_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InstrumentError, match="--archive"):
        keep_traffic(find(tmp_path / "file"), SHOP, 0)


def test_a_document_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="OpenAPI"):
        declared_routes(tmp_path / "none.json")
