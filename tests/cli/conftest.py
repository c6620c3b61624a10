"""A command line in a directory of its own, with a scripted engine in place of the native one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from loadstone.cli import main
from loadstone.drive.engine import Engine
from loadstone.drive.fake import Script, scripted


class Told(NamedTuple):
    """How a command line ended."""

    code: int
    out: str
    err: str


Command = Callable[..., Told]


@pytest.fixture
def script() -> dict[str, Script]:
    """How the simulated service behaves, under ``is``; a test may put another there."""
    return {"is": Script()}


@pytest.fixture
def loadstone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], script: dict[str, Script]
) -> Command:
    """Runs a command line in an empty directory: ``loadstone("run", "http://…")``."""

    def engine(plan: bytes) -> Engine:
        return scripted(plan, script["is"])

    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("LOADSTONE_ARCHIVE", raising=False)
    monkeypatch.delenv("LOADSTONE_DEBUG", raising=False)
    monkeypatch.setattr("loadstone.drive.engine.native", engine)
    monkeypatch.setattr("loadstone.drive.engine.native_build", lambda: "release")

    def run(*arguments: str) -> Told:
        monkeypatch.setattr("sys.argv", ["loadstone", *arguments])
        with pytest.raises(SystemExit) as leaving:
            main()
        captured = capsys.readouterr()
        assert isinstance(leaving.value.code, int)
        return Told(leaving.value.code, captured.out, captured.err)

    return run
