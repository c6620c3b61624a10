"""A git revision in a directory of its own, built there, and gone afterwards.

Worktrees lie under the archive, in a directory named after their experiment and side; within it their last two names
are those of the repository, so that evidence, which names a file by the end of its path, names it alike on both sides.
What an experiment that was killed left behind is taken away before the next one makes its own.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Collection
from pathlib import Path

from loadstone.archive import Archive
from loadstone.errors import InstrumentError, SpecError, TargetError
from loadstone.lab.experiments import Experiment
from loadstone.lab.machine import revision
from loadstone.lab.service import ending, last_lines

__all__ = ["Repository", "build", "repository"]

GIT_S = 300.0
"""A checkout of a large repository on a slow disk; git that takes longer waits for something that does not come."""

_LOCAL = (
    "GIT_ALTERNATE_OBJECT_DIRECTORIES GIT_COMMON_DIR GIT_CONFIG GIT_CONFIG_COUNT GIT_CONFIG_PARAMETERS GIT_DIR "
    "GIT_GRAFT_FILE GIT_IMPLICIT_WORK_TREE GIT_INDEX_FILE GIT_NAMESPACE GIT_OBJECT_DIRECTORY GIT_PREFIX "
    "GIT_REPLACE_REF_BASE GIT_SHALLOW_FILE GIT_WORK_TREE"
)  # git rev-parse --local-env-vars

_LOOK_S = 0.1  # how soon Ctrl-C is heeded while a build runs


class Repository:
    """The repository that a service is started from; ``inner`` is the service's directory within it."""

    def __init__(self, root: Path, inner: Path) -> None:
        self.root = root
        self.inner = inner

    def commit(self, text: str) -> str:
        """The full name of the commit that the text names. Raises SpecError."""
        found = _git(self.root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{text}^{{commit}}")
        if found.returncode != 0:
            raise SpecError(
                f'"{text}" is no revision of the git repository in {self.root}\n'
                "    see: git log --oneline; a branch of a remote is fetched first: git fetch"
            )
        return found.stdout.strip()

    def check_clean(self, commits: Collection[str]) -> None:
        """Both sides are revisions: refuse to leave out what the work tree holds beyond the one that is checked out."""
        head, dirty = revision(self.root)
        if dirty and head in commits:
            raise SpecError(
                f"the work tree of {self.root} has changes that are in no revision, so they would not be measured\n"
                "    commit or stash them; or leave that side out, and the work tree as it stands is measured"
            )

    def add(self, archive: Archive, name: str, commit: str) -> Path:
        """A worktree of the commit; the directory in it that the service is started from. Raises InstrumentError."""
        self.clear(archive)
        directory = self._directory(archive, name)
        directory.parent.mkdir(parents=True, exist_ok=True)
        made = _git(self.root, "worktree", "add", "--detach", "--force", str(directory), commit)
        if made.returncode != 0:
            said = (made.stderr.strip().splitlines() or ["git said nothing"])[-1]
            raise InstrumentError(f"git cannot make a worktree of {commit[:12]} in {directory}: {said}")
        inner = directory / self.inner
        if not inner.is_dir():
            self.remove(archive, name)
            raise SpecError(f"{commit[:12]} has no directory {self.inner}, where the spec starts its service")
        return inner

    def remove(self, archive: Archive, name: str) -> None:
        """Take a worktree away, with whatever was built in it."""
        _git(self.root, "worktree", "remove", "--force", "--force", str(self._directory(archive, name)))
        shutil.rmtree(archive.root / "worktrees" / name, ignore_errors=True)
        _git(self.root, "worktree", "prune")

    def _directory(self, archive: Archive, name: str) -> Path:
        root = self.root.resolve()
        return (archive.root / "worktrees" / name).resolve().joinpath(root.parent.name, root.name)

    def clear(self, archive: Archive) -> None:
        """Take away the worktrees of experiments that no longer run."""
        try:
            names = [entry.name for entry in os.scandir(archive.root / "worktrees")]
        except FileNotFoundError:
            return
        for name in names:
            if not Experiment(archive.root / "experiments" / name.rpartition("-")[0]).running:
                self.remove(archive, name)


def repository(directory: Path) -> Repository:
    """The repository that holds this directory. Raises SpecError where git is missing or there is none."""
    if shutil.which("git") is None:
        raise SpecError("git is not installed, so no revision can be measured; give the sides as commands or URLs")
    found = _git(directory, "rev-parse", "--show-toplevel")
    if found.returncode != 0:
        raise SpecError(
            f"{directory} is in no git repository, so it has no revisions\n    give the sides as commands or URLs"
        )
    root = Path(found.stdout.strip())
    return Repository(root, directory.resolve().relative_to(root.resolve()))


def build(command: str, directory: Path, log: Path, env: dict[str, str], patience: Callable[[], bool]) -> None:
    """Run the user's command in a shell there, its output kept. Raises TargetError with its last lines when it fails,
    or when ``patience`` ends while it runs."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            ["/bin/sh", "-c", command],
            cwd=directory,
            env=_without_git({**os.environ, **env}),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            while True:
                try:
                    code = process.wait(_LOOK_S)
                    break
                except subprocess.TimeoutExpired:
                    if not patience():
                        raise TargetError(f"interrupted while building in {directory}: {command}") from None
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
    if code != 0:
        lines = last_lines(log)
        quoted = "\n".join(f"    | {line}" for line in lines) or "    it wrote nothing"
        raise TargetError(f"the build failed with {ending(code)}: {command}\n    its last lines, of {log}:\n{quoted}")


def _git(directory: Path, *words: str) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            ["git", "-C", str(directory), *words],
            capture_output=True,
            text=True,
            env=_without_git(dict(os.environ)),
            timeout=GIT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise InstrumentError(f"git {words[0]} did not work in {directory}: {error}") from error


def _without_git(environment: dict[str, str]) -> dict[str, str]:
    """Without what a git hook sets, which would point git at another repository."""
    return {name: value for name, value in environment.items() if name not in _LOCAL.split()}
