"""How the recorder gets into a process, and what is said of one that it did not get into."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from loadstone.gather.recorder.collector import INJECT
from loadstone.gather.recorder.coverage import not_loaded
from loadstone.model.evidence import Coverage
from tests.gather.recorder import services
from tests.gather.recorder.serving import BIN, rows, run, served
from tests.throwaway import free_port

PROGRAM = """
import sqlite3, sys
print(sqlite3.connect(":memory:").execute("select 7").fetchone()[0], *sys.argv[1:])
"""


def _statements(gathered_rows: list[dict[str, object]]) -> int:
    return sum(row["db_query_text"] is not None for row in gathered_rows)


@pytest.mark.parametrize(
    "argv",
    [
        [sys.executable, "program.py"],
        [sys.executable, "-m", "program"],
        [sys.executable, "-c", "import program"],
        [sys.executable, "-O", "-W", "error", "program.py"],
        ["/bin/sh", "-c", f"exec {sys.executable} program.py"],
        ["/bin/sh", "-c", f"{sys.executable} program.py; true"],
        ["./console"],
    ],
    ids=["script", "module", "command", "options", "shell exec", "shell", "console script"],
)
def test_it_gets_into_every_way_of_starting_python(argv: list[str], tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(PROGRAM)
    console = tmp_path / "console"
    console.write_text(f"#!{sys.executable}\nimport program\n")
    console.chmod(0o755)
    recorder, told = run(argv, tmp_path, {"PYTHONPATH": str(tmp_path)})
    assert told == "7\n"
    gathered = recorder.close()
    assert _statements(rows(gathered)) == 1
    assert gathered.missing == ()


def test_what_was_on_pythonpath_stays_behind_us(tmp_path: Path) -> None:
    _, told = run(
        [sys.executable, "-c", "import sys; print(*sys.path, sep=chr(10))"], tmp_path, {"PYTHONPATH": "/one:/two"}
    )
    assert told.splitlines()[1:4] == [str(INJECT), "/one", "/two"]


def test_the_services_own_sitecustomize_runs_once(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text("print('mine', __name__, __file__)\n")
    recorder, told = run(
        [sys.executable, "-c", "import sitecustomize; print(sitecustomize.__file__)"],
        tmp_path,
        {"PYTHONPATH": str(tmp_path)},
    )
    mine = str(tmp_path / "sitecustomize.py")
    assert told.splitlines() == [f"mine sitecustomize {mine}", mine]
    assert len(recorder.close().coverage) >= 1


def test_an_error_of_the_services_own_sitecustomize_is_told_as_without_us(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text("raise ValueError('mine')\n")
    argv = [sys.executable, "-c", "print('on')"]
    _, told = run(argv, tmp_path, {"PYTHONPATH": str(tmp_path)})
    bare = subprocess.run(
        argv, env={**os.environ, "PYTHONPATH": str(tmp_path)}, capture_output=True, text=True, check=True
    )
    assert told.splitlines() == [*bare.stderr.splitlines(), *bare.stdout.splitlines()]


@pytest.mark.parametrize("variable", ["LOADSTONE_RECORDER_OFF", "LOADSTONE_RECORDER"])
def test_it_can_be_switched_off(variable: str, tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(PROGRAM)
    command = f"{variable}={'1' if variable.endswith('OFF') else ''} exec {sys.executable} program.py"
    recorder, told = run(["/bin/sh", "-c", command], tmp_path)
    assert told == "7\n"
    gathered = recorder.close()
    assert rows(gathered) == []
    assert [each.kind for each in gathered.missing] == ["recorder"]


def test_a_spool_that_cannot_be_written_stops_nobody(tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(PROGRAM)
    command = f"LOADSTONE_RECORDER={tmp_path}/nowhere exec {sys.executable} program.py"
    _, told = run(["/bin/sh", "-c", command], tmp_path)
    assert told == "7\n"


def test_a_program_in_a_zip_file_is_recorded(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "program.zip", "w") as archive:
        archive.writestr("__main__.py", PROGRAM)
    recorder, told = run([sys.executable, "program.zip"], tmp_path)
    assert told == "7\n"
    assert _statements(rows(recorder.close())) == 1


def test_processes_of_multiprocessing_are_recorded(tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text("""
import multiprocessing, sqlite3, sys
def work(number):
    return sqlite3.connect(":memory:").execute("select ? + 1", (number,)).fetchone()[0]
