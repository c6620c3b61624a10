"""nginx's ``log_format`` compiled to a line format (ngx_http_log_module, ngx_http_core_module: Embedded Variables)."""

from __future__ import annotations

import re

from loadstone.errors import SpecError
from loadstone.traffic.access_log.json_template import json_fields
from loadstone.traffic.access_log.line_format import FieldName, LineFormat, Part, checked, field, joined, literal

__all__ = ["compile_nginx", "nginx_field"]

_VARIABLE = re.compile(r"\$(?:\{(\w+)\}|(\w+))")

_FIELDS: dict[str, tuple[FieldName, str | None]] = {
    "remote_addr": ("client", None),
    "http_x_forwarded_for": ("forwarded", None),
    "proxy_add_x_forwarded_for": ("forwarded", None),
    "http_x_real_ip": ("forwarded", None),
    "http_cf_connecting_ip": ("forwarded", None),
    "remote_user": ("user", None),
    "time_local": ("time", "clf"),
    "time_iso8601": ("time", "iso"),
    "msec": ("time", "unix_s"),
    "request": ("request", None),
    "request_method": ("method", None),
    "request_uri": ("target", None),
    "uri": ("path", None),
    "document_uri": ("path", None),
    "args": ("query", None),
    "query_string": ("query", None),
    "status": ("status", None),
    "body_bytes_sent": ("bytes", None),
    "bytes_sent": ("bytes", None),
    "request_time": ("duration", "s"),
    "upstream_response_time": ("duration", "nginx"),
    "http_referer": ("referer", None),
    "http_user_agent": ("agent", None),
    "host": ("host", None),
    "http_host": ("host", None),
    "server_name": ("host", None),
}

_SECOND_CHOICE = {
    "upstream_response_time": "request_time",
    "bytes_sent": "body_bytes_sent",
    "server_name": "host",
    "msec": "time_local",
    "uri": "request_uri",
    "document_uri": "request_uri",
    "args": "request_uri",
    "query_string": "request_uri",
    "http_x_real_ip": "http_x_forwarded_for",
}
"""What is left aside where the better of the two is there as well."""

_SESSIONS = re.compile(r"(sess|^sid$|\.sid$|_sid$|visitor|^uid$)", re.I)


def nginx_field(name: str) -> tuple[FieldName, str | None]:
    """What a variable is, without its ``$``; ``skip`` for those of no use, and for those that a ``map`` defines."""
    if name.startswith("cookie_"):
        return ("session", None) if _SESSIONS.search(name.removeprefix("cookie_")) else ("skip", None)
    if name in ("uid_got", "uid_set"):
        return "session", None
    return _FIELDS.get(name, ("skip", None))


def compile_nginx(text: str, name: str = "nginx") -> LineFormat:
    """A format's text, or the whole directive (``log_format main '…' '…';``).

    Raises SpecError where a time or a request is missing or a field's end cannot be told.
    """
    body, escape, called = _directive(text)
    name = f"{name} {called}" if called else name
    if body.lstrip().startswith("{"):
        fields = json_fields(body, _VARIABLE, nginx_field)
        return checked(LineFormat(name=name, kind="json", fields=fields), f"format {name}")
    body = re.sub(r"\$(uri|document_uri)\$is_args\$(args|query_string)", "$request_uri", body)
    absolute = re.compile(r"\$scheme://\$(host|http_host|server_name)(:\$server_port)?\$request_uri")
    parts: list[Part] = []
    names = {braced or plain for braced, plain in _VARIABLE.findall(body)}
    for piece in re.split(f"({absolute.pattern})", body) if absolute.search(body) else [body]:
        if piece and absolute.fullmatch(piece):
            parts.append(field("url"))
        elif piece and not re.fullmatch(r"host|http_host|server_name|:\$server_port", piece):
            parts += _parts(piece, names)
    found = LineFormat(
        name=name,
        kind="text",
        parts=joined(parts, f"format {name}"),
        escape="none" if escape == "none" else "nginx",
    )
    return checked(found, f"format {name}")


def _parts(text: str, names: set[str]) -> list[Part]:
    parts: list[Part] = []
    end = 0
    for match in _VARIABLE.finditer(text):
        variable = match.group(1) or match.group(2)
        kind, style = nginx_field(variable)
        better = _SECOND_CHOICE.get(variable)
        if better in names or (variable == "msec" and "time_iso8601" in names):
            kind, style = "skip", None
        parts += [literal(text[end : match.start()]), field(kind, style)]
        end = match.end()
    parts.append(literal(text[end:]))
    return [part for part in parts if part.field or part.literal]


def _directive(text: str) -> tuple[str, str, str]:
    """The format's text, its escape and the name it was given."""
    match = re.match(r"\s*log_format\s+(\S+)\s+(?:escape=(\w+)\s+)?(.*?);?\s*$", text, re.S)
    if match is None:
        return text.strip("\n"), "default", ""
    pieces = re.findall(r"'((?:[^'\\]|\\.)*)'|\"((?:[^\"\\]|\\.)*)\"|(\S+)", match.group(3))
    if not pieces:
        raise SpecError(f"log_format {match.group(1)}: no format follows the name.")
    body = "".join(re.sub(r"\\(['\"\\])", r"\1", single or double or bare) for single, double, bare in pieces)
    return body, match.group(2) or "default", match.group(1)
