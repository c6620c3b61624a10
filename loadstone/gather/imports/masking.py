"""Attributes' values as they may be kept, remembered: most spans repeat what others said."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from loadstone.gather.imports.span import Seen
from loadstone.model.redaction import Redaction

__all__ = ["TEXT_BYTES", "Masking"]

TEXT_BYTES = 16 * 1024
"""A text is kept up to this length: four pages hold the longest statements that people write by hand."""

ATTRIBUTES = 1024
"""Attributes of a span, events of it, links of it: eight times OpenTelemetry's default (SDK, "Span Limits")."""

DEPTH = 48
"""Lists and mappings within each other."""

_REMEMBERED = 50_000
_SHORT = 512  # characters of a text that is worth remembering
_STATEMENT = 4096  # of a statement, which costs more to mask
_CUT = ("...", "…", "[truncated]", "(truncated)", "<truncated>")


class Masking:
    """Masks by name under one run's key, and counts what it cuts."""

    def __init__(self, redaction: Redaction, seen: Seen) -> None:
        self._native = redaction.redactor()
        self._redaction = redaction
        self._seen = seen
        self._texts: dict[tuple[str, str, str], str] = {}
        self._plain: dict[str, bool] = {}
        self._statements: dict[tuple[str, str], tuple[str, str]] = {}
        self._names: dict[tuple[str, str], str] = {}

    def text(self, name: str, value: str, system: str = "") -> str:
        """An attribute's text."""
        if len(value) > _SHORT:
            return self._native.attribute(name, self._sound(value), system)
        known = self._texts.get((name, value, system))
        if known is None:
            if len(self._texts) >= _REMEMBERED:
                self._texts.clear()
            known = self._texts[name, value, system] = self._native.attribute(name, self._sound(value), system)
        return known

    def value(self, name: str, value: object, system: str = "", depth: int = 0) -> object:
        """An attribute's value of any type, fit for JSON."""
        if type(value) is str:
            return self.text(name, value, system)
        if value is None:
            return None
        if isinstance(value, bool | int | float):
            plain = self._plain.get(name)
            if plain is None:
                plain = self._plain[name] = self._native.number(name, "0") is None
            if isinstance(value, float) and not math.isfinite(value):
                return str(value)
            return value if plain else self._native.number(name, str(value).lower())
        if isinstance(value, bytes):
            return self._native.value(value.hex())
        if depth == DEPTH:
            self._seen.clipped += 1
            return None
        if isinstance(value, Mapping):
            return {str(key): self.value(f"{name}.{key}", inner, system, depth + 1) for key, inner in value.items()}
        if isinstance(value, Sequence):
            return [self.value(name, inner, system, depth + 1) for inner in value]
        return self.text(name, str(value), system)

    def attributes(self, attributes: Mapping[str, Any], system: str = "") -> dict[str, Any]:
        """An event's or a link's attributes."""
        return {name: self.value(name, value, system) for name, value in self.few(attributes).items()}

    def few(self, attributes: Mapping[str, Any]) -> Mapping[str, Any]:
        """Attributes up to the limit."""
        if len(attributes) <= ATTRIBUTES:
            return attributes
        self._seen.clipped += len(attributes) - ATTRIBUTES
        return dict(list(attributes.items())[:ATTRIBUTES])

    def statement(self, text: str, system: str) -> tuple[str, str]:
        """A statement, and its literals' hash ("" without any). One that was cut before it came here says so."""
        found = self._statements.get((text, system))
        cut = text.endswith(_CUT) or len(text) > TEXT_BYTES
        self._seen.truncated += cut
        if found is None:
            sound = self._sound(text)
            for mark in _CUT:
                sound = sound.removesuffix(mark)
            masked, literals = self._redaction.statement(sound, system)
            found = (f"{masked} …" if cut else masked, literals)
            if len(self._statements) >= _REMEMBERED:
                self._statements.clear()
            if len(text) <= _STATEMENT:
                self._statements[text, system] = found
        return found

    def name(self, name: str, system: str) -> str:
        """A span's name: some libraries name spans by statements, some by addresses with their queries."""
        known = self._names.get((name, system))
        if known is None:
            known = self._sound(name)
            if system and any(mark in name for mark in "'\"=0123456789") and " " in name:
                known = self._redaction.statement(known, system)[0]
            elif "?" in name or "://" in name:
                words = known.split(" ")
                known = " ".join(self._address(word) if "?" in word or "://" in word else word for word in words)
            known = self._native.attribute("name", known, "")
            if len(self._names) >= _REMEMBERED:
                self._names.clear()
            if len(name) <= _SHORT:
                self._names[name, system] = known
        return known

    def message(self, text: str) -> str:
        """What an error said."""
        return self._native.message(self._sound(text))

    def peer(self, text: str) -> str:
        """Who called: a hash."""
        return self._native.value(self._sound(text))

    def hash(self, text: str) -> str:
        """16 hex digits for a text."""
        return self._native.value(f"0{text}")[1:] + self._native.value(f"1{text}")[1:]

    def _address(self, word: str) -> str:
        return self._native.attribute("http.url" if "://" in word else "http.target", word, "")

    def _sound(self, text: str) -> str:
        """The text as Unicode, cut to what is kept of it."""
        if text.isascii() and len(text) <= TEXT_BYTES:
            return text
        data = text.encode("utf-8", "replace")
        if len(data) > TEXT_BYTES:
            self._seen.clipped += 1
            data = data[:TEXT_BYTES]
        return data.decode("utf-8", "ignore")
