"""Facts about the machine and the revision."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from loadstone.lab.machine import cores, machine, revision


def test_the_machine_is_told() -> None:
    told = machine()
    assert told.cores == cores() >= 1
    assert told.memory_bytes > 1 << 20
    assert told.class_.endswith(os.uname().machine)
    assert told.kernel == os.uname().release


def test_a_directory_without_git_has_no_revision(tmp_path: Path) -> None:
    assert revision(tmp_path) == (None, None)


def test_commit_and_changes_are_told(tmp_path: Path) -> None:
    def git(*words: str) -> str:
        return subprocess.run(["git", *words], cwd=tmp_path, check=True, capture_output=True, text=True).stdout.strip()

    git("init", "-q")
    assert revision(tmp_path) == (None, False)
    (tmp_path / "a").write_text("1")
    git("add", "a")
    git("-c", "user.name=n", "-c", "user.email=e@example.invalid", "commit", "-qm", "a")
    assert revision(tmp_path) == (git("rev-parse", "HEAD"), False)
    (tmp_path / "untracked").touch()
    assert revision(tmp_path)[1] is False
    (tmp_path / "a").write_text("2")
    assert revision(tmp_path) == (git("rev-parse", "HEAD"), True)
