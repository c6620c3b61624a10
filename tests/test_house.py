"""The house rules that no linter sees: names, sizes, doors, versions, and what must not be written down."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

import loadstone

ROOT = Path(__file__).parent.parent
LINES = 380
VAGUE = {"utils", "util", "helpers", "helper", "common", "misc", "manager", "base"}


def tracked() -> list[Path]:
    """Every file of the repository, and those about to be added to it."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return [path for name in names.split("\0") if name and (path := ROOT / name).is_file()]


def text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def sources(*endings: str) -> list[Path]:
    return [path for path in tracked() if path.suffix in endings]


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def is_test(path: Path) -> bool:
    return bool({"tests", "test"} & set(path.relative_to(ROOT).parts[:-1]))


def without_rust_tests(source: str) -> str:
    """The part above ``#[cfg(test)]``, which stands last in a file."""
    return source.split("\n#[cfg(test)]\n", 1)[0]


def test_no_file_has_a_name_that_says_nothing() -> None:
    bad = [
        relative(path)
        for path in sources(".py", ".rs", ".ts", ".tsx")
        if VAGUE & {path.stem.lower(), path.parent.name.lower()}
    ]
    assert not bad, "name these after the idea they hold"


def test_no_file_is_long() -> None:
    long = {
        relative(path): count
        for path in sources(".py", ".rs", ".ts", ".tsx")
        if not is_test(path)
        and (count := len((without_rust_tests(text(path)) if path.suffix == ".rs" else text(path)).splitlines()))
        > LINES
    }
    assert not long, f"a file holds one idea in at most {LINES} lines"


def test_only_the_python_door_names_pyo3() -> None:
    named = [relative(path) for path in sources(".rs") if "pyo3" in text(path) and path.name != "python.rs"]
    assert not named


def test_rust_does_not_unwrap() -> None:
    found = [
        f"{relative(path)}:{number}"
        for path in sources(".rs")
        if path.is_relative_to(ROOT / "core/src")
        for number, line in enumerate(without_rust_tests(text(path)).splitlines(), 1)
        if ".unwrap()" in line.split("//")[0]
    ]
    assert not found


def test_rust_tests_stand_last_in_their_file() -> None:
    bad = [
        relative(path)
        for path in sources(".rs")
        if (parts := text(path).split("\n#[cfg(test)]\n"))[1:] and not re.match(r"(#\[.*\]\n)*mod tests", parts[-1])
    ]
    assert not bad, "test_rust_does_not_unwrap reads a file up to its tests"


def test_the_core_is_imported_by_its_doors_alone() -> None:
    doors = {
        "loadstone/drive/engine.py",
        "loadstone/gather/spans.py",
        "loadstone/model/extraction.py",
        "loadstone/model/redaction.py",
        "loadstone/stats/paths.py",
        "loadstone/stats/gain/replay.py",
        "loadstone/traffic/lines.py",
    }
    imported = {relative(path) for path in sources(".py") if not is_test(path) and _imports_core(ast.parse(text(path)))}
    assert imported <= doors


def _imports_core(tree: ast.Module) -> bool:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import) and any(alias.name.startswith("loadstone._core") for alias in node.names):
            return True
        if isinstance(node, ast.ImportFrom) and (
            node.module == "loadstone._core"
            or (node.module == "loadstone" and any(alias.name == "_core" for alias in node.names))
        ):
            return True
    return False


def test_the_public_names_exist_and_are_sorted() -> None:
    names = list(getattr(loadstone, "__all__", ()))
    assert names == sorted(names)
    assert [name for name in names if not hasattr(loadstone, name)] == []


def test_the_versions_agree() -> None:
    project = tomllib.loads(text(ROOT / "pyproject.toml"))["project"]["version"]
    crate = tomllib.loads(text(ROOT / "core/Cargo.toml"))["package"]["version"]
    pages = json.loads(text(ROOT / "ui/package.json"))["version"]
    assert {project, crate, pages} == {loadstone.__version__}


