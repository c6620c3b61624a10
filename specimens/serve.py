"""``python -m specimens.serve NAME --port N``: fill the specimen's data, start its neighbour, become its server.

``specimens/NAME/service.py`` holds ``app`` (WSGI) and perhaps ``fill()``; ``back.py``, where there is one, is a service
that the first one calls: it is started before, on a free port, and ``BACK_URL`` names it. An ``asgi`` in place of
``app`` is served by uvicorn.
"""

from __future__ import annotations

import argparse
import importlib
import os
import socket
import subprocess
import sys
from pathlib import Path

__all__ = ["main"]

FOLDER = Path(__file__).parent


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _command(module: str, port: int, threads: int, workers: int) -> list[str]:
    source = FOLDER.joinpath(*module.split(".")[1:]).with_suffix(".py").read_text()
    if "\nasgi = " in source:
        words = [sys.executable, "-m", "uvicorn", f"{module}:asgi", "--log-level", "warning", "--no-access-log"]
        return [*words, "--port", str(port)]
    words = [sys.executable, "-m", "gunicorn", f"{module}:app", "--worker-class", "gthread", "--log-level", "warning"]
    return [*words, "--bind", f"127.0.0.1:{port}", "--threads", str(threads), "--workers", str(workers)]


def main(argv: list[str] | None = None) -> None:
    """Never returns: the process becomes the server, with the neighbour as its child."""
    parser = argparse.ArgumentParser(prog="python -m specimens.serve", description=__doc__)
    parser.add_argument("name")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--threads", type=int, default=int(os.environ.get("SPECIMEN_THREADS", "8")))
    parser.add_argument("--workers", type=int, default=1)
    arguments = parser.parse_args(argv)
    service = f"specimens.{arguments.name}.service"
    if (FOLDER / arguments.name / "back.py").exists():
        port = _free_port()
        os.environ["BACK_URL"] = f"http://127.0.0.1:{port}"
        back = _command(f"specimens.{arguments.name}.back", port, 32, 1)
        subprocess.Popen(back, cwd=FOLDER.parent, env=os.environ | {"OTEL_SERVICE_NAME": "back"})
    os.environ["OTEL_SERVICE_NAME"] = "front"
    if "\ndef fill(" in (FOLDER / arguments.name / "service.py").read_text():
        importlib.import_module(service).fill()
    command = _command(service, arguments.port, arguments.threads, arguments.workers)
    os.chdir(FOLDER.parent)
    os.execv(command[0], command)


if __name__ == "__main__":
    main()
