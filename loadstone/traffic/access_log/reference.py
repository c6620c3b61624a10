"""One line read by its format, slowly and plainly: to find the format, and to check the native reader against."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping
from urllib.parse import unquote

from loadstone.traffic.access_log.instants import duration_of, epoch_s
from loadstone.traffic.access_log.line_format import FieldAt, LineFormat

__all__ = ["read_line"]

_REQUEST = re.compile(r"([A-Za-z!#$%&'*+.^_`|~-]{1,32}) (\S.*?)(?: (HTTP/[\d.]+))?$")

_NUMBERS = {"status": re.compile(r"\d{1,3}|-"), "bytes": re.compile(r"\d+|-")}


def read_line(line_format: LineFormat, line: str) -> dict[str, str | float] | None:
    """Fields by name (``time`` and ``duration`` in seconds; ``method``, ``target``; never ``user``), or None where the
    line is of another format. ``-`` and "" are left out."""
    outer: dict[str, str] = {}
    if line_format.inside:
        held = _object(line)
        inner = _value(held, line_format.inside) if held is not None else None
        if held is None or not isinstance(inner, str):
            return None
        outer = _at_paths(held, line_format.outer)
        line = inner.rstrip("\r\n")
    raw = _raw(line_format, line)
    if raw is None:
        return None
    styles = _styles(line_format)
    return _checked({**outer, **raw}, styles)


def _raw(line_format: LineFormat, line: str) -> dict[str, str] | None:
    match line_format.kind:
        case "text":
            return _text(line_format, line)
        case "json":
            held = _object(line)
            return None if held is None else _at_paths(held, line_format.fields)
        case _:
            return _table(line_format, line)


def _styles(line_format: LineFormat) -> dict[str, str]:
    styles = {name: at.style for name, at in {**line_format.outer, **line_format.fields}.items() if at.style}
    columns = [column for column in line_format.columns if column]
    styles |= {str(at.field): at.style for at in columns if at.style}
    return styles | {str(part.field): part.style for part in line_format.parts if part.field and part.style}


def _text(line_format: LineFormat, line: str) -> dict[str, str] | None:
    found: dict[str, str] = {}
    at = 0
    parts = line_format.parts
    for place, part in enumerate(parts):
        if part.field is None:
            if not line.startswith(part.literal, at):
                return None
            at += len(part.literal)
            continue
        after = parts[place + 1].literal if place + 1 < len(parts) else ""
        end = _closing(line, at) if part.quoted else line.find(after, at) if after else len(line)
        if end < 0:
            return None
        if part.field not in ("skip", "user"):
            found[part.field] = _unescaped(line[at:end], line_format.escape)
        at = end
    ends_open = bool(parts) and parts[-1].field is None
    return found if at == len(line) or ends_open else None


def _closing(line: str, at: int) -> int:
    while at < len(line):
        if line[at] == "\\":
            at += 2
        elif line[at] == '"':
            return at
        else:
            at += 1
    return -1


def _unescaped(text: str, escape: str) -> str:
    if escape == "none" or "\\" not in text:
        return text
    plain = {"n": "\n", "t": "\t", "r": "\r"}

    def undone(match: re.Match[str]) -> str:
        return chr(int(match.group(1), 16)) if match.group(1) else plain.get(match.group(2), match.group(2))

    return re.sub(r"\\(?:x([0-9A-Fa-f]{2})|(.))", undone, text)


def _table(line_format: LineFormat, line: str) -> dict[str, str] | None:
    if line.startswith("#"):
        return None
    if line_format.quoted:
        try:
            cells = shlex.split(line)
        except ValueError:
            return None
    else:
        cells = line.split(line_format.separator)
    if len(cells) < max(place for place, column in enumerate(line_format.columns) if column) + 1:
        return None
    found: dict[str, str] = {}
    for column, cell in zip(line_format.columns, cells, strict=False):
        if column is None or column.field is None or column.field == "user":
            continue
        if column.style == "alb":
            known = [value for value in (found.get("duration"), cell) if value and not value.startswith("-")]
            found["duration"] = repr(sum(map(float, known))) if known and _numbers(known) else "-"
        elif column.style in ("plus", "percent"):
            found[column.field] = cell.replace("+", " ") if column.style == "plus" else unquote(unquote(cell))
        else:
            found[column.field] = cell
    if "date" in found and "clock" in found:
        found["time"] = f"{found.pop('date')}T{found.pop('clock')}Z"
    return found


def _numbers(values: list[str]) -> bool:
    return all(re.fullmatch(r"\d+(\.\d+)?", value) for value in values)


def _object(line: str) -> dict[str, object] | None:
    try:
        held = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return held if isinstance(held, dict) else None


def _at_paths(held: Mapping[str, object], fields: Mapping[str, FieldAt]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, at in fields.items():
        values = (_value(held, path) for path in at.paths)
        value = next((value for value in values if isinstance(value, str | int | float)), None)
        if value is not None and name not in ("user", "skip"):
            found[name] = str(value)
    return found


def _value(held: object, path: tuple[str, ...]) -> object:
    for key in path:
        if not isinstance(held, dict):
            return None
        held = held.get(key)
    return held[0] if isinstance(held, list) and held else held


def _checked(raw: Mapping[str, str], styles: Mapping[str, str]) -> dict[str, str | float] | None:
    """Values of their kinds; None where one that must be there is not of its kind."""
    found: dict[str, str | float] = {name: value for name, value in raw.items() if value not in ("-", "")}
    for name, shape in _NUMBERS.items():
        if name in raw and not shape.fullmatch(raw[name]):
            return None
    instant = epoch_s(str(raw.get("time", "")), styles.get("time", "iso"))
    if instant is None:
        return None
    found["time"] = instant
    if "duration" in found:
        took = duration_of(str(found.pop("duration")), styles.get("duration", "s").replace("alb", "s"))
        if took is None:
            return None
        found["duration"] = took
    if "request" in found:
        match = _REQUEST.match(str(found.pop("request")))
        if match is None:
            return None
        found["method"], found["target"] = match.group(1), match.group(2)
    if "path" in found:
        query = str(found.pop("query", "")).removeprefix("?")
        found["target"] = f"{found.pop('path')}?{query}" if query else str(found.pop("path"))
    if "url" in found:
        found["target"] = re.sub(r"^\w+://[^/?#]*", "", str(found.pop("url"))) or "/"
    return found if "method" in found and "target" in found else None
