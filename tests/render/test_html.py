"""The report's file: the run inside it is data to every parser, and the page's types are the noun's."""

from __future__ import annotations

import json
import re
import types
import typing
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from loadstone.errors import InstrumentError
from loadstone.model import quantity
from loadstone.model.proof_view import ExperimentView
from loadstone.model.run_view import RunView
from loadstone.render import html
from tests.browser import specimens

UI = Path(__file__).parents[2] / "ui"


@pytest.fixture
def package(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Package data with the page's template in it, as a build leaves it but without its script."""
    monkeypatch.setattr(html, "files", lambda _package: tmp_path)
    (tmp_path / "bundle").mkdir()
    (tmp_path / "bundle" / "report.html").write_text((UI / "report.template.html").read_text("utf-8"), "utf-8")
    return tmp_path


def embedded(page: str) -> str:
    found = re.search(r'<script type="application/json" id="run-view">(.*?)</script>', page, re.DOTALL)
    assert found is not None
    return found[1]


@pytest.mark.usefixtures("package")
@pytest.mark.parametrize("name", ["healthy", "empty", "hostile"])
def test_the_page_carries_the_whole_run(name: str) -> None:
    view = specimens.SPECIMENS[name]()
    assert msgspec.json.decode(embedded(html.report_html(view)), type=RunView) == view


@pytest.mark.usefixtures("package")
def test_a_hostile_text_ends_no_element() -> None:
    page = html.report_html(specimens.hostile())
    assert not re.search(r"[<>&\u2028\u2029]", embedded(page))
    title = re.search(r"<title>(.*?)</title>", page, re.DOTALL)
    assert title is not None
    assert "<" not in title[1]
    assert page.count("<script") == 2


@pytest.mark.usefixtures("package")
def test_a_text_that_reads_like_a_mark_of_the_template_stays_a_text() -> None:
    view = msgspec.structs.replace(specimens.empty(), headline=html.DATA + html.TITLE, repeat=html.TITLE)
    assert msgspec.json.decode(embedded(html.report_html(view)), type=RunView) == view


def test_a_missing_page_says_how_to_build_it(package: Path) -> None:
    (package / "bundle" / "report.html").unlink()
    with pytest.raises(InstrumentError, match=r"not built; run make build.*npm run build"):
        html.report_html(specimens.empty())


def test_a_page_of_another_version_is_refused(package: Path) -> None:
    (package / "bundle" / "report.html").write_text("<!doctype html>")
    with pytest.raises(InstrumentError, match="not one of this version"):
        html.report_html(specimens.empty())


def declared() -> dict[str, dict[str, str]]:
    """Interfaces and type names of the page's nouns, spaces left out of the types."""
    source = "".join(
        (UI / "src" / name).read_text("utf-8") for name in ("run_view.ts", "causes_view.ts", "proof_view.ts")
    )
    found = {
        name: dict(re.findall(r"^  (\w+): (.+);$", body, re.MULTILINE))
        for name, body in re.findall(r"export interface (\w+) \{\n(.*?)\n\}", source, re.DOTALL)
    }
    for name, text in re.findall(r"export type (\w+) = (.+?);", source):
        for fields in found.values():
            fields.update({field: text for field, told in fields.items() if told == name})
    return found


def typescript(kind: object) -> str:
    """How a field's Python type reads in TypeScript."""
    origin, args = typing.get_origin(kind), typing.get_args(kind)
    if origin is typing.Literal:
        return " | ".join(f'"{arg}"' if isinstance(arg, str) else str(arg) for arg in args)
    if origin in (typing.Union, types.UnionType):
        inner = " | ".join(typescript(arg) for arg in args if arg is not type(None))
        return f"{inner} | null" if type(None) in args else inner
    if origin is tuple:
        if args[-1] is not Ellipsis:
            return f"[{', '.join(map(typescript, args))}]"
        item = typescript(args[0])
        return f"({item})[]" if " | " in item else f"{item}[]"
    if origin is dict:
        return f"Record<{typescript(args[0])}, {typescript(args[1])}>"
    plain: dict[object, str] = {
        str: "string",
        int: "number",
        float: "number",
        bool: "boolean",
        typing.Any: "unknown",
    }
    if kind in plain:
        return plain[kind]
    assert isinstance(kind, type)
    return kind.__name__


def structs(kind: object) -> set[type[msgspec.Struct]]:
    """Every struct that a type holds, itself included."""
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        fields = typing.get_type_hints(kind).values()
        return {kind}.union(*(structs(field) for field in fields)) if fields else {kind}
    return set().union(*(structs(arg) for arg in typing.get_args(kind)))


def test_the_page_reads_exactly_what_python_writes() -> None:
    wanted = {}
    for struct in structs(RunView) | structs(ExperimentView):
        hints = typing.get_type_hints(struct)
        wanted[struct.__name__] = {
            field.encode_name: typescript(hints[field.name]) for field in msgspec.structs.fields(struct)
        }
    assert declared() == wanted


def test_the_page_and_the_terminal_tell_numbers_alike() -> None:
    told = json.loads((UI / "test" / "formats.json").read_text("utf-8"))
    formats: dict[str, Callable[[float], str]] = {
        "duration": quantity.format_duration,
        "rate": quantity.format_rate,
        "share": quantity.format_share,
        "size": quantity.format_size,
        "count": quantity.format_count,
    }
    assert set(told) == set(formats)
    for name, cases in told.items():
        assert [[value, formats[name](value)] for value, _text in cases] == cases
