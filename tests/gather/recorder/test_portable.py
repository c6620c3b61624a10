"""What goes into a service: the standard library alone, from Python 3.9 on; a sitecustomize that any Python reads."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

from loadstone.gather.recorder.collector import INJECT
from loadstone.gather.recorder.inject._loadstone_recorder.libraries import HOOKS

PACKAGE = INJECT / "_loadstone_recorder"
FILES = sorted(PACKAGE.glob("*.py"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_it_is_python_3_9_and_imports_the_standard_library_alone(path: Path) -> None:
    tree = ast.parse(path.read_text(), feature_version=(3, 9))
    assert any(isinstance(node, ast.ImportFrom) and node.module == "__future__" for node in tree.body), (
        "annotations are not evaluated, so that they may say what 3.9 does not know"
    )
    imported = {
        name.partition(".")[0]
        for node in tree.body
        if isinstance(node, (ast.Import, ast.ImportFrom)) and not getattr(node, "level", 0)
        for name in ([alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""])
    }
    assert imported <= sys.stdlib_module_names
    assert not imported & {"typing", "inspect", "json", "logging", "re", "socket"}, "slow to import in every process"


def test_sitecustomize_is_read_by_any_python() -> None:
    tree = ast.parse((INJECT / "sitecustomize.py").read_text(), feature_version=(3, 4))
    forbidden = (ast.FunctionDef, ast.ClassDef, ast.AnnAssign, ast.JoinedStr, ast.NamedExpr)
    assert not [node for node in ast.walk(tree) if isinstance(node, forbidden)]


def test_every_hook_file_is_named_beside_its_modules() -> None:
    named = {hook for hooks in HOOKS.values() for hook in hooks}
    assert named >= {path.stem for path in FILES if path.stem.startswith("lib_")}, "a library without a hook is said"
