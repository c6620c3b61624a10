"""A server on loopback that answers by a function and remembers what it was asked; over TLS with a certificate."""

from __future__ import annotations

import http.server
import shutil
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

__all__ = ["Answer", "Answered", "Asked", "answering", "certificate", "page"]


class Asked(NamedTuple):
    """One request as the server saw it."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


class Answer(NamedTuple):
    """What it is answered with; ``headers`` win over the type."""

    body: bytes | str = b""
    status: int = 200
    media_type: str = "text/html; charset=utf-8"
    headers: tuple[tuple[str, str], ...] = ()


class Answered:
    """Where the server is, and what it was asked so far."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.asked: list[Asked] = []

    @property
    def methods(self) -> set[str]:
        return {one.method for one in self.asked}

    @property
    def targets(self) -> list[str]:
        return [one.target for one in self.asked]


Pages = Callable[[Asked], Answer] | Mapping[str, Answer | str]


def page(*links: str, more: str = "") -> Answer:
    """A page with these links."""
    items = "".join(f'<li><a href="{link}">{link}</a>' for link in links)
    return Answer(f"<!doctype html><title>A page</title><ul>{items}</ul>{more}")


@contextmanager
def answering(pages: Pages, pem: Path | None = None) -> Iterator[Answered]:
    """A server for the length of a ``with``. ``pages`` are answers by target, 404 for others, or a function."""

    def found(asked: Asked) -> Answer:
        if callable(pages):
            return pages(asked)
        answer = pages.get(asked.target, pages.get(asked.target.partition("?")[0]))
        if answer is None:
            return Answer("<title>Not found</title>", 404)
        return answer if isinstance(answer, Answer) else Answer(answer)

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1

        def answer(self) -> None:
            size = int(self.headers.get("content-length") or 0)
            headers = {name.lower(): value for name, value in self.headers.items()}
            asked = Asked(self.command, self.path, headers, self.rfile.read(size))
            server.asked.append(asked)
            given = found(asked)
            body = given.body.encode() if isinstance(given.body, str) else given.body
            self.send_response_only(given.status)
            names = {name.lower() for name, _ in given.headers}
            if "content-type" not in names and given.media_type:
                self.send_header("content-type", given.media_type)
            if "content-length" not in names:
                self.send_header("content-length", str(len(body)))
            for name, value in given.headers:
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = answer

        def log_message(self, format: str, *words: object) -> None: ...

    class Server(http.server.ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: object, client_address: object) -> None: ...

    with Server(("127.0.0.1", 0), Handler) as listener:
        scheme = "http"
        if pem is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(pem)
            listener.socket = context.wrap_socket(listener.socket, server_side=True)
            scheme = "https"
        server = Answered(f"{scheme}://127.0.0.1:{listener.server_port}")
        thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server
        finally:
            listener.shutdown()
            thread.join()


def certificate(folder: Path, name: str = "IP:127.0.0.1", *, expired: bool = False) -> Path:
    """A certificate that nobody but itself has signed, with its key, in one file, made by openssl."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed; on Debian: apt-get install openssl")
    key, cert, both = folder / "key.pem", folder / "cert.pem", folder / "both.pem"
    words = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    words += ["-keyout", str(key), "-out", str(cert), "-subj", "/CN=loadstone test"]
    words += ["-addext", f"subjectAltName={name}", "-addext", "basicConstraints=critical,CA:FALSE"]
    if expired:
        made = ["openssl", "req", "-new", *words[3:8], "-keyout", str(key), "-out", str(folder / "request.pem"),
                "-subj", "/CN=loadstone test", "-addext", f"subjectAltName={name}"]  # fmt: skip
        subprocess.run(made, check=True, capture_output=True)
        extensions = folder / "extensions"
        extensions.write_text(f"subjectAltName={name}\n")
        words = ["openssl", "x509", "-req", "-in", str(folder / "request.pem"), "-signkey", str(key), "-out", str(cert)]
        words += ["-days", "-1", "-extfile", str(extensions)]
    else:
        words += ["-days", "2"]
    subprocess.run(words, check=True, capture_output=True)
    both.write_text(key.read_text() + cert.read_text())
    return both
