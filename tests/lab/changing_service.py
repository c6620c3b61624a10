"""A service whose every value changes: one-time form tokens, session cookies, bearer tokens, random ids."""

from __future__ import annotations

import secrets
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

__all__ = ["PASSWORD", "Changing", "serve"]

PASSWORD = "correct-horse"


class Changing:
    """The service and what it remembers. ``asked`` is every request, ``broken`` routes that answer 500."""

    def __init__(self) -> None:
        self.tokens: set[str] = set()
        self.sessions: set[str] = set()
        self.bearers: set[str] = set()
        self.notes: dict[str, str] = {}
        self.items = [secrets.token_hex(8) for _ in range(5)]
        self.asked: list[str] = []
        self.broken: set[str] = set()
        self.made_status = 201

    def application(self) -> Starlette:
        """Its routes."""
        return Starlette(
            routes=[
                Route("/", self.form),
                Route("/login", self.log_in, methods=["POST"]),
                Route("/home", self.home),
                Route("/api/items", self.listing),
                Route("/api/items/{item}", self.item),
                Route("/api/notes", self.note, methods=["POST"]),
                Route("/api/notes/{note}", self.read, methods=["GET", "DELETE"]),
            ]
        )

    async def _hear(self, request: Request) -> None:
        path = request.url.path
        self.asked.append(f"{request.method} {path}")

    async def form(self, request: Request) -> Response:
        """A form with a token that is good once."""
        await self._hear(request)
        token = secrets.token_urlsafe(16)
        self.tokens.add(token)
        return HTMLResponse(
            f'<form method="post" action="/login"><input type="hidden" name="decoy" value="always-the-same">'
            f'<input value="{token}" type="hidden" name="one_time"><input name="user"><input name="password"></form>'
        )

    async def log_in(self, request: Request) -> Response:
        """Refuses a token that it did not give out, or gave out once."""
        await self._hear(request)
        form = dict(pair.split("=", 1) for pair in (await request.body()).decode().split("&"))
        if form.get("one_time") not in self.tokens or form.get("password") != PASSWORD:
            return Response("stale", 403)
        self.tokens.discard(form["one_time"])
        session = secrets.token_hex(16)
        self.sessions.add(session)
        reply = RedirectResponse("/home", 303)
        reply.set_cookie("session", session)
        return reply

    async def home(self, request: Request) -> Response:
        """A page of one's own, with a bearer token for its script."""
        await self._hear(request)
        if request.cookies.get("session") not in self.sessions:
            return RedirectResponse("/", 303)
        bearer = secrets.token_urlsafe(24)
        self.bearers.add(bearer)
        return HTMLResponse(f'<script>window.config = {{"bearer": "{bearer}", "theme": "dark"}};</script>')

    def _refused(self, request: Request) -> Response | None:
        if request.url.path in self.broken:
            return JSONResponse({"error": "broken"}, 500)
        if request.headers.get("authorization", "").removeprefix("Bearer ") not in self.bearers:
            return JSONResponse({"error": "who?"}, 401)
        return None

    async def listing(self, request: Request) -> Response:
        """Items whose ids are new with each start."""
        await self._hear(request)
        return self._refused(request) or JSONResponse({"items": [{"id": one, "size": 1} for one in self.items]})

    async def item(self, request: Request) -> Response:
        """One of them."""
        await self._hear(request)
        known = request.path_params["item"] in self.items
        return self._refused(request) or JSONResponse({"known": known}, 200 if known else 404)

    async def note(self, request: Request) -> Response:
        """Made under an id of its own."""
        await self._hear(request)
        if refused := self._refused(request):
            return refused
        number = secrets.token_hex(8)
        self.notes[number] = (await request.json())["item"]
        return JSONResponse({"note": {"id": number, "etag": secrets.token_hex(4)}}, self.made_status)

    async def read(self, request: Request) -> Response:
        """Read or taken away."""
        await self._hear(request)
        if refused := self._refused(request):
            return refused
        note = request.path_params["note"]
        if note not in self.notes:
            return JSONResponse({}, 404)
        if request.method == "DELETE":
            del self.notes[note]
            return Response(status_code=204)
        return JSONResponse({"item": self.notes[note]})


@contextmanager
def serve(service: Changing) -> Iterator[str]:
    """The URL of the service while the block lasts."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    server = uvicorn.Server(uvicorn.Config(service.application(), log_level="warning", lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        listener.close()
