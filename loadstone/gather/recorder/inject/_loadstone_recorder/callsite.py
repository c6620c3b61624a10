"""Where in the application a call was made: the innermost frame that is the application's own.

Frames are judged by their file's name, and remembered by it. Not the application's: the standard library, installed
packages, the environment's programs, the recorder. Where all is installed (a service from a package index), the
innermost package that is not a known framework or driver stands for it. The walk ends at the event loop, whose caller
did not make the call.

A walk costs most where Python makes its frame objects on demand (3.11 and later). The same statement mostly comes from
the same place by the same way: where the frame as deep as last time is at the same instruction of the same code, and
has called the same function, it is taken without looking at those between.
"""

from __future__ import annotations

import os
import sys

from .spool import SPOOL

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType, FrameType
    from typing import Any

__all__ = ["site"]

_APPLICATION, _OTHER, _PACKAGE, _LOOP, _TEMPLATE = 1, 2, 3, 4, 5

# Packages that carry out what an application asks for: never the one that asked.
_CARRIERS = frozenset(
    (
        *("aiohttp", "aiosqlite", "amqp", "anyio", "asgiref", "asyncpg", "billiard", "celery", "cheroot", "click"),
        *("daphne", "django", "fastapi", "flask", "gevent", "greenlet", "gunicorn", "httpcore", "httpx", "hypercorn"),
        *("kombu", "MySQLdb", "psycopg", "psycopg2", "psycopg_pool", "pydantic", "pymongo", "pymysql", "redis"),
        *("requests", "sqlalchemy", "starlette", "tornado", "typer", "urllib3", "uvicorn", "uvloop", "waitress"),
        *("werkzeug", "wrapt"),
    )
)
_HERE = os.path.dirname(os.path.abspath(__file__))
_LIBRARY = os.path.dirname(os.path.abspath(os.__file__))
_PROGRAMS = {
    os.path.dirname(sys.executable or ""),
    os.path.join(sys.prefix, "bin"),
    os.path.join(sys.base_prefix, "bin"),
    os.path.join(os.path.expanduser("~"), ".local", "bin"),
    "/usr/bin",
    "/usr/local/bin",
} - {""}
_LIMIT = 20_000  # file names and sites remembered
_DEPTH = 200  # frames looked at

_getframe = sys._getframe
_files: dict[str, int] = {}
_sites: dict[tuple[str, int, int], int] = {}
# The frame last found: the depth of what it had called, the code of that, its own code and instruction, its site.
_last: dict[int, tuple[int, CodeType, CodeType, int, int]] = {}


def site(depth: int = 1, what: int = 0) -> int:
    """The text number of ``file\\nline\\nfunction``, 0 where there is none. ``depth`` frames above are skipped.
    ``what`` is the number of the statement, or of whatever else tells calls apart; 0 for nothing."""
    if what:
        last = _last.get(what)
        if last is not None:
            below, called, code, instruction, found = last
            try:
                frame: FrameType | None = _getframe(below)
            except ValueError:  # the stack is not as deep
                frame = None
            if frame is not None and frame.f_code is called:
                frame = frame.f_back
                if frame is not None and frame.f_code is code and frame.f_lasti == instruction:
                    return found
    frame = _getframe(depth)
    start = depth
    files = _files
    package: FrameType | None = None
    hopped = False
    left = _DEPTH
    while left:
        left -= 1
        if frame is None:
            if hopped or (frame := _caller_of_greenlet()) is None:
                break
            hopped = True
        code = frame.f_code
        kind = files.get(code.co_filename)
        if kind is None:
            kind = _judge(code.co_filename)
        if kind == _OTHER:
            frame = frame.f_back
            continue
        if kind == _APPLICATION:
            found = _number(frame)
            if what and not hopped and (len(_last) < _LIMIT or what in _last):
                deep = start + _DEPTH - 1 - left
                _last[what] = (deep - 1, _getframe(deep - 1).f_code, code, frame.f_lasti, found)
            return found
        if kind == _PACKAGE:
            if package is None:
                package = frame
        elif kind == _LOOP:
            if code.co_name in ("_run", "run", "run_forever", "run_until_complete"):
                break
        elif code.co_name == "render_annotated":
            found = _template(frame)
            if found:
                return found
        frame = frame.f_back
    return _number(package) if package is not None else 0


def _number(frame: FrameType) -> int:
    code = frame.f_code
    key = (code.co_filename, code.co_firstlineno, frame.f_lasti)
    found = _sites.get(key)
    if found is None:
        name = getattr(code, "co_qualname", code.co_name)
        found = SPOOL.text(f"{code.co_filename}\n{frame.f_lineno or code.co_firstlineno}\n{name}")
        if len(_sites) < _LIMIT:
            _sites[key] = found
    return found


def _judge(file: str) -> int:
    kind = _kind(file)
    if len(_files) < _LIMIT:
        _files[file] = kind
    return kind


def _kind(file: str) -> int:
    path = file.replace("\\", "/")
    for folder in ("/site-packages/", "/dist-packages/"):
        _, found, inside = path.rpartition(folder)
        if found:
            if inside == "django/template/base.py":
                return _TEMPLATE
            top = inside.partition("/")[0]
            if top.endswith(".py"):
                top = top[:-3]
            return _OTHER if top in _CARRIERS else _PACKAGE
    if path.endswith("django/template/base.py"):
        return _TEMPLATE
    if path.startswith(("<", _HERE)):
        return _OTHER
    if path.startswith(_LIBRARY):
        rest = path[len(_LIBRARY) :]
        return _LOOP if rest in ("/asyncio/events.py", "/asyncio/runners.py", "/asyncio/base_events.py") else _OTHER
    return _OTHER if os.path.dirname(path) in _PROGRAMS else _APPLICATION


def _template(frame: FrameType) -> int:
    """A line of a Django template: the node that is being rendered knows it."""
    try:
        node: Any = frame.f_locals["self"]
        name, line = str(node.origin.name), int(node.token.lineno)
    except Exception:
        return 0
    if "/site-packages/" in name or name.startswith("<"):
        return 0
    return SPOOL.text(f"{name}\n{line}\n{type(node).__name__}")


def _caller_of_greenlet() -> FrameType | None:
    """SQLAlchemy's async engine runs its synchronous half in a greenlet: the stack goes on in the one that waits."""
    greenlet = sys.modules.get("greenlet")
    if greenlet is None:
        return None
    try:
        current = greenlet.getcurrent()
        if type(current).__name__ != "_AsyncIoGreenlet":
            return None
        frame: FrameType | None = current.parent.gr_frame
    except Exception:
        return None
    return frame
