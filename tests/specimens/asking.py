"""Run in a process of its own, with FAULT set: asks every specimen named in the arguments, and prints what it answered.

Each is filled and asked in this process; a service that it calls is served by a thread.
"""

from __future__ import annotations

import gzip
import hashlib
import importlib
import json
import multiprocessing
import os
import re
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from specimens.catalogue import FOLDER

__all__ = ["paths"]


def paths(template: str) -> list[str]:
    """The step's path with a few draws of its own: both ends, and every choice."""
    draw = re.search(r"\{(int|choice)\(([^)]*)\)\}", template)
    if draw is None:
        return [template]
    values = [value.strip() for value in draw[2].split(",")]
    if draw[1] == "int":
        low, high = int(values[0]), int(values[1])
        values = [str(number) for number in sorted({low, (low + high) // 2, high})]
    return [path for value in values for path in paths(template[: draw.start()] + value + template[draw.end() :])]


@contextmanager
def neighbour(name: str) -> Iterator[None]:
    """``back.py`` on a port of its own, named by BACK_URL."""
    if not (FOLDER / name / "back.py").exists():
        yield
        return
    from werkzeug.serving import make_server

    server = make_server("127.0.0.1", 0, importlib.import_module(f"specimens.{name}.back").app, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    os.environ["BACK_URL"] = f"http://127.0.0.1:{server.port}"
    yield
    server.shutdown()


def answers(name: str, template: str) -> list[list[object]]:
    """Path, status and a digest of the body, unpacked."""
    service: Any = importlib.import_module(f"specimens.{name}.service")
    if hasattr(service, "fill"):
        service.fill()
    told: list[list[object]] = []
    with neighbour(name):
        if hasattr(service, "asgi"):
            from starlette.testclient import TestClient

            with TestClient(service.asgi) as asked:
                replies = [(path, asked.get(path)) for path in paths(template)]
                told += [[path, reply.status_code, _digest(reply.content)] for path, reply in replies]
            return told
        from werkzeug.test import Client

        client = Client(service.app)
        for path in paths(template):
            reply = client.get(path, headers={"accept-encoding": "gzip", "host": "127.0.0.1"})
            body = reply.get_data()
            packed = reply.headers.get("content-encoding") == "gzip"
            told.append([path, reply.status_code, _digest(gzip.decompress(body) if packed else body)])
    return told


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


if __name__ == "__main__":
    for asked in sys.argv[1:]:
        spec = (FOLDER / asked / "loadstone.toml").read_text()
        template = re.search(r'^get = "(.*)"$', spec, re.MULTILINE)
        assert template is not None, asked
        print(json.dumps([asked, answers(asked, template[1])]), flush=True)
    for child in multiprocessing.active_children():
        child.kill()
    os._exit(0)  # whatever threads a specimen left running
