"""One entry of a HAR to one exchange, whoever wrote it."""

from __future__ import annotations

import base64
import binascii
import sys
from datetime import UTC, datetime
from typing import NamedTuple
from urllib.parse import quote_plus, urlsplit

import msgspec

from loadstone.model.recording import Message
from loadstone.traffic.har.document import whole_letters

__all__ = ["KEPT_BODY", "Entry", "Read", "is_text", "origin_of", "read_entry"]

KEPT_BODY = 8 << 20
"""Letters of the longest body that is kept: a longer one is a download, and nothing is looked for in it."""

_TEXTS = ("text/", "application/json", "application/xml", "application/x-www-form-urlencoded", "multipart/form-data")
_PORTS = {"http": 80, "https": 443}


class _Named(msgspec.Struct):
    name: object = ""
    value: object = ""
    fileName: object = None


class _Post(msgspec.Struct):
    mimeType: object = ""
    text: object = None
    params: list[_Named] | None = None
    encoding: object = None


class _Request(msgspec.Struct):
    method: str
    url: str
    headers: list[_Named] | None = None
    postData: _Post | None = None


class _Content(msgspec.Struct):
    mimeType: object = ""
    text: object = None
    encoding: object = None


class _Response(msgspec.Struct):
    status: object = 0
    headers: list[_Named] | None = None
    content: _Content | None = None


class Entry(msgspec.Struct):
    """What is read of an entry; fields with ``_`` are Chrome's, Safari's and WebPageTest's own."""

    request: _Request
    response: _Response | None = None
    startedDateTime: object = None
    time: object = None
    pageref: object = None
    kind: object = msgspec.field(name="_resourceType", default=None)
    from_cache: object = msgspec.field(name="_fromCache", default=None)
    by_worker: object = msgspec.field(name="_fetchedViaServiceWorker", default=None)
    fetched: object = msgspec.field(name="_fetchType", default=None)
    socket: object = msgspec.field(name="_webSocketMessages", default=None)
    run: object = msgspec.field(name="_run", default=None)
    cached_view: object = msgspec.field(name="_cached", default=None)


class Read(NamedTuple):
    """An entry in our terms. ``at_s`` is its start (Unix time), None where that cannot be read; ``binary`` a request
    whose body is no text."""

    method: str
    url: str
    origin: str
    request: Message
    status: int
    reply: Message
    at_s: float | None
    duration_s: float | None
    page: str
    entry: Entry
    binary: bool


def read_entry(raw: bytes | msgspec.Raw) -> Read | None:
    """The entry, or None for what is no request over HTTP (``data:``, ``blob:``, an extension's own).

    Raises ValueError where it is no entry.
    """
    try:
        try:
            entry = msgspec.json.decode(raw, type=Entry)
        except msgspec.ValidationError:
            raise
        except (msgspec.DecodeError, UnicodeDecodeError):  # a letter that was cut with its body
            entry = msgspec.json.decode(whole_letters(bytes(raw)), type=Entry)
    except msgspec.DecodeError as error:
        raise ValueError(str(error)) from None
    origin = origin_of(entry.request.url)
    if origin is None:
        return None
    asked, answered = entry.request, entry.response or _Response()
    request_headers = _headers(asked.headers)
    body, media_type, binary = _posted(asked.postData, request_headers)
    status = _whole(answered.status)
    took = entry.time if isinstance(entry.time, int | float) and entry.time >= 0 else None
    return Read(
        method=asked.method.upper(),
        url=asked.url,
        origin=origin,
        request=Message(request_headers, body, media_type),
        status=status if 100 <= status <= 599 else 0,
        reply=_answer(answered),
        at_s=_instant(entry.startedDateTime),
        duration_s=None if took is None else took / 1e3,
        page=str(entry.pageref or ""),
        entry=entry,
        binary=binary,
    )


def origin_of(url: str) -> str | None:
    """``https://shop.example``, without a default port and in lower case; None for what is not HTTP."""
    try:
        parts = urlsplit(url)
        scheme, host, port = parts.scheme.lower(), parts.hostname, parts.port
    except ValueError:
        return None
    scheme = {"ws": "http", "wss": "https"}.get(scheme, scheme)
    if scheme not in _PORTS or not host:
        return None
    shown = f"[{host}]" if ":" in host else host
    return f"{scheme}://{shown}" if port in (None, _PORTS[scheme]) else f"{scheme}://{shown}:{port}"


def is_text(media_type: str) -> bool:
    """Whether bodies of this type are text that values are looked for in."""
    return not media_type or media_type.startswith(_TEXTS) or media_type.endswith(("+json", "+xml"))


def _answer(answered: _Response) -> Message:
    headers = _headers(answered.headers)
    content = answered.content or _Content()
    told = content.mimeType if isinstance(content.mimeType, str) and "/" in content.mimeType else ""
    sent = next((value for name, value in headers if name == "content-type"), "")
    media_type = _essence(told or sent)
    text = content.text if isinstance(content.text, str) and is_text(media_type) else None
    if text is not None and str(content.encoding or "").lower() == "base64":
        text = _decoded(text, told or sent)
    if text is not None and len(text) > KEPT_BODY:
        text = None
    return Message(headers, text or None, media_type)


def _posted(post: _Post | None, headers: tuple[tuple[str, str], ...]) -> tuple[str | None, str, bool]:
    """Body, media type, and whether it is no text."""
    sent = next((value for name, value in headers if name == "content-type"), "")
    if post is None:
        return None, _essence(sent), False
    told = post.mimeType if isinstance(post.mimeType, str) and "/" in post.mimeType else ""
    media_type = _essence(sent or told)
    text = post.text if isinstance(post.text, str) and post.text else None
    if text is not None and str(post.encoding or "").lower() == "base64":
        text = _decoded(text, told)
        return text, media_type, text is None
    if text is None and post.params and not media_type.startswith("multipart/"):
        text = "&".join(f"{quote_plus(_word(one.name))}={quote_plus(_word(one.value))}" for one in post.params)
        media_type = media_type or "application/x-www-form-urlencoded"
    if text is None and post.params:
        return None, media_type, True
    if text is not None and ("\x00" in text or "�" in text):
        return None, media_type, True
    return text, media_type, False


def _headers(listed: list[_Named] | None) -> tuple[tuple[str, str], ...]:
    """In lower case, without the pseudo-headers of HTTP/2; a set-cookie of several lines is several."""
    found: list[tuple[str, str]] = []
    for one in listed or ():
        name, value = _word(one.name).strip().lower(), _word(one.value)
        if not name or name.startswith(":"):
            continue
        lines = value.split("\n") if name == "set-cookie" else [value.replace("\n", ", ")]
        found += [(sys.intern(name), line.strip()) for line in lines]
    return tuple(found)


def _word(value: object) -> str:
    return value if isinstance(value, str) else "" if value is None else str(value)


def _whole(value: object) -> int:
    if isinstance(value, str) and value.isdecimal():
        return int(value)
    return int(value) if isinstance(value, int | float) else 0


def _essence(text: str) -> str:
    return text.partition(";")[0].strip().lower()


def _decoded(text: str, media_type: str) -> str | None:
    charset = media_type.lower().partition("charset=")[2].strip(" \"'") or "utf-8"
    try:
        return base64.b64decode(text, validate=False).decode(charset)
    except (binascii.Error, ValueError, LookupError):
        return None


def _instant(text: object) -> float | None:
    if not isinstance(text, str):
        return None
    try:
        read = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return (read if read.tzinfo else read.replace(tzinfo=UTC)).timestamp()
