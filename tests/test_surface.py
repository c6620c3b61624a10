"""The public surface: every name is there, sorted, and nothing is imported before it is used."""

from __future__ import annotations

import subprocess
import sys

import pytest

import loadstone


def test_the_names_are_sorted_and_told() -> None:
    assert loadstone.__all__ == sorted(loadstone.__all__)
    assert dir(loadstone) == loadstone.__all__


@pytest.mark.parametrize("name", loadstone.__all__)
def test_every_name_is_there(name: str) -> None:
    value = getattr(loadstone, name)
    assert isinstance(value, str) or value.__module__.startswith("loadstone.")


def test_what_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = loadstone.nothing


def test_importing_loadstone_imports_nothing_else() -> None:
    script = "import sys, loadstone; print([name for name in sys.modules if name.startswith('loadstone.')])"
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"
