"""Which frames of a stack turn objects into bytes or back, or copy them: encoders and decoders of libraries, and the
application's own, by their names. Templates are not among them: they make pages, not data."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from loadstone.diagnose.runtime.frames import Frame, served_from

__all__ = ["Serialiser", "serialiser_at"]


@dataclass(frozen=True, slots=True)
class Serialiser:
    """A kind of serialiser: what it is ``called``, and its ``cure``."""

    called: str
    cure: str


_C_JSON = "orjson or msgspec, or json's own C encoder, which takes over without indent, default= and subclasses"
_LIBRARIES: tuple[tuple[re.Pattern[str], Serialiser], ...] = (
    (
        re.compile(r"_iterencode|JSONEncoder\.default|py_scanstring|py_make_scanner|py_encode_basestring"),
        Serialiser("json in pure Python", _C_JSON),
    ),
    (
        re.compile(r"(^|/)(json/(encoder|decoder|scanner|__init__)\.py|simplejson/|ujson|flask/json/)"),
        Serialiser("json", "encode less (only the fields that are used), keep the encoded text, or orjson or msgspec"),
    ),
    (
        re.compile(r"(^|\s|/|\()copy\.py|deepcopy"),
        Serialiser("copy.deepcopy", "copy only what is changed: a shallow copy, dict(…), or an immutable value"),
    ),
    (
        re.compile(r"(^|/)(_?pickle\.py|cloudpickle/|dill/)"),
        Serialiser("pickle", "keep plain values in caches and queues, with msgspec or json; pickle protocol 5"),
    ),
    (
        re.compile(r"(^|/)(ruamel/)?yaml/"),
        Serialiser("yaml", "read it once at start-up; CSafeLoader and CSafeDumper; json where people do not edit it"),
    ),
    (
        re.compile(r"(^|/)(xml/(dom|sax|etree)/|xmltodict|dicttoxml|lxml/)|javax\.xml|jakarta\.xml|JAXB"),
        Serialiser("xml", "lxml or a streaming writer in place of trees in pure Python"),
    ),
    (
        re.compile(r"(^|/)rest_framework/(serializers|renderers|fields|relations|utils/encoders)\.py"),
        Serialiser(
            "Django REST framework's serialisers",
            "queryset.values() into the response for lists that are only read, fewer fields, or a page of fewer rows",
        ),
    ),
    (
        re.compile(r"(^|/)(fastapi/(encoders|_compat)|fastapi/serial)"),
        Serialiser(
            "FastAPI's jsonable_encoder",
            "return a Response with bytes of your own (orjson, msgspec) or a response_model",
        ),
    ),
    (
        re.compile(r"(^|/)pydantic(_core)?/"),
        Serialiser("pydantic", "model_construct for what is known to be valid, model_dump_json once in place of dumps"),
    ),
    (
        re.compile(r"(^|/)(marshmallow|cattrs|cattr)/"),
        Serialiser("marshmallow or cattrs", "msgspec, or plain dictionaries for lists that are only read"),
    ),
    (
        re.compile(r"(^|/)(django/core/serializers|django/forms/models\.py)"),
        Serialiser("Django's serialisers", "queryset.values() and JsonResponse for what is only read"),
    ),
    (
        re.compile(r"(_?asdict\w*|_?astuple\w*) \(dataclasses\.py"),
        Serialiser("dataclasses.asdict", "msgspec or orjson, which write dataclasses without a copy of them"),
    ),
    (
        re.compile(r"(^|/)(msgpack/fallback|bson/|google/protobuf/(json_format|internal/python_message))"),
        Serialiser("an encoder in pure Python", "the library's C extension"),
    ),
    (
        re.compile(r"com\.fasterxml\.jackson|com\.google\.gson|com\.google\.protobuf\.util|org\.json\."),
        Serialiser("a JSON mapper", "one ObjectMapper for all, fewer fields, or a streaming generator"),
    ),
    (
        re.compile(r"fast-json-stringify|(^|[.\s])(JSON\.)?stringify$|class-transformer|serialize-javascript"),
        Serialiser("JSON.stringify", "send fewer fields, keep the text, or a compiled schema (fast-json-stringify)"),
    ),
)
_OWN = re.compile(
    r"(?:^|[._])(?:to_?json|from_?json|to_?dict|as_?dict|to_?xml|jsonify|jsonable|serial\w*|deserial\w*|encode|decode|"
    r"encode_?(?:json|value|object|list|dict|item|row)s?|_?dumps?|marshal\w*|unmarshal\w*|stringify|"
    r"to_?representation)(?:_(?:json|xml|text|bytes|value|object|list|dict|item|row|page|response|payload|data)s?)?$",
    re.I,
)
_OWN_CLASS = re.compile(r"(?:encoder|decoder|serializer|serialiser|marshaller|jsonwriter)\w*\.", re.I)
_OWN_FILE = re.compile(r"(?:^|/)\w*(?:encoder|serializ|serialis|marshal|jsonwrit)\w*\.\w+$", re.I)
_HAND_MADE = Serialiser(
    "an encoder of the application's own", "json, orjson or msgspec, which do the same in C; or keep the encoded text"
)


def serialiser_at(frames: Sequence[Frame]) -> tuple[int, Serialiser] | None:
    """The place of the outermost frame that serialises, below the server's loop or, where none is known, below the
    first frame of the application; and its kind."""
    first = served_from(frames)
    inside = first > 0
    for place, frame in enumerate(frames[first:], first):
        inside = inside or frame.origin == "application"
        if not inside:
            continue
        kind = _kind(frame)
        if kind is not None:
            return place, _finer(frames[place:], kind)
    return None


def _kind(frame: Frame) -> Serialiser | None:
    if frame.origin == "application":
        own = _OWN.search(frame.function) or _OWN_CLASS.search(frame.function) or _OWN_FILE.search(frame.file or "")
        return _HAND_MADE if own else None
    if frame.origin == "observer":
        return None
    text = frame.where
    for pattern, kind in _LIBRARIES:
        if pattern.search(frame.file or "") or pattern.search(frame.function) or pattern.search(text):
            return kind
    return None


def _finer(below: Sequence[Frame], kind: Serialiser) -> Serialiser:
    """json's own functions, in pure Python where a frame further down says so."""
    if kind.called != "json":
        return kind
    pure, found = _LIBRARIES[0]
    return found if any(pure.search(frame.function) and frame.origin == "runtime" for frame in below[:50]) else kind
