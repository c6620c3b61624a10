"""Apache's ``LogFormat`` compiled to a line format (mod_log_config: Custom Log Formats), and gunicorn's, its kin."""

from __future__ import annotations

import re

import msgspec

from loadstone.errors import SpecError
from loadstone.traffic.access_log.json_template import json_fields
from loadstone.traffic.access_log.line_format import FieldName, LineFormat, Part, checked, field, joined, literal

__all__ = ["compile_apache", "compile_gunicorn"]

_DIRECTIVE = re.compile(r"%(?:[!<>]|\d{3}(?:,\d{3})*)*(?:\{([^}]*)\})?(\^?[A-Za-z]{1,2}|%)")

_FIELDS: dict[str, tuple[FieldName, str | None]] = {
    "a": ("client", None),
    "h": ("client", None),
    "B": ("bytes", None),
    "b": ("bytes", None),
    "O": ("bytes", None),
    "D": ("duration", "us"),
    "T": ("duration", "s"),
    "m": ("method", None),
    "q": ("query", None),
    "r": ("request", None),
    "s": ("status", None),
    "t": ("time", "clf"),
    "u": ("user", None),
    "U": ("path", None),
    "v": ("host", None),
    "V": ("host", None),
}

_KNOWN = set("aABbCDefhHikLlmnopPqrRstTuUvVXIOS")

_HEADERS: dict[str, FieldName] = {
    "referer": "referer",
    "user-agent": "agent",
    "x-forwarded-for": "forwarded",
    "x-real-ip": "forwarded",
    "true-client-ip": "forwarded",
    "cf-connecting-ip": "forwarded",
    "host": "host",
}

_SESSIONS = re.compile(r"(sess|^sid$|\.sid$|_sid$|visitor|^uid$)", re.I)

_DURATIONS = {"": "s", "s": "s", "ms": "ms", "us": "us"}

_INSTANTS = {
    "sec": "unix_s",
    "msec": "unix_ms",
    "usec": "unix_us",
    "%s": "unix_s",
    "%d/%b/%Y:%H:%M:%S %z": "clf",
    "%d/%b/%Y:%T %z": "clf",
    "[%d/%b/%Y:%H:%M:%S %z]": "clf",
    "%Y-%m-%dT%H:%M:%S%z": "iso",
    "%Y-%m-%dT%H:%M:%SZ": "iso",
    "%Y-%m-%dT%H:%M:%S": "iso",
    "%Y-%m-%d %H:%M:%S": "iso",
    "%Y-%m-%d %H:%M:%S %z": "iso",
    "%Y-%m-%dT%T%z": "iso",
    "%FT%T%z": "iso",
    "%F %T": "iso",
    "%F %T %z": "iso",
}


def compile_apache(text: str, name: str = "apache") -> LineFormat:
    """A format's text, or the whole directive (``LogFormat "…" nickname``, also ``CustomLog file "…"``).

    Raises SpecError where a time or a request is missing, a directive is unknown, or a field's end cannot be told.
    """
    body, called = _directive(text)
    name = f"{name} {called}" if called else name
    if body.lstrip().startswith("{"):
        fields = json_fields(body, re.compile(rf"({_DIRECTIVE.pattern})"), lambda directive: _bare(directive, name))
        return checked(LineFormat(name=name, kind="json", fields=fields, time_at="start"), f"format {name}")
    wrote = {match.group(2) for match in _DIRECTIVE.finditer(body)}
    parts: list[Part] = []
    end = 0
    for match in _DIRECTIVE.finditer(body):
        parts.append(literal(body[end : match.start()]))
        end = match.end()
        parts += _parts(match.group(1), match.group(2), wrote, name)
    parts.append(literal(body[end:]))
    found = LineFormat(
        name=name,
        kind="text",
        parts=joined(_requests(parts), f"format {name}"),
        escape="apache",
        time_at="end" if "%{end:" in body or "%{end}" in body else "start",
    )
    return checked(found, f"format {name}")


def _requests(parts: list[Part]) -> list[Part]:
    """``%U%q`` as one target: Apache writes the query with its ``?``, or nothing."""
    out: list[Part] = []
    for part in parts:
        if not part.field and not part.literal:
            continue
        if part.field == "query" and out and out[-1].field == "path":
            out[-1] = field("target")
        else:
            out.append(part)
    return out


