"""The stub of the native core says what the binary holds: no name more, no name less, the same parameters."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path

import loadstone
from loadstone import _core

STUB = ast.parse((Path(loadstone.__file__).parent / "_core.pyi").read_text())


def public(body: list[ast.stmt]) -> dict[str, ast.stmt]:
    """Names that a module's or class's body declares."""
    names: dict[str, ast.stmt] = {}
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names[node.name] = node
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            names[node.target.id] = node
    return names


def parameters(node: ast.FunctionDef) -> list[str]:
    return [argument.arg for argument in [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]]


def held(scope: object) -> set[str]:
    """Public names of the binary, and the dunders that the stub may declare."""
    names = set(vars(scope))
    own = {"__version__", "__new__"} & names
    return {name for name in names if not name.startswith("_")} | own


def test_the_module_holds_what_the_stub_declares() -> None:
    assert set(public(STUB.body)) == held(_core)


def test_classes_hold_what_the_stub_declares() -> None:
    for name, node in public(STUB.body).items():
        if isinstance(node, ast.ClassDef):
            assert set(public(node.body)) == held(getattr(_core, name)), name


def test_parameters_are_those_of_the_stub() -> None:
    for name, node in public(STUB.body).items():
        if isinstance(node, ast.FunctionDef):
            assert parameters(node) == list(inspect.signature(getattr(_core, name)).parameters), name
        if isinstance(node, ast.ClassDef):
            cls = getattr(_core, name)
            for method, declared in public(node.body).items():
                assert isinstance(declared, ast.FunctionDef)
                if method == "__new__":
                    found = ["cls", *inspect.signature(cls).parameters]
                else:
                    found = list(inspect.signature(getattr(cls, method)).parameters)
                assert parameters(declared) == found, f"{name}.{method}"


def test_version_and_build_are_what_they_say() -> None:
    assert _core.__version__ == loadstone.__version__
    assert _core.build in ("release", "debug")
