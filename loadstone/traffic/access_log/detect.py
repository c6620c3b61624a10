"""Which format a log is of: the one that reads most of its first lines."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

import msgspec

from loadstone.errors import SpecError
from loadstone.traffic.access_log.apache import compile_apache, compile_gunicorn
from loadstone.traffic.access_log.columns import CLOUDFRONT, IIS
from loadstone.traffic.access_log.instants import time_style
from loadstone.traffic.access_log.json_lines import fields_of
from loadstone.traffic.access_log.known import KNOWN, NAMES, UVICORN
from loadstone.traffic.access_log.line_format import FieldAt, LineFormat, Part
from loadstone.traffic.access_log.nginx import compile_nginx
from loadstone.traffic.access_log.reference import read_line
from loadstone.traffic.lines import masked_line

__all__ = ["detect", "named"]

_LOOKED_AT = 200
"""Lines of a log's beginning that are tried; more would not tell more, and each is read by every format."""

_LONGEST = 16_384
"""Bytes of a line that are tried."""

_ENOUGH = 0.1
"""Share of the lines that a format must read: a log may begin with garbage, and be mixed with an application's."""

_WRAPPED = ("log", "message", "MESSAGE", "msg", "line")
"""Keys under which Docker's json-file, journald, and collectors of logs keep a line."""

_CRI = re.compile(r"\d{4}-\d\d-\d\dT\S+ (?:stdout|stderr) [FP] ")
"""What a container runtime writes before a line (Kubernetes: CRI logging)."""

_SYSLOG = re.compile(
    r"(?:<\d+>\d* ?)?(?:[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d|\d{4}-\d\d-\d\dT\S+) \S+ [\w./-]+(?:\[\d+\])?: "
)
"""What syslog writes before a line (RFC 3164, and rsyslog's with RFC 3339 times)."""

_UVICORN_BARE = re.compile(r'INFO:?\s+\S+:\d+ - "[A-Z]+ \S+ HTTP/[\d.]+" \d{3}')


def named(text: str) -> LineFormat:
    """A format by its name, or from an nginx ``log_format``, an Apache ``LogFormat`` or a gunicorn
    ``access_log_format``; the format's text or the whole directive.

    Raises SpecError for a name that is not known and for a format that lacks a time or a request.
    """
    if text.strip() in KNOWN:
        return KNOWN[text.strip()]
    text = _unquoted(text)
    if "%(" in text:
        return compile_gunicorn(text)
    if text.lstrip().startswith("log_format") or re.search(r"\$\{?[a-z]\w+", text):
        return compile_nginx(text)
    if "%" in text:
        return compile_apache(text)
    raise SpecError(
        f"{text!r} is neither the name of a format nor a format. Names are {', '.join(NAMES)}; a format is what stands "
        "in the server's configuration: nginx's log_format, Apache's LogFormat or gunicorn's access_log_format, in "
        "single quotes."
    )


def _unquoted(text: str) -> str:
    """Without the quotes of the configuration that it was taken from, in one piece or several."""
    bare = text.strip().removesuffix(";").rstrip()
    if re.fullmatch(r"'(?:[^'\\]|\\.)*'(?:\s+'(?:[^'\\]|\\.)*')*", bare):
        return "".join(re.findall(r"'((?:[^'\\]|\\.)*)'", bare))
    if re.fullmatch(r'"(?:[^"\\]|\\.)*"', bare):
        return bare[1:-1].replace('\\"', '"')
    return text


def detect(head: bytes) -> LineFormat:
    """The format of a log that begins like this; the last line may be cut.

    Raises SpecError that quotes the first line, masked, and says how to name a format.
    """
    lines = _lines(head)
    if not lines:
        raise SpecError("The log is empty, so that its format cannot be told.")
    found = _w3c(lines) or _json(lines) or _prefixed(lines) or _best(lines)
    if found is not None:
        return found
    first = masked_line(lines[0][:300].encode())
    if any(_UVICORN_BARE.match(line) for line in lines):
        raise SpecError(
            "These are uvicorn's access lines, which have no time, so that no traffic can be told from them. Give "
            'uvicorn a --log-config whose access formatter begins with "%(asctime)s ", or read the log of the proxy '
            f"before it. The first line: {first}"
        )
    raise SpecError(
        f"No format that is known reads this log. Its first line: {first}\n"
        f"    Name the format: one of {', '.join(NAMES)}; or give the server's own, as nginx's log_format or Apache's "
        "LogFormat has it, in single quotes."
    )


def _lines(head: bytes) -> list[str]:
    whole = head if head.endswith(b"\n") or b"\n" not in head else head[: head.rindex(b"\n")]
    lines = [line[:_LONGEST].decode("utf-8", "replace").rstrip("\r") for line in whole.split(b"\n")]
    return [line for line in lines if line.strip("\x00 \t")][:_LOOKED_AT]


def _w3c(lines: Sequence[str]) -> LineFormat | None:
    """By the line that names the columns: tabs between the columns are CloudFront's."""
    header = next((line for line in lines if line.startswith("#Fields:")), None)
    if header is None:
        return None
    rows = [line for line in lines if not line.startswith("#")]
    tabs = sum(line.count("\t") >= 4 for line in rows)
    base = CLOUDFRONT if "x-edge-location" in header or tabs > len(rows) / 2 else IIS
    names = header.removeprefix("#Fields:").split()
    found = msgspec.structs.replace(base, columns=tuple(base.names.get(name) for name in names))
    has = {str(column.field) for column in found.columns if column}
    if not ({"date", "clock"} <= has or "time" in has) or "method" not in has or not has & {"path", "target"}:
        raise SpecError(
            f"{header} lacks a time, a method or a path, so that no traffic can be told. Log date, time, cs-method and "
            "cs-uri-stem as well."
        )
    return found