def _parts(argument: str | None, directive: str, wrote: set[str], name: str) -> list[Part]:
    if directive == "%":
        return [literal("%")]
    if directive.startswith("^"):
        return [field("skip")]
    if len(directive) > 1:
        # One letter is the directive, what follows belongs to the text: "%Ts".
        return [*_parts(argument, directive[0], wrote, name), literal(directive[1:])]
    if directive not in _KNOWN:
        raise SpecError(f"format {name}: %{directive} is no directive of Apache's mod_log_config.")
    kind, style = _field(argument, directive, name)
    better = {"O": {"B", "b"}, "B": {"b"}, "T": {"D"}, "V": {"v"}, "U": {"r"}, "q": {"r"}, "m": {"r"}, "h": {"a"}}
    if better.get(directive, set()) & wrote:
        kind, style = "skip", None
    bracketed = directive == "t" and (not argument or argument.startswith("["))
    return [literal("["), field(kind, style), literal("]")] if bracketed else [field(kind, style)]


def _field(argument: str | None, directive: str, name: str) -> tuple[FieldName, str | None]:
    match directive:
        case "i":
            return _HEADERS.get((argument or "").lower(), "skip"), None
        case "C":
            return ("session" if _SESSIONS.search(argument or "") else "skip"), None
        case "a" | "h" if argument == "c":
            return "skip", None
        case "T":
            return "duration", _DURATIONS.get(argument or "", "s")
        case "t" if argument:
            return _time(argument, name)
        case _:
            return _FIELDS.get(directive, ("skip", None))


def _time(argument: str, name: str) -> tuple[FieldName, str | None]:
    pattern = re.sub(r"^(begin|end):", "", argument)
    if pattern in ("msec_frac", "usec_frac"):
        return "skip", None
    if pattern not in _INSTANTS:
        raise SpecError(
            f"format {name}: the time %{{{argument}}}t is of no kind that is read. "
            "Read are %t, %{sec}t, %{msec}t, %{usec}t, and dates as %d/%b/%Y:%H:%M:%S %z and %Y-%m-%dT%H:%M:%S%z."
        )
    return "time", _INSTANTS[pattern]


def _bare(directive: str, name: str) -> tuple[FieldName, str | None]:
    match = _DIRECTIVE.fullmatch(directive)
    if match is None or match.group(2)[0] not in _KNOWN:
        return "skip", None
    kind, style = _field(match.group(1), match.group(2)[0], name)
    return (kind, "clf") if kind == "time" and not match.group(1) else (kind, style)


def _directive(text: str) -> tuple[str, str]:
    """The format's text and its nickname."""
    match = re.match(r'\s*(?:LogFormat|CustomLog\s+\S+)\s+"((?:[^"\\]|\\.)*)"\s*(\S*)', text)
    body, called = match.groups() if match else (text, "")
    plain = {"t": "\t", "n": "\n"}
    return re.sub(r"\\(.)", lambda found: plain.get(found.group(1), found.group(1)), body), called


_GUNICORN = {
    "h": "%h",
    "l": "%l",
    "u": "%u",
    "t": "%t",
    "r": "%r",
    "m": "%m",
    "U": "%U",
    "q": "%q",
    "H": "%H",
    "s": "%s",
}
_GUNICORN |= {"B": "%B", "b": "%b", "f": "%{Referer}i", "a": "%{User-agent}i", "T": "%T", "D": "%D", "M": "%{ms}T"}
_GUNICORN |= {"L": "%T", "p": "%P"}


def compile_gunicorn(text: str) -> LineFormat:
    """gunicorn's ``access_log_format`` (its settings: Access log format), with Apache's directives in parentheses.

    Raises SpecError as ``compile_apache`` does.
    """

    def translated(match: re.Match[str]) -> str:
        atom = match.group(1)
        header = re.fullmatch(r"\{([^}]*)\}([ioe])", atom, re.I)
        if header:
            return f"%{{{header.group(1)}}}{header.group(2).lower()}"
        if atom not in _GUNICORN:
            raise SpecError(f"%({atom})s is no part of gunicorn's access_log_format.")
        return _GUNICORN[atom]

    found = compile_apache(re.sub(r"%\(([^)]+)\)s", translated, text), "gunicorn")
    return msgspec.structs.replace(found, time_at="end")
