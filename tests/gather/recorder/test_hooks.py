"""Patching after import disturbs no import: reloads, zip files, namespaces, explicit specs, metadata, resources."""

from __future__ import annotations

import sys
import textwrap
import zipfile
from pathlib import Path

import pytest

from loadstone.gather.recorder.inject._loadstone_recorder import hooks
from tests.gather.recorder.serving import run

SETUP = """
import sys
import _loadstone_recorder.libraries as libraries
libraries.HOOKS["victim"] = ("lib_victim",)
libraries.HOOKS["victim.inner"] = ("lib_victim",)
import types
lib = types.ModuleType("_loadstone_recorder.lib_victim")
installed = []
def install(module):
    from _loadstone_recorder import hooks
    installed.append(module.__name__)
    hooks.patch(module, "work", lambda original: lambda: "seen " + original())
lib.install = install
sys.modules["_loadstone_recorder.lib_victim"] = lib
"""
VICTIM = "def work():\n    return 'work'\n"


def _told(tmp_path: Path, program: str) -> list[str]:
    (tmp_path / "program.py").write_text(SETUP + textwrap.dedent(program))
    return run([sys.executable, "program.py"], tmp_path)[1].splitlines()


def test_a_module_is_patched_once_it_has_run(tmp_path: Path) -> None:
    (tmp_path / "victim.py").write_text(VICTIM)
    assert _told(
        tmp_path,
        """
        import victim
        print(victim.work(), installed, type(victim.__loader__).__name__, type(victim.__spec__.loader).__name__)
        print("exec_module" in vars(victim.__loader__), victim.work.__name__, victim.work.__module__)
        """,
    ) == ["seen work ['victim'] SourceFileLoader SourceFileLoader", "False work victim"]


def test_a_reload_is_patched_again_and_once(tmp_path: Path) -> None:
    (tmp_path / "victim.py").write_text(VICTIM)
    assert _told(
        tmp_path,
        """
        import importlib, victim
        again = importlib.reload(victim)
        print(again is victim, victim.work(), installed)
        install(victim)
        print(victim.work())
        """,
    ) == ["True seen work ['victim', 'victim']", "seen work"]


def test_modules_of_a_zip_file_share_a_loader_and_are_patched_apart(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "packed.zip", "w") as archive:
        archive.writestr("victim/__init__.py", "from victim import inner\nimport other_of_zip\n" + VICTIM)
        archive.writestr("victim/inner.py", VICTIM)
        archive.writestr("other_of_zip.py", VICTIM)
        archive.writestr("victim/data.txt", "data")
    assert _told(
        tmp_path,
        """
        sys.path.insert(0, "packed.zip")
        import victim, victim.inner, other_of_zip, pkgutil
        print(victim.work(), victim.inner.work(), other_of_zip.work(), sorted(installed))
        print(pkgutil.get_data("victim", "data.txt"), type(victim.__loader__).__name__)
        """,
    ) == ["seen work seen work work ['victim', 'victim.inner']", "b'data' zipimporter"]


def test_namespaces_explicit_specs_and_resources_work_as_ever(tmp_path: Path) -> None:
    space = tmp_path / "space" / "part"
    space.mkdir(parents=True)
    (space / "module.py").write_text("value = 1\n")
    package = tmp_path / "victim"
    package.mkdir()
    (package / "__init__.py").write_text(VICTIM)
    (package / "data.txt").write_text("data")
    assert _told(
        tmp_path,
        """
        import importlib.metadata, importlib.resources, importlib.util, inspect, pickle
        import space.part.module
        import victim
        print(space.part.module.value, importlib.resources.files("victim").joinpath("data.txt").read_text())
        spec = importlib.util.spec_from_file_location("elsewhere", "victim/__init__.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        print(module.work(), importlib.util.find_spec("victim").origin.endswith("__init__.py"))
        print(importlib.metadata.version("pytest") == __import__("pytest").__version__)
        print(pickle.loads(pickle.dumps(victim.work)) is victim.work, len(inspect.signature(victim.work).parameters))
        """,
    ) == ["1 data", "work True", "True", "True 0"]


def test_a_module_that_fails_to_run_fails_as_ever_and_can_be_tried_again(tmp_path: Path) -> None:
    (tmp_path / "victim.py").write_text(
        "import os\nif not os.path.exists('ok'):\n    raise ValueError('mine')\n" + VICTIM
    )
    assert _told(
        tmp_path,
        """
        try:
            import victim
        except ValueError as error:
            print(error, installed, "victim" in sys.modules)
        open("ok", "w").close()
        import victim
        print(victim.work(), installed)
        """,
    ) == ["mine [] False", "seen work ['victim']"]


def test_a_hook_that_fails_is_noted_and_the_import_goes_on(tmp_path: Path) -> None:
    (tmp_path / "victim.py").write_text(VICTIM)
    (tmp_path / "program.py").write_text(
        SETUP
        + "def broken(module):\n    raise KeyError('x')\nlib.install = broken\nimport victim\nprint(victim.work())\n"
    )
    recorder, told = run([sys.executable, "program.py"], tmp_path)
    assert told == "work\n"
    row = next(row for row in recorder.close().coverage if row.library == "victim")
    assert (row.state, row.note) == ("not covered", "KeyError: 'x'")


def test_a_missing_module_is_missing_as_ever(tmp_path: Path) -> None:
    program = "try:\n    import victim\nexcept ModuleNotFoundError as error:\n    print(error, error.name)\n"
    assert _told(tmp_path, program) == ["No module named 'victim' victim"]


class Owner:
    """Something to patch."""

    @staticmethod
    def still(value: int) -> int:
        return value

    @classmethod
    def of(cls, value: int) -> tuple[type, int]:
        return cls, value

    def method(self, value: int) -> int:
        """Documented."""
        return value


@pytest.mark.parametrize("name", ["still", "of", "method"])
def test_a_patched_method_stays_the_kind_that_it_was(name: str) -> None:
    class Own(Owner):
        """A class of this test's own, so that no other is changed."""

    before = getattr(Own(), name)(1)
    calls = []

    def make(original: object) -> object:
        assert callable(original)

        def method(*arguments: object) -> object:
            calls.append(name)
            return original(*arguments)

        return method

    for _ in range(2):
        assert hooks.patch(Own, name, make)
    assert getattr(Own(), name)(1) == before
    assert calls == [name]
    assert getattr(Owner(), name)(1) is not None
    assert calls == [name], "only the class that was named is changed"
    assert not hooks.patch(Own, "absent", make)
    assert getattr(Own, name).__doc__ == getattr(Owner, name).__doc__
