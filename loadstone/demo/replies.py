"""How the shop answers and refuses: JSON replies, one error type, bounded request bodies."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from loadstone.demo.spelling import to_json

__all__ = [
    "ShopError",
    "body_of",
    "form_of",
    "json_of",
    "json_reply",
    "number_in",
    "on_busy",
    "on_http_error",
    "on_shop_error",
]

_BODY_LIMIT = 64 * 1024  # bytes; no form or cart of this shop comes near


class ShopError(Exception):
    """A refusal: its status, a code for programs and a sentence for people."""

    def __init__(self, status: int, code: str, message: str, **details: object) -> None:
        super().__init__(message)
        self.status = status
        self.content = {"error": {"code": code, "message": message, **details}}


async def on_shop_error(_request: Request, error: Exception) -> Response:
    """The reply to a refusal."""
    assert isinstance(error, ShopError)
    return JSONResponse(error.content, error.status)


async def on_http_error(_request: Request, error: Exception) -> Response:
    """The reply to what the router refuses: an unknown path, a method that is not allowed."""
    assert isinstance(error, HTTPException)
    code = error.detail.lower().replace(" ", "_")
    return JSONResponse({"error": {"code": code, "message": error.detail}}, error.status_code, error.headers)


async def on_busy(_request: Request, _error: Exception) -> Response:
    """The reply to a request that no connection came free for."""
    return JSONResponse({"error": {"code": "busy", "message": "The shop is busy; try again."}}, 503)


def json_reply(request: Request, content: dict[str, Any]) -> Response:
    """A reply of the catalogue."""
    if request.app.state.fault == "serialiser":
        return Response(to_json(content), media_type="application/json")
    return JSONResponse(content)


async def body_of(request: Request) -> bytes:
    """The whole body; 413 above 64 KiB."""
    parts = bytearray()
    async for part in request.stream():
        parts += part
        if len(parts) > _BODY_LIMIT:
            raise ShopError(413, "too_large", "A request body holds at most 64 KiB.")
    return bytes(parts)


async def form_of(request: Request) -> dict[str, str]:
    """The fields of an urlencoded form; the last of a name wins."""
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/x-www-form-urlencoded":
        raise ShopError(415, "form_expected", "Send an application/x-www-form-urlencoded form.")
    try:
        return dict(parse_qsl((await body_of(request)).decode(), keep_blank_values=True, max_num_fields=64))
    except ValueError:
        raise ShopError(400, "bad_form", "The form cannot be read.") from None


async def json_of(request: Request) -> dict[str, Any]:
    """The JSON object in the body."""
    try:
        value = json.loads(await body_of(request))
    except ValueError:
        raise ShopError(400, "bad_json", "The body is not JSON.") from None
    if not isinstance(value, dict):
        raise ShopError(400, "bad_json", "The body is not a JSON object.")
    return value


def number_in(source: dict[str, Any], name: str, default: int | None, low: int, high: int) -> int:
    """A whole number from a JSON object or a query; 400 when it is missing or out of range."""
    value = source.get(name, default)
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 19:
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise ShopError(400, f"bad_{name}", f"{name} is a whole number from {low:,} to {high:,}.")
    return value
