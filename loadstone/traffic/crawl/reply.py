"""A reply as the look at a service keeps it: bounded, decoded as far as it can be, and what kind of thing it is."""

from __future__ import annotations

import re
import zlib
from typing import Any

import msgspec

from loadstone.model.discovery import Probe
from loadstone.traffic.crawl.obstacles.met import Met, is_html

__all__ = ["Reply", "inflated"]

_CHARSET = re.compile(r"(?i)charset\s*=\s*[\"']?([\w.:-]{1,40})")
_JSON = re.compile(r"(?i)^(?:application|text)/(?:[\w.+-]*\+)?json\b")
_FIRST_WORDS = 8_192  # letters that obstacles look at


class Reply(msgspec.Struct, frozen=True):
    """``url`` is what was asked for, ``body`` its bytes as far as they were read (``cut`` says that there were more, or
    that they did not come in time). ``status`` 0 and a ``failure`` of the engine's kinds where none came."""

    url: str
    method: str
    target: str
    status: int = 0
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    cut: bool = False
    took_s: float = 0.0
    failure: str | None = None
    message: str = ""

    def header(self, name: str) -> str | None:
        """The first header of this name (lower case), or None."""
        return next((value for key, value in self.headers if key == name), None)

    @property
    def media_type(self) -> str:
        """``text/html``, in lower case and without parameters."""
        return (self.header("content-type") or "").partition(";")[0].strip().lower()

    @property
    def text(self) -> str:
        """The body as text; what is not of its encoding is replaced."""
        found = _CHARSET.search(self.header("content-type") or "") or _CHARSET.search(
            self.body[:1_024].decode("latin-1")
        )
        try:
            return self.body.decode(found[1] if found else "utf-8", errors="replace")
        except LookupError:
            return self.body.decode("utf-8", errors="replace")

    @property
    def good(self) -> bool:
        """Whether it is a page or a document, and no refusal or redirect."""
        return 200 <= self.status < 300

    @property
    def html(self) -> bool:
        """Whether it is a page, whatever its type says."""
        return is_html(self.met())

    def json(self) -> Any:  # noqa: ANN401
        """The document where the body is JSON, by its type or by how it begins; None otherwise."""
        begins = self.body.lstrip()[:1] in (b"{", b"[")
        if not _JSON.match(self.media_type) and not (begins and self.media_type in ("", "text/plain")):
            return None
        try:
            return msgspec.json.decode(self.body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return None

    @property
    def location(self) -> str | None:
        """Where it sends on to, as the header says it."""
        return self.header("location") if 300 <= self.status < 400 else None

    def met(self, *, json: bool = False) -> Met:
        """What obstacles are read from."""
        words = self.body[: 4 * _FIRST_WORDS].decode("utf-8", errors="replace")[:_FIRST_WORDS]
        return Met(
            self.target,
            self.method,
            status=self.status,
            failure=self.failure,
            message=self.message,
            headers=self.headers,
            body=words,
            json=json,
        )

    def probe(self) -> Probe:
        """What is told of it."""
        problem = self.failure and f"{self.failure}: {self.message}"
        return Probe(
            method=self.method,
            target=self.target,
            status=self.status,
            media_type=self.media_type,
            size_bytes=len(self.body),
            took_s=self.took_s,
            location=self.location,
            problem=problem or ("only a part was read" if self.cut else None),
        )


def inflated(data: bytes, limit: int) -> tuple[bytes, bool]:
    """Bytes of gzip or zlib undone, ``limit`` of them at most, and whether there was more; broken ones end there."""
    for bits in (zlib.MAX_WBITS | 32, -zlib.MAX_WBITS):
        machine = zlib.decompressobj(bits)
        try:
            out = machine.decompress(data, limit)
        except zlib.error:
            continue
        return out, bool(machine.unconsumed_tail) or not machine.eof
    return b"", True
