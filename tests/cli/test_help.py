"""Help is quick and shows by example; what is mistyped is put right."""

from __future__ import annotations

import subprocess
import sys

import pytest

from loadstone.cli import VERBS
from tests.cli.conftest import Command

HEAVY = ("duckdb", "numpy", "msgspec", "loadstone.drive", "loadstone.model", "loadstone.archive", "loadstone.spec")


def test_help_imports_nothing_heavy() -> None:
    script = (
        "import sys\n"
        "from loadstone.cli import main\n"
        "try:\n    main(['--help'])\n"
        f"except SystemExit:\n    print('heavy:', [name for name in {HEAVY!r} if name in sys.modules])"
    )
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert told.stdout.endswith("heavy: []\n")
    assert "loadstone run http://127.0.0.1:8000/items --rate 500/s --for 30s" in told.stdout


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help_with_its_exit_or_an_example(loadstone: Command, verb: str) -> None:
    told = loadstone(verb, "--help")
    assert told.code == 0
    assert f"loadstone {verb}" in told.out
    assert told.out.count(f"loadstone {verb}") > 1, "help shows an example"


def test_a_mistyped_verb_is_put_right(loadstone: Command) -> None:
    told = loadstone("rnu")
    assert told.code == 2
    assert told.err == 'no verb "rnu"; did you mean "run"?\n    see: loadstone --help\n'
    assert "loadstone run http://x" in loadstone("http://x").err


def test_version(loadstone: Command) -> None:
    assert loadstone("--version").out == "loadstone 0.1.0\n"


def test_python_m_loadstone_is_the_same() -> None:
    told = subprocess.run([sys.executable, "-m", "loadstone", "--version"], capture_output=True, text=True, check=True)
    assert told.stdout == "loadstone 0.1.0\n"


def test_a_reader_that_leaves_is_no_error() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "loadstone", "schema"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0
