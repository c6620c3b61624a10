"""What a file is, by its contents: its name is nobody's promise."""

from __future__ import annotations

import re
from pathlib import Path

from loadstone.errors import SpecError
from loadstone.gather.imports.framing import framing_of
from loadstone.gather.imports.reading import head_of
from loadstone.gather.profile.imports.wrong import at_byte, at_line

__all__ = ["READ", "detect"]

READ = (
    "a file of traces (OTLP as JSON or protobuf, Jaeger's or Zipkin v2's JSON) or of a profile (speedscope, "
    "collapsed stacks, pprof, perf script, .cpuprofile), gzipped or not"
)

HEAD = 1 << 18
"""Bytes that are looked at: a document's first spans are in them even where a long resource comes first."""

_NAME = re.compile(rb'"([^"\\]{1,60})"\s*:')
_PERF = re.compile(r"\S.*?\s+(?:-?\d+/)?-?\d+\s+(?:\[\d+\]\s+)?(?:[a-zA-Z.]{4,5}\s+)?\d+\.\d{6,9}:\s")
_COLLAPSED = re.compile(r"\S.*\s\d+")
_OTLP = ("resourceSpans", "resource_spans", "scopeSpans", "scope_spans", "instrumentationLibrarySpans", "batches")
_OTHERS = (
    (("log", "entries"), "a HAR: requests of a browser; export its traces from the tracing backend instead"),
    (("traceEvents",), "a trace of Chrome's; save a .cpuprofile from the Performance panel's profiler instead"),
    (("resourceMetrics",), "metrics of OTLP; export traces"),
    (("resource_metrics",), "metrics of OTLP; export traces"),
    (("resourceLogs",), "logs of OTLP; export traces"),
    (("resource_logs",), "logs of OTLP; export traces"),
    (("binaryAnnotations",), "Zipkin v1; ask Zipkin for /api/v2/traces"),
)
_MAGIC = (
    (b"PERFILE2", "perf.data; print it with perf script first"),
    (b"PK\x03\x04", "a zip archive; unpack it first"),
    (b"\x28\xb5\x2f\xfd", "zstd; unpack it first"),
    (b"BZh", "bzip2; unpack it first"),
    (b"\xfd7zXZ", "xz; unpack it first"),
    (b"PAR1", "Parquet; loadstone sql reads the archive's own"),
    (b"SQLite format 3", "an SQLite database"),
    (b"\x89PNG", "a picture"),
    (b"\x7fELF", "a program"),
)


def detect(path: Path) -> str:
    """The format: ``otlp json``, ``otlp protobuf``, ``jaeger``, ``zipkin``, or one of the profiles' (``speedscope``,
    ``collapsed``, ``pprof``, ``perf script``, ``cpuprofile``).

    Raises SpecError when the file cannot be read, is empty or is something else.
    """
    if path.is_dir():
        raise SpecError(f"{path}: a directory; name the files in it")
    head = head_of(path, HEAD)
    start = head.lstrip()
    if not start:
        raise at_line(path, 1, "an empty file", f"expected {READ}")
    if start[:1] in (b"{", b"["):
        return _of_json(path, start)
    for magic, what in _MAGIC:
        if head.startswith(magic):
            raise at_byte(path, 0, what.partition(";")[0], f"expected {READ}{_way_out(what)}")
    if framing_of(head):
        return "otlp protobuf"
    if start[:1] == b"<":
        what = "a page of HTML" if b"<html" in start[:1024].lower() or b"<!doctype" in start[:64].lower() else "XML"
        raise at_line(path, 1, what, f"expected {READ}; a download may have given an error page or a login instead")
    text = head.decode("utf-8", "replace")
    if _is_binary(text):
        if _is_pprof(head):
            return "pprof"
        raise at_byte(path, 0, f"bytes {head[:8].hex(' ')}", f"expected {READ}")
    return _of_text(path, text, whole=len(head) < HEAD)


def _of_json(path: Path, start: bytes) -> str:
    names = {name.decode("utf-8", "replace") for name in _NAME.findall(start)}
    if names.intersection(_OTLP):
        return "otlp json"
    if ("profiles" in names and "shared" in names) or b"speedscope.app/file-format-schema" in start:
        return "speedscope"
    if "callFrame" in names and "nodes" in names:
        return "cpuprofile"
    for others, what in _OTHERS:
        if names.issuperset(others):
            raise at_line(path, 1, what.partition(";")[0], f"expected {READ}{_way_out(what)}")
    if "traceID" in names and ("spanID" in names or "processes" in names):
        return "jaeger"
    if "traceId" in names and "id" in names:
        return "zipkin"
    if names == {"data"} or re.match(rb'\{\s*"data"\s*:\s*(\[\s*\]|null)', start):
        return "jaeger"
    if re.match(rb"\[[\s\[\]]*\Z", start):
        return "zipkin"
    told = ", ".join(sorted(names)[:5]) or "no names at all"
    raise at_line(path, 1, f"JSON with {told}", f"expected {READ}")


def _of_text(path: Path, text: str, whole: bool) -> str:
    lines = text.splitlines()
    if not whole:
        lines = lines[:-1]
    told = [line for line in lines if line.strip() and not line.startswith("#")][:50]
    if told and _PERF.match(told[0]):
        return "perf script"
    if told and all(_COLLAPSED.fullmatch(line.rstrip()) for line in told) and not told[0].startswith(("{", "[")):
        return "collapsed"
    number, line = next(((at, each) for at, each in enumerate(lines, 1) if each.strip()), (1, text[:60]))
    raise at_line(path, number, line, f"expected {READ}")


def _is_binary(text: str) -> bool:
    odd = sum(1 for sign in text[:4096] if sign == "\ufffd" or (sign < " " and sign not in "\t\r\n\f\x1b"))
    return odd > 0.02 * min(len(text), 4096)


def _is_pprof(head: bytes) -> bool:
    """A Profile of pprof begins with sample_type, a ValueType of two small numbers."""
    return len(head) > 3 and head[0] == 0x0A and head[1] < 32 and head[2] in (0x08, 0x10)


def _way_out(what: str) -> str:
    _, separator, way = what.partition(";")
    return f";{way}" if separator else ""