def _json(lines: Sequence[str]) -> LineFormat | None:
    objects = [held for line in lines if line.lstrip().startswith("{") and (held := _object(line)) is not None]
    if not objects or len(objects) < _ENOUGH * len(lines):
        return None
    for known in ("caddy", "traefik_json", "envoy_json"):
        line_format = KNOWN[known]
        told = [read_line(line_format, line) for line in lines]
        if sum(one is not None and {"status", "agent", "duration"} <= one.keys() for one in told) >= _ENOUGH * len(
            lines
        ):
            return line_format
    requests = [held for held in objects if fields_of([held])]
    fields = fields_of(requests) if requests else {}
    if "time" in fields:
        return LineFormat(name="json", kind="json", fields=fields)
    return _inside(objects)


def _inside(objects: Sequence[dict[str, object]]) -> LineFormat | None:
    """A line within a field of an object, as Docker and journald keep it; its time may stand beside it."""
    for key in _WRAPPED:
        held = [one for one in objects if isinstance(one.get(key), str)]
        lines = [str(one[key]).rstrip("\r\n") for one in held]
        if not any(line.strip() for line in lines):
            continue
        outer = _outer_time(held[0])
        inner = _json(lines) or _prefixed(lines) or _best(lines)
        if inner is None and outer and _reads(UVICORN, lines, timed=False):
            inner = UVICORN
        if inner is not None:
            name = f"{inner.name} in JSON ({key})"
            return msgspec.structs.replace(inner, name=name, inside=(key, *inner.inside), outer=outer)
    return None


def _outer_time(held: dict[str, object]) -> dict[str, FieldAt]:
    for key in ("time", "timestamp", "@timestamp", "ts", "_SOURCE_REALTIME_TIMESTAMP", "__REALTIME_TIMESTAMP"):
        value = held.get(key)
        style = time_style(value) if isinstance(value, str | int | float) else None
        if style:
            return {"time": FieldAt(paths=((key,),), style=style)}
    return {}


def _prefixed(lines: Sequence[str]) -> LineFormat | None:
    """A known format behind a container runtime's or syslog's prefix."""
    for name, prefix, parts in (
        (
            "CRI",
            _CRI,
            [Part(field="time", style="iso"), Part(literal=" ")] + [Part(field="skip"), Part(literal=" ")] * 2,
        ),
        ("syslog", _SYSLOG, [Part(field="skip"), Part(literal=": ")]),
    ):
        bare = [line[match.end() :] for line in lines if (match := prefix.match(line))]
        if len(bare) < max(1.0, _ENOUGH * len(lines)):
            continue
        inner = _best(bare) or (UVICORN if name == "CRI" and _reads(UVICORN, bare, timed=False) else None)
        if inner is None or inner.kind != "text":
            continue
        timed = any(part.field == "time" for part in inner.parts)
        head = [Part(field="skip") if part.field == "time" and timed else part for part in parts]
        return msgspec.structs.replace(inner, name=f"{inner.name} behind {name}", parts=(*head, *inner.parts))
    return None


def _reads(line_format: LineFormat, lines: Sequence[str], *, timed: bool = True) -> bool:
    return _count(line_format, lines, timed=timed) >= max(1.0, _ENOUGH * len(lines))


def _count(line_format: LineFormat, lines: Sequence[str], *, timed: bool = True) -> int:
    if not timed:
        line_format = msgspec.structs.replace(
            line_format, parts=(Part(field="time", style="iso"), Part(literal=" "), *line_format.parts)
        )
        lines = [f"2000-01-01T00:00:00Z {line}" for line in lines]
    return sum(read_line(line_format, line) is not None for line in lines)


def _best(lines: Sequence[str]) -> LineFormat | None:
    """The format that reads most lines; of equals the one that tells most of them. Text and columns alone."""
    counts = {name: _count(known, lines) for name, known in KNOWN.items() if known.kind != "json" and not known.header}
    most = max(counts.values())
    if most < max(1.0, _ENOUGH * len(lines)):
        return None
    best = [KNOWN[name] for name, count in counts.items() if count == most]
    return _timed(best, lines) or max(best, key=lambda known: (len(known.has() - {"skip"}), len(known.parts)))


def _timed(equals: Sequence[LineFormat], lines: Sequence[str]) -> LineFormat | None:
    """Among formats that end in a number: nginx writes 0.123, Apache's %D 123456 (microseconds), %T whole seconds."""
    names = {known.name for known in equals}
    if not {"nginx_timed", "combined_us"} <= names:
        return None
    ends = [line.rsplit(" ", 1)[-1] for line in lines if read_line(KNOWN["combined_us"], line) is not None]
    numbers = sorted(float(end) for end in ends if re.fullmatch(r"\d+(\.\d+)?", end))
    if any("." in end for end in ends):
        return KNOWN["nginx_timed"]
    if not numbers or numbers[-1] >= 10_000:
        return KNOWN["combined_us"]
    # A day's slowest request takes more than ten milliseconds, and none takes a minute.
    return KNOWN["combined_s" if numbers[-1] < 60 else "combined_ms"]


def _object(line: str) -> dict[str, object] | None:
    try:
        held = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return held if isinstance(held, dict) else None
