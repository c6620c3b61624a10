"""``loadstone.toml`` from the disk to a Spec, or to one error that tells all that is wrong with it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path

from loadstone.errors import Problem, SpecError
from loadstone.spec.bursts import check_bursts
from loadstone.spec.document import Spec
from loadstone.spec.feeds import Rows, read_csv
from loadstone.spec.grammar import ROOT
from loadstone.spec.hosts import host_problem, parse_url
from loadstone.spec.lines import locate
from loadstone.spec.names import check_names
from loadstone.spec.nouns import make_spec
from loadstone.spec.report import Place, Report, shortened

__all__ = ["load"]


def load(path: str | Path, *, yes_load: Iterable[str] = ()) -> Spec:
    """Read and check a spec and the files that it names.

    ``yes_load`` are hosts allowed beside the spec's ``allow_hosts``. Raises SpecError with every problem; its places
    name the file as ``path`` does.
    """
    path = Path(path)
    text = _text(path)
    data = _toml(text, str(path))
    report = Report(str(path), text, locate(text))
    root = report.place(())
    read = ROOT.read(data, root)
    feeds = _feeds(data, path, root)
    columns = {name: (shown, rows[0]) if rows else None for name, (shown, rows) in feeds.items()}
    check_names(data, root, columns)
    check_bursts(data, root)
    _host(data, root, yes_load)
    _files(data, path, root)
    report.raise_if_any()
    assert isinstance(read, dict), "a TOML document is a table"
    return make_spec(read, path, text, {name: rows for name, (_, rows) in feeds.items() if rows})


def _text(path: Path) -> str:
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise SpecError(
            f"there is no {path}\n    have one written: loadstone init http://127.0.0.1:8000, write it (docs/spec.md),"
            " or measure a URL: loadstone run http://127.0.0.1:8000/"
        ) from None
    except OSError as error:
        raise SpecError(f"{path} cannot be read: {(error.strerror or str(error)).lower()}") from error
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise SpecError.of(
            (Problem(str(path), line, "bytes that are not UTF-8", "a spec is written in UTF-8"),)
        ) from error


def _toml(text: str, shown: str) -> dict[str, object]:
    try:
        return tomllib.loads(text)
    except RecursionError as error:
        raise SpecError(f"{shown} is nested too deeply to be read") from error
    except ValueError as error:
        raise SpecError.of((_syntax(text, shown, str(error)),)) from error


def _syntax(text: str, shown: str, said: str) -> Problem:
    """tomllib's words about a document that it refuses, at their place."""
    found = re.fullmatch(r"(.*) \(at (?:line (\d+), column (\d+)|end of document)\)", said, re.DOTALL)
    lines = text.split("\n")
    line, column = (
        (int(found[2]), f", column {found[3]}") if found and found[2] else (len(text.rstrip().split("\n")), "")
    )
    said = found[1] if found else said
    if "'\\n'" in said:
        said = "a text in quotes ends on the line where it starts"
    return Problem(
        shown,
        line,
        shortened(lines[line - 1]) or "the end of the file",
        f"this is not TOML{column}: {said[:1].lower()}{said[1:]}",
    )


def _feeds(data: Mapping[str, object], path: Path, root: Place) -> dict[str, tuple[str, Rows | None]]:
    """Each feed's file as errors name it, and its contents."""
    tables = data.get("feed")
    read: dict[str, tuple[str, Rows | None]] = {}
    for name, feed in tables.items() if isinstance(tables, dict) else ():
        csv = feed.get("csv") if isinstance(feed, dict) else None
        if isinstance(feed, dict) and (feed.get("per"), feed.get("order", "sequential")) == ("request", "sequential"):
            (root / "feed" / name / "per").wrong('a row for one request is drawn: the order is "random" or "zipf(1.1)"')
        if isinstance(csv, str):
            shown = str(path.parent / csv)
            read[name] = (shown, read_csv(path.parent / csv, shown, root / "feed" / name / "csv"))
        else:
            read[name] = ("", None)
    return read


def _host(data: Mapping[str, object], root: Place, yes_load: Iterable[str]) -> None:
    service, named = data.get("service"), data.get("allow_hosts", [])
    url = service.get("url") if isinstance(service, dict) else None
    listed = [named] if isinstance(named, str) else named if isinstance(named, list) else []
    hosts = [*yes_load, *(host for host in listed if isinstance(host, str))]
    if isinstance(url, str) and _is_url(url) and (problem := host_problem(url, hosts)):
        (root / "service" / "url").wrong(problem)


def _is_url(text: str) -> bool:
    """Whether the URL was read; what is wrong with another was said then."""
    try:
        parse_url(text)
    except ValueError:
        return False
    return True


def _files(data: Mapping[str, object], path: Path, root: Place) -> None:
    """What the spec names must be there before load starts."""
    for table, key, kind in (("tls", "ca_file", "file"), ("service", "cwd", "directory")):
        section = data.get(table)
        named = section.get(key) if isinstance(section, dict) else None
        if isinstance(named, str) and not _exists(path.parent / named, kind):
            (root / table / key).wrong(
                f"there is no {kind} {shortened(str(path.parent / named))} (relative to the spec)"
            )


def _exists(path: Path, kind: str) -> bool:
    try:
        return path.is_dir() if kind == "directory" else path.is_file()
    except (OSError, ValueError):  # a name too long, or with a NUL
        return False
