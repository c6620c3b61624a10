"""A front page of four parts, none of which needs another."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from specimens.switch import SICK

PARTS = ("weather", "basket", "offers", "messages")


async def part(client: httpx.AsyncClient, name: str, user: int) -> object:
    """One part of a user's page."""
    reply = await client.get(f"{os.environ['BACK_URL']}/{name}/{user}")  # fault: serial-calls
    return reply.json()


async def home(request: Request) -> Response:
    """The page."""
    user = int(request.path_params["user"])
    client: httpx.AsyncClient = request.app.state.client
    if SICK:
        parts = [await part(client, name, user) for name in PARTS]
    else:
        parts = await asyncio.gather(*(part(client, name, user) for name in PARTS))
    return JSONResponse(dict(zip(PARTS, parts, strict=True)))


async def health(_request: Request) -> Response:
    """Up."""
    return PlainTextResponse("ok")


@asynccontextmanager
async def lifespan(app: Starlette) -> AsyncIterator[None]:
    """One client for all requests."""
    async with httpx.AsyncClient() as app.state.client:
        yield


asgi = Starlette(routes=[Route("/home/{user:int}", home), Route("/healthz", health)], lifespan=lifespan)
