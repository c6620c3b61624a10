"""The part of docs/accuracy.md that sets predicted gains beside measured ones."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from benches.ledger_accuracy import main, rows_in, section
from loadstone.model.comparison import LedgerEntry, Verdict
from loadstone.model.finding import Bounded
from specimens.proof import Proved, write


def entry(
    predicted: float | None, measured: float | None, *, refused: str | None = None, verdict: Verdict = "faster"
) -> LedgerEntry:
    def around(value: float | None, scale: float = 1.0) -> Bounded | None:
        return None if value is None else Bounded(value * scale, value * scale * 0.8, value * scale * 1.25)

    return LedgerEntry(
        format=1, experiment="e", at_ns=1, fault="n-plus-one", fingerprint="f", journey="browse", step="detail",
        at="p99", before_s=around(0.04), predicted_s=around(predicted, 0.04), measured_s=around(measured, 0.03),
        predicted_ratio=around(predicted), measured_ratio=around(measured), refused=refused, verdict=verdict,
        reason="confirmed", pairs=6,
    )  # fmt: skip


def row(name: str, told: LedgerEntry | None, **changed: object) -> Proved:
    plain = Proved(name, "n-plus-one", "proved", "n-plus-one", "faster", "confirmed", measured_s=10.0, entry=told)
    return msgspec.structs.replace(plain, **changed)


ROWS = [
    row("near", entry(0.1, 0.1)),
    row("within", entry(0.2, 0.24)),
    row("far", entry(0.5, 0.9)),
    row("refused", entry(None, 0.3, refused="no count of workers explains when")),
    row("unseen", None, came="not found", named="", verdict="", reason=None),
    row("none", entry(0.9, 1.0), verdict="undecided", reason="no-effect"),
]


def test_what_was_told_is_counted_with_its_interval() -> None:
    told = section(ROWS)
    assert told.startswith("## What was predicted, and what was measured\n\n6 specimens ")
    assert "in 6 interleaved pairs of 10 s a run" in told
    assert "Verdicts: 4 faster, 1 undecided. Of those with a reason: 4 for the stated reason, 1 no effect." in told
    assert "Without a proof: 1 not found." in told
    assert "one observed run of the sick side under the load of the pairs; the measurement" in told
    other = msgspec.structs.replace(entry(0.1, 0.1), same_load=False)
    assert "in 1 of 6 a run of its own at the spec's length" in section([*ROWS, row("other", other)])
    assert "Of 5 predictions 1 gave no number after the fix; 4 stand beside a measurement." in told
    # .1/.1, .24/.2 and 1/.9 lie within 25 %, .9/.5 does not
    assert "It lies within the predicted interval in 3 of 4 (75%; 95 % interval 19 to 99)" in told
    # off by 0, .2, .8 and .11: the median lies half way between .11 and .2
    assert "off the predicted one by 16% in the median" in told
    # the ratios are 0, 4, 40 and 10 points of a hundred apart
    assert "is off by 7.0 points in the median" in told
    # .1, .2, .5 and .9 of 40 ms were foretold, .1, .24, .9 and 1 of 30 ms measured: off by 33, 11, 35 and 20 %
    assert "In seconds after the cure, measured is off predicted by 27% in the median" in told
    assert "| 0.1 to 0.25 | 2 | 0.15 | 0.17 | 0.10 to 0.24 | 2 of 2 |" in told
    assert "| 0.5 to 0.8 | 1 | 0.50 | 0.90 | 0.90 to 0.90 | 0 of 1 |" in told
    assert (
        "| refused | n-plus-one | p99 | 40.0 ms | refused | 9.00 ms |  | 0.30 [0.24, 0.38] | faster, confirmed |"
        in told
    )
    assert "| unseen |  | | | | | | | not found |" in told


def test_without_any_entry_nothing_is_made_up() -> None:
    told = section([row("unseen", None, came="not found", verdict="", reason=None)])
    assert "Verdicts: none" in told
    assert "within the predicted" not in told


def test_it_reads_what_the_specimens_write(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "shop_reviews.json"
    write(file, row("shop_reviews", entry(0.1, 0.11)))
    assert [one.name for one in rows_in(tmp_path)] == ["shop_reviews"]
    main([str(tmp_path), "--json", str(tmp_path.parent / "rows.json")])
    assert "| shop_reviews |" in capsys.readouterr().out
    assert json.loads((tmp_path.parent / "rows.json").read_text())["specimens"][0]["entry"]["at"] == "p99"
    file.write_text(file.read_text().replace('"format": 1\n', '"format": 2\n'))
    with pytest.raises(ValueError, match="format 2"):
        rows_in(tmp_path)