def test_the_changelog_knows_this_version() -> None:
    assert re.search(rf"^## \[?(Unreleased|{re.escape(loadstone.__version__)})\b", text(ROOT / "CHANGELOG.md"), re.M)


def test_locks_name_no_host() -> None:
    locks = [ROOT / "Cargo.lock", ROOT / "ui/package-lock.json", ROOT / "requirements/dev.txt"]
    ours = re.compile(
        r'"registry\+https://github\.com/rust-lang/crates\.io-index"|"https://(opencollective|github)\.com/.*"'
    )
    found = [
        f"{relative(lock)}:{number}"
        for lock in locks
        for number, line in enumerate(text(lock).splitlines(), 1)
        if "://" in ours.sub("", line) and '"url":' not in line
    ]
    assert not found
    assert "resolved" not in text(ROOT / "ui/package-lock.json")
    assert not (ROOT / "uv.lock").exists()


# Written apart, so that this file does not hold what it looks for.
PRIVATE = re.compile(
    "|".join(
        [
            "/wo" + r"rk/",
            "/ro" + r"ot/",
            "/ho" + r"me/[a-z]",
            r"\bshared/des" + "ign",
            r"registry\.npm" + r"js\.org",
            r"files\.python" + r"hosted\.org",
            r"\bpypi\.org/sim" + "ple",
            r"static\.crates\." + "io",
        ]
    )
)


def test_nothing_tracked_names_a_workplace_or_a_download_host() -> None:
    found = []
    for path in tracked():
        try:
            lines = text(path).splitlines()
        except UnicodeDecodeError:
            continue
        found += [
            f"{relative(path)}:{number}: {line.strip()[:80]}"
            for number, line in enumerate(lines, 1)
            if PRIVATE.search(line)
        ]
    assert not found


def test_no_generated_file_is_tracked() -> None:
    command = ["git", "ls-files", "--cached", "--ignored", "--exclude-standard"]
    ignored = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    assert not ignored


DECISIONS = sorted((ROOT / "docs/decisions").glob("*.md"))


@pytest.mark.parametrize("path", DECISIONS, ids=lambda path: path.stem)
def test_a_decision_is_short_and_numbered(path: Path) -> None:
    lines = text(path).splitlines()
    assert re.match(r"\d{4}-[a-z0-9-]+$", path.stem)
    assert lines[0].startswith("# ")
    assert len([line for line in lines if line.strip()]) <= 24, "a decision is read in a minute"


def test_decisions_have_numbers_of_their_own() -> None:
    numbers = [path.stem[:4] for path in DECISIONS]
    assert numbers
    assert len(numbers) == len(set(numbers))


def test_the_shop_stands_apart() -> None:
    for path in sources(".py"):
        if path.is_relative_to(ROOT / "loadstone/demo"):
            for node in ast.walk(ast.parse(text(path))):
                names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
                if isinstance(node, ast.ImportFrom):
                    names = [node.module or ""]
                strangers = [
                    name
                    for name in names
                    if name.split(".")[0] == "loadstone" and not name.startswith("loadstone.demo")
                ]
                assert not strangers, relative(path)


CLOCKS = re.compile(
    r"\b(datetime\.(now|today|utcnow)|date\.today|perf_counter|monotonic\(|open\(|print\(|\.read_text|\.write_text)"
)


@pytest.mark.parametrize("room", ["diagnose", "render", "model", "stats"])
def test_a_pure_room_asks_no_clock_and_no_file(room: str) -> None:
    """What import-linter cannot see: a clock behind datetime, a file behind a builtin."""
    allowed = {"loadstone/render/html.py"}  # its own page, from package data
    found = [
        f"{relative(path)}:{number}: {line.strip()}"
        for path in sources(".py")
        if path.is_relative_to(ROOT / "loadstone" / room) and relative(path) not in allowed
        for number, line in enumerate(text(path).splitlines(), 1)
        if CLOCKS.search(line)
    ]
    assert not found