if __name__ == "__main__":
    for method in ("fork", "spawn", "forkserver"):
        with multiprocessing.get_context(method).Pool(2) as pool:
            print(sum(pool.map(work, range(10))))
""")
    recorder, told = run([sys.executable, "program.py"], tmp_path)
    assert told.split() == ["55"] * 3
    spans = rows(recorder.close())
    assert _statements(spans) == 30
    assert len({row["span_id"] for row in spans}) == len(spans)


def test_a_process_without_it_is_said_with_the_reason(tmp_path: Path) -> None:
    services.write(tmp_path)
    port = free_port()
    with served([sys.executable, "-E", "wsgi_of_test.py", str(port)], tmp_path, port) as service:
        assert service.get("/")[0] == 200
    gathered = service.recorder.close()
    assert [(row.library, row.state) for row in gathered.coverage] == [("python", "not loaded")]
    assert "-E" in gathered.coverage[0].note
    assert gathered.missing[0].reason == "no process of the service loaded the recorder"


REASONS = {
    ("python", "-S", "app.py"): "started with -S",
    ("python", "-sE", "app.py"): "started with -E",
    ("python3", "-I", "-m", "app"): "started with -I",
    ("python", "-X", "dev", "-W", "I", "app.py", "-I"): "CPython of 3.9",
    ("python", "-c", "-I"): "CPython of 3.9",
    ("python", "app.py", "-S"): "CPython of 3.9",
    ("python", "-mapp", "-S"): "CPython of 3.9",
}


@pytest.mark.parametrize("argv", REASONS, ids=" ".join)
def test_why_a_process_has_no_recorder(argv: tuple[str, ...]) -> None:
    assert REASONS[argv] in not_loaded(argv, str(INJECT), told=True, off=False, directory=INJECT)


def test_why_a_process_has_no_recorder_though_its_options_are_right() -> None:
    argv = ("python", "app.py")
    assert "environment was replaced" in not_loaded(argv, None, told=False, off=False, directory=INJECT)
    assert "PYTHONPATH was overwritten" in not_loaded(argv, "/mine", told=True, off=False, directory=INJECT)
    assert "_OFF is 1" in not_loaded(argv, str(INJECT), told=True, off=True, directory=INJECT)


def test_coverage_tells_libraries_by_process(tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(PROGRAM)
    recorder, _ = run([sys.executable, "program.py"], tmp_path)
    found = recorder.close().coverage
    version = ".".join(map(str, sys.version_info[:3]))
    assert Coverage(found[0].process_pid, "python", version, "spans", found[0].spans) == found[0]
    library = next(row for row in found if row.library == "sqlite3")
    assert (library.state, library.spans) == ("spans", found[0].spans)


def _others() -> list[str]:
    """Other Pythons that run here, and have sqlite3."""
    named = [shutil.which(f"python{version}") for version in ("2.7", "3.6", "3.9", "3.10", "3.12", "3.13", "3.14")]
    return [
        path
        for path in named
        if path and not subprocess.run([path, "-c", "import sqlite3"], capture_output=True).returncode
    ]


@pytest.mark.optional("other versions of Python are not installed everywhere")
def test_other_pythons_run_on_and_are_recorded_from_3_9(tmp_path: Path) -> None:
    others = _others()
    if not others:
        pytest.skip("no other Python is on the PATH")
    program = "import sqlite3\nprint(sqlite3.connect(':memory:').execute('select 7').fetchone()[0])\n"
    (tmp_path / "program.py").write_text(program)
    for python in others:
        asked = [python, "-c", "import sys; print(sys.version_info >= (3, 9))"]
        recent = subprocess.run(asked, capture_output=True, text=True).stdout == "True\n"
        folder = tmp_path / Path(python).name
        folder.mkdir()
        recorder, told = run([python, str(tmp_path / "program.py")], folder)
        assert told == "7\n", python
        assert _statements(rows(recorder.close())) == int(recent), python


def test_a_console_script_of_the_environment_is_not_the_call_site(tmp_path: Path) -> None:
    services.write(tmp_path)
    port = free_port()
    argv = [str(BIN / "flask"), "--app", "flask_of_test", "run", "--port", str(port)]
    with served(argv, tmp_path, port) as service:
        assert service.get("/items/3") == (200, b"4")
    sites = {
        (row["code_file_path"], row["code_line_number"]) for row in rows(service.recorder.close()) if row["kind"] == 3
    }
    assert sites == {(str(tmp_path / "flask_of_test.py"), line) for line in (10, 11)}
