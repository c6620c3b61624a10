"""The two servers under test, each pinned to its core and counting the requests that it answered."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

__all__ = ["Target", "bare", "nginx"]

NGINX = """\
worker_processes 1;
daemon off;
pid {home}/nginx.pid;
error_log {home}/error.log warn;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    keepalive_requests 1000000000;
    keepalive_timeout 600s;
    client_body_temp_path {home}/body;
    proxy_temp_path {home}/proxy;
    fastcgi_temp_path {home}/fastcgi;
    uwsgi_temp_path {home}/uwsgi;
    scgi_temp_path {home}/scgi;
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        location / {{ default_type text/plain; return 200 "Hello, world!"; }}
        location = /_status {{ stub_status; }}
    }}
}}
"""


class Target(msgspec.Struct, frozen=True):
    """A server that is up. ``own`` is how many requests one look at its counter adds to it."""

    name: str
    port: int
    counter: str
    own: int

    @property
    def url(self) -> str:
        """What the generators ask for."""
        return f"http://127.0.0.1:{self.port}/"

    def count(self) -> int:
        """Requests that the server has answered so far, this one included where it counts itself."""
        with urllib.request.urlopen(f"{self.url}{self.counter}", timeout=10) as reply:
            text = reply.read().decode()
        table = re.search(r"^ *\d+ +\d+ +(\d+) *$", text, re.MULTILINE)
        return int(table[1] if table else text)


@contextmanager
def nginx(core: int, home: Path) -> Iterator[Target]:
    """One nginx worker on ``core``, a fixed reply, no access log; requests counted by its stub_status."""
    if not shutil.which("nginx"):
        raise SystemExit("bench: nginx was not found; on Debian or Ubuntu: apt-get install nginx")
    port = _free_port()
    config = home / "nginx.conf"
    config.write_text(NGINX.format(home=home, port=port))
    command = ["nginx", "-p", str(home), "-c", str(config), "-e", str(home / "error.log")]
    with _pinned(command, core):
        yield _ready(Target("nginx", port, "_status", 1))


@contextmanager
def bare(core: int, binary: Path) -> Iterator[Target]:
    """The bare epoll server of ``core/examples/bare_server.rs`` on ``core``."""
    port = _free_port()
    with _pinned([str(binary), f"127.0.0.1:{port}"], core):
        yield _ready(Target("bare epoll server", port, "_count", 0))


@contextmanager
def _pinned(command: list[str], core: int) -> Iterator[None]:
    server = subprocess.Popen(["taskset", "--cpu-list", str(core), *command], stdin=subprocess.DEVNULL)
    try:
        yield
    finally:
        server.terminate()
        server.wait(10)


def _ready(target: Target) -> Target:
    for _ in range(100):
        try:
            target.count()
        except OSError:
            time.sleep(0.05)
        else:
            return target
    raise SystemExit(f"bench: {target.name} did not answer on port {target.port}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
