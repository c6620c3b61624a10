"""What may be kept of texts that came from users: literals and values become keyed hashes, names stay.

Equal values hash equally within a run, so that equality and distinct counts still work; nothing can be read back
without the run's key, which is never stored. The masking itself is native (``core/src/redact``): the decoder of spans
applies the same rules on its way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

import msgspec

from loadstone import _core
from loadstone.errors import from_native

__all__ = ["Redaction"]

_CARRIED = 64
"""Redactors kept at hand; a process rarely works on more runs than one."""


class Redaction(msgspec.Struct, frozen=True):
    """``key`` is 32 hex digits. ``show`` names parameters whose values may be read ([service] show); ``written`` are
    name=value pairs that the spec itself holds.

    A statement or an address that is masked already stays as it is. Every method raises
    SpecError for a key that is none.
    """

    key: str
    show: frozenset[str] = frozenset()
    written: frozenset[str] = frozenset()

    def statement(self, text: str, system: str = "") -> tuple[str, str]:
        """A statement with ``?`` for every literal and placeholder, and the keyed hash of the literals in order (16 hex
        digits, "" where there are none).

        Lists of IN and rows of VALUES become one, comments go, so that a statement as a driver has it (``%s``), as
        pg_stat_statements tells it (``$1``) and with its literals are one text. ``system`` is OpenTelemetry's
        ``db.system.name``: it says which quotes hold literals, and what a command's arguments are (``GET ?``).
        """
        return self.redactor().statement(_sound(text), system)

    def query(self, text: str) -> str:
        """A URL's query: names stay, values become ``#`` and 8 hex digits, as in the run's samples."""
        return self.redactor().query(_sound(text))

    def url(self, text: str) -> str:
        """A URL or a path without userinfo and fragment, its query masked."""
        return self.redactor().url(_sound(text))

    def value(self, text: str) -> str:
        """A value's hash: ``#`` and 8 hex digits."""
        return self.redactor().value(_sound(text))

    def header(self, name: str, value: str) -> str:
        """A header's value: kept where it tells nothing of a user (content-type), ``#`` for credentials and cookies,
        else its hash."""
        return self.redactor().header(name, _sound(value))

    def dsn(self, text: str) -> str:
        """A data source name for messages: where and who, without password and other secrets."""
        return self.redactor().dsn(_sound(text))

    def message(self, text: str) -> str:
        """A message of an error or a log: quoted texts, numbers and addresses become ``?``."""
        return self.redactor().message(_sound(text))

    def attributes(self, attributes: Mapping[str, object]) -> dict[str, object]:
        """A span's attributes, or an event's, as they may be kept: by their names, and by what looks like a secret
        anywhere. Texts, numbers, truth values, bytes (hashed), and lists and mappings of them."""
        system = str(attributes.get("db.system.name") or attributes.get("db.system") or "")
        redactor = self.redactor()
        return {name: _masked(redactor, name, value, system) for name, value in attributes.items()}

    def redactor(self) -> _core.Redactor:
        """The native side of it, for other doors of the core."""
        return _redactor(self.key, self.show, self.written)


@lru_cache(_CARRIED)
def _redactor(key: str, show: frozenset[str], written: frozenset[str]) -> _core.Redactor:
    try:
        return _core.Redactor(key, sorted(show), sorted(written))
    except ValueError as error:
        raise from_native(error) from error


def _masked(redactor: _core.Redactor, name: str, value: object, system: str) -> object:
    if isinstance(value, str):
        return redactor.attribute(name, _sound(value), system)
    if value is None:
        return None
    if isinstance(value, bool | int | float):
        hashed = redactor.number(name, msgspec.json.encode(value).decode())
        return value if hashed is None else hashed
    if isinstance(value, bytes | bytearray | memoryview):
        return redactor.value(bytes(value).hex())
    if isinstance(value, Mapping):
        return {key: _masked(redactor, f"{name}.{key}", inner, system) for key, inner in value.items()}
    if isinstance(value, Sequence):
        return [_masked(redactor, name, inner, system) for inner in value]
    return redactor.attribute(name, _sound(str(value)), system)


def _sound(text: str) -> str:
    """The text as Unicode; what is none (lone surrogates) is replaced."""
    if text.isascii():
        return text
    return text.encode("utf-8", "replace").decode()
