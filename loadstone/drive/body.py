"""A step's body as the plan has it: template parts and a content type."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from urllib.parse import quote_plus

from loadstone.errors import SpecError
from loadstone.model import template
from loadstone.model.workload import Body

__all__ = ["compile_body"]

Render = Callable[[tuple[template.Part, ...], template.Encode], list[dict[str, object]]]


def compile_body(body: Body, content_type: str | None, render: Render) -> dict[str, object]:
    """``body`` of docs/formats.md. ``content_type`` is the step's own header, when it sets one: it says how values
    in a text body are encoded.

    In a JSON body every string is a template whose values stand inside its quotes; a string that is one expression
    with ``|raw`` is written without quotes, so that a number stays a number.
    """
    match body.kind, body.value:
        case "json", value:
            return {"parts": joined(_json(value, render)), "content_type": "application/json"}
        case "form", dict(fields):
            return {"parts": joined(_form(fields, render)), "content_type": "application/x-www-form-urlencoded"}
        case "text", str(text):
            return {"parts": render(template.parse(text), _encoding(content_type)), "content_type": None}
    raise SpecError(f"a {body.kind} body cannot be made of a {type(body.value).__name__}")


def joined(parts: Iterator[dict[str, object]]) -> list[dict[str, object]]:
    """The same parts with adjacent text as one."""
    merged: list[dict[str, object]] = []
    for part in parts:
        if "text" in part and merged and "text" in merged[-1]:
            merged[-1] = {"text": f"{merged[-1]['text']}{part['text']}"}
        else:
            merged.append(part)
    return merged


def _encoding(content_type: str | None) -> template.Encode:
    essence = (content_type or "").partition(";")[0].strip().lower()
    if essence == "application/json" or essence.endswith("+json"):
        return "json"
    return "form" if essence == "application/x-www-form-urlencoded" else "none"


def _json(value: object, render: Render) -> Iterator[dict[str, object]]:
    match value:
        case dict():
            yield {"text": "{"}
            for number, (key, inner) in enumerate(value.items()):
                yield {"text": f"{',' if number else ''}{json.dumps(key, ensure_ascii=False)}:"}
                yield from _json(inner, render)
            yield {"text": "}"}
        case list() | tuple():
            yield {"text": "["}
            for number, inner in enumerate(value):
                if number:
                    yield {"text": ","}
                yield from _json(inner, render)
            yield {"text": "]"}
        case str():
            yield from _json_text(value, render)
        case _:
            yield {"text": json.dumps(value, allow_nan=False)}


def _json_text(text: str, render: Render) -> Iterator[dict[str, object]]:
    parts = template.parse(text)
    if len(parts) == 1 and not isinstance(parts[0], template.Text) and parts[0].raw:
        yield from render(parts, "none")
        return
    yield {"text": '"'}
    for part in parts:
        if isinstance(part, template.Text):
            yield {"text": json.dumps(part.text, ensure_ascii=False)[1:-1]}
        else:
            yield from render((part,), "json")
    yield {"text": '"'}


def _form(fields: dict[str, object], render: Render) -> Iterator[dict[str, object]]:
    first = True
    for key, value in fields.items():
        for single in value if isinstance(value, list | tuple) else [value]:
            yield {"text": f"{'' if first else '&'}{quote_plus(key)}="}
            first = False
            text = json.dumps(single) if isinstance(single, bool) else str(single)
            for part in template.parse(text):
                if isinstance(part, template.Text):
                    yield {"text": quote_plus(part.text)}
                else:
                    yield from render((part,), "form")
