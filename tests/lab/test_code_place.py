from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from loadstone.lab.code_place import code_place, repository_of


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "tree"
    for name in ("service.py", "src/app/shop/views.py", "src/app/shop/twice.py", "lib/app/shop/twice.py", "src/run.py"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("")
    subprocess.run(["git", "init", "--quiet", str(folder)], check=True)
    return folder.resolve()


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ("app/shop/views.py:88", "src/app/shop/views.py:88"),
        ("tree/service.py:3", "service.py:3"),
        ("worktrees/20261125T101530-x7f3a-b/service.py:3", "service.py:3"),
        ("20261125T101530-x7f3a-b/src/run.py:9", "src/run.py:9"),
        ("src/run.py:9", "src/run.py:9"),
        ("app/shop/twice.py:1", None),
        ("starlette/routing.py:1", None),
        ("elsewhere/service.py:1", None),
        ("/etc/hostname:1", None),
        ("../tree/service.py:1", None),
        ("service.py", None),
        ("*.py:1", None),
        ("", None),
    ],
)
def test_only_files_of_the_repository_have_a_place(where: str, found: str | None, root: Path) -> None:
    worktree = root / ".loadstone" / "worktrees" / "20261125T101530-x7f3a-b"
    assert code_place(where, root, [root / "src", worktree]) == found


def test_what_lies_in_no_repository_has_no_top(tmp_path: Path, root: Path) -> None:
    assert repository_of(root / "src") == root
    assert repository_of(tmp_path / "missing") is None
