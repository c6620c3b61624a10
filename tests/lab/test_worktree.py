"""Revisions in directories of their own: made, built, gone; and every way in which they cannot be had."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from loadstone.archive import Archive
from loadstone.errors import SpecError, TargetError
from loadstone.lab.experiment import planned, run_experiment
from loadstone.lab.experiments import ExperimentWriter, resolve_experiment
from loadstone.lab.preparing import new_experiment, prepared
from loadstone.lab.worktree import build, repository
from loadstone.spec import Spec
from tests.lab.experiment_scene import LISTENER, Scripts, asked, side, spec_of, work

IDENTITY = {
    **{f"GIT_{who}_{what}": "test@example.com" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A repository with two revisions of a service in ``service/``, tagged ``old`` and ``new``."""
    root = tmp_path / "repository"
    (root / "service").mkdir(parents=True)
    _git(root, "init", "--quiet", "--initial-branch", "main")
    (root / ".gitignore").write_text(".loadstone/\n*.log\nbuilt\n")
    for name in ("old", "new"):
        (root / "service" / "listener.py").write_text(f"# {name}\n{LISTENER}")
        _git(root, "add", "--all")
        _git(root, "commit", "--quiet", "--message", name)
        _git(root, "tag", name)
    return root


def test_a_worktree_has_the_revision_and_goes(folder: Path) -> None:
    archive, found = Archive(folder / ".loadstone"), repository(folder / "service")
    assert found.inner == Path("service")
    inner = found.add(archive, "20261125T233000-x7f3a-a", found.commit("old"))
    assert (inner / "listener.py").read_text().startswith("# old")
    assert inner.parts[-3:] == (folder / "service").parts[-3:], "evidence names a file by the end of its path"
    (inner / "built").write_text("what a build leaves")
    found.remove(archive, "20261125T233000-x7f3a-a")
    assert not inner.exists()
    assert len(_git(folder, "worktree", "list").splitlines()) == 1
    assert _git(folder, "status", "--porcelain") == ""


def test_what_a_killed_experiment_left_is_taken_away_before_the_next(folder: Path) -> None:
    archive, found = Archive(folder / ".loadstone"), repository(folder)
    left = found.add(archive, "20261125T233000-xdead-a", found.commit("old"))
    found.add(archive, "20261125T233001-x7f3a-a", found.commit("new"))
    assert not left.exists()


def test_a_worktree_of_an_experiment_that_runs_stays(folder: Path) -> None:
    archive, found = Archive(folder / ".loadstone"), repository(folder)
    wanted = asked(_spec(folder), (side("A", "revision", "old"), side("B", "revision", "new")))
    going = ExperimentWriter(archive, new_experiment(wanted, planned(archive, wanted), prepared(wanted)))
    mine = found.add(archive, f"{going.id}-a", found.commit("old"))
    other = found.add(archive, "20261125T233001-x7f3a-b", found.commit("new"))
    assert mine.exists() and other.exists()
    going.update(status="aborted")
    found.clear(archive)
    assert not mine.exists() and not other.exists()


def test_two_revisions_are_built_and_run_where_the_spec_starts_them(folder: Path) -> None:
    archive = Archive(folder / ".loadstone")
    sides = side("A", "revision", "old"), side("B", "revision", "new")
    scripts = Scripts({"A": work(0.010), "B": work(0.030)})
    made = run_experiment(
        archive, asked(_spec(folder), sides, build="head -1 listener.py | tee built"), scripts.engine, scripts
    )
    assert made.verdict == "slower"
    assert [one.commit for one in made.sides] == [_git(folder, "rev-parse", name) for name in ("old", "new")]
    kept = resolve_experiment(archive, "last")
    assert [(kept.directory / f"build-{name}.log").read_text() for name in "ab"] == ["# old\n", "# new\n"]
    assert (kept.directory / "a.log").read_text().startswith("up")
    assert list((archive.root / "worktrees").iterdir()) == []
    assert len(_git(folder, "worktree", "list").splitlines()) == 1
    run = archive.run(made.sides[0].runs[0]).manifest
    assert run.service is not None and run.service.commit == made.sides[0].commit


def test_a_build_that_fails_is_told_with_its_last_lines(folder: Path) -> None:
    archive, scripts = Archive(folder / ".loadstone"), Scripts({"A": work(0.010), "B": work(0.010)})
    sides = side("A", "revision", "old"), side("B", "revision", "new")
    with pytest.raises(TargetError, match=r"exit code 3(.|\n)*no rule to make target"):
        run_experiment(
            archive,
            asked(_spec(folder), sides, build="echo no rule to make target; exit 3"),
            scripts.engine,
            scripts,
        )
    assert resolve_experiment(archive, "last").status == "aborted"
    assert list((archive.root / "worktrees").iterdir()) == [] and not scripts.runs


def test_a_build_ends_with_ctrl_c(tmp_path: Path) -> None:
    answers = iter([True, False])
    with pytest.raises(TargetError, match="interrupted while building"):
        build("echo begun; sleep 600", tmp_path, tmp_path / "build.log", {}, lambda: next(answers))


def test_uncommitted_changes_are_never_left_out_in_silence(folder: Path, tmp_path: Path) -> None:
    (folder / "service" / "listener.py").write_text("changed\n")
    scripts = Scripts({"A": work(0.010), "B": work(0.010)})
    sides = side("A", "revision", "old"), side("B", "revision", "HEAD")
    with pytest.raises(SpecError, match="changes that are in no revision"):
        run_experiment(Archive(folder / ".loadstone"), asked(_spec(folder), sides), scripts.engine, scripts)
    found = repository(folder)
    found.check_clean((found.commit("old"), found.commit("old")))  # what is checked out is on neither side


@pytest.mark.parametrize("text", ["no-such-branch", "--output=/tmp/x", ""])
def test_a_revision_that_does_not_exist(folder: Path, text: str) -> None:
    with pytest.raises(SpecError, match="no revision of the git repository"):
        repository(folder).commit(text)


def test_a_directory_that_is_in_no_repository(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="in no git repository"):
        repository(tmp_path)


def test_git_that_is_missing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(folder))
    with pytest.raises(SpecError, match="git is not installed"):
        repository(folder)


def test_a_revision_without_the_services_directory(folder: Path) -> None:
    _git(folder, "mv", "service", "server")
    _git(folder, "commit", "--quiet", "--message", "moved")
    (folder / "service").mkdir()
    archive, found = Archive(folder / ".loadstone"), repository(folder / "service")
    with pytest.raises(SpecError, match="has no directory service"):
        found.add(archive, "20261125T233000-x7f3a-a", found.commit("HEAD"))
    assert len(_git(folder, "worktree", "list").splitlines()) == 1


def test_a_hooks_variables_do_not_point_git_elsewhere(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_DIR", "/nowhere")
    assert repository(folder).commit("old") == _git(folder, "rev-parse", "old")


def _spec(folder: Path) -> Spec:
    spec = spec_of(folder / "service", f"{sys.executable} -S listener.py {{port}}")
    _git(folder, "add", "--all")
    if _git(folder, "status", "--porcelain", "--", "service/loadstone.toml"):
        _git(folder, "commit", "--quiet", "--message", "spec", "--", "service/loadstone.toml")
    return spec


def _git(folder: Path, *words: str) -> str:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")} | IDENTITY
    made = subprocess.run(["git", *words], cwd=folder, env=environment, check=True, capture_output=True, text=True)
    return made.stdout.strip()
