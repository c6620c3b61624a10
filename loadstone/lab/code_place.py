"""Where a place in the code, as evidence names it, lies in the repository.

Evidence names a file by its last parts, so that two machines name it alike: ``shop/views.py`` of a deep path, or
``work/service.py`` where the file lies at the top of a work tree called ``work``.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

__all__ = ["code_place", "repository_of"]

_GIT_S = 10.0
"""git answers in milliseconds; a sick disk is no reason to wait for a nicety."""


def repository_of(directory: Path) -> Path | None:
    """The top of the git work tree; None outside of one."""
    told = _git(directory, "rev-parse", "--show-toplevel")
    return Path(told.strip()) if told and told.strip() else None


def code_place(where: str, root: Path, folders: Sequence[Path]) -> str | None:
    """``file:line`` with the file relative to ``root``; None for what is not a file there, or could be several.

    ``folders`` are where the code was run: the service's own directory, and the worktrees of revisions.
    """
    file, _, line = where.rpartition(":")
    parts = PurePosixPath(file).parts
    if not line.isdecimal() or not parts or parts[0] == "/" or ".." in parts:
        return None
    found = _ending(parts, root) or _beneath(parts, root, folders)
    return None if found is None else f"{found}:{line}"


def _ending(parts: tuple[str, ...], root: Path) -> str | None:
    """The one file of the repository whose path ends so."""
    if any(set(part) & set("*?[]\\") for part in parts):
        return None
    pattern = f":(glob)**/{'/'.join(parts)}"
    told = _git(root, "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", pattern)
    names = [name for name in (told or "").split("\0") if name]
    return names[0] if len(names) == 1 else None


def _beneath(parts: tuple[str, ...], root: Path, folders: Sequence[Path]) -> str | None:
    """The first parts are the last ones of a folder in which it ran: the rest lies beneath that folder."""
    for count in range(1, len(parts)):
        for folder in (root, *folders):
            if folder.parts[-count:] == parts[:count]:
                inside = folder.relative_to(root) if folder.is_relative_to(root) else Path()
                for above in (inside, Path()):
                    rest = above.joinpath(*parts[count:])
                    if (root / rest).is_file():
                        return rest.as_posix()
    return None


def _git(directory: Path, *words: str) -> str | None:
    if shutil.which("git") is None:
        return None
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    command = ["git", "-C", str(directory), *words]
    try:
        made = subprocess.run(command, capture_output=True, env=kept, text=True, timeout=_GIT_S, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return made.stdout if made.returncode == 0 else None
