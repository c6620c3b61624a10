"""A small service of the standard library in a git repository. Its work tree can be changed to ``same`` (a comment),
``chatty`` (one statement more a request) or ``late`` (a longer wait in each)."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.throwaway import free_port

SERVICE = '''\
"""Items out of SQLite, each after a wait of its own. What differs between revisions stands in the two lines below."""

import os
import socketserver
import sqlite3
import sys
import tempfile
import time
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

WAIT_S = 0.010
CHATTY = False

FILE = os.path.join(tempfile.mkdtemp(), "items.db")


def application(environ, start_response):
    number = int(environ["PATH_INFO"].rpartition("/")[2] or 0)
    connection = sqlite3.connect(FILE)
    row = connection.execute("SELECT name FROM item WHERE id = ?", (number,)).fetchone()
    if CHATTY:
        audit(connection, number)
    connection.close()
    time.sleep(WAIT_S)
    body = (row[0] if row else "none").encode()
    start_response("200 OK", [("content-length", str(len(body)))])
    return [body]


def audit(connection, number):
    connection.execute("SELECT count(*) FROM item WHERE id < ?", (number,)).fetchone()


class Server(socketserver.ThreadingMixIn, WSGIServer):
    daemon_threads = True
    request_queue_size = 128


class Handler(WSGIRequestHandler):
    def address_string(self):
        return self.client_address[0]

    def log_message(self, *args):
        pass


if __name__ == "__main__":
    with sqlite3.connect(FILE) as filling:
        filling.execute("CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT)")
        filling.executemany("INSERT INTO item VALUES (?, ?)", [(n, f"item {n}") for n in range(100)])
    make_server("127.0.0.1", int(sys.argv[1]), application, Server, Handler).serve_forever()
'''

SPEC = """\
[service]
url = "http://127.0.0.1:{port}"
start = "{python} service.py {port}"

[[journey]]
name = "read"
[[journey.step]]
name = "item"
get = "/items/{{int(1, 99)}}"
check.status = 200

[shape.short]
rate = "100/s"
duration = "1s"
warm_up = "200ms"

[guardrails]
"statements" = "+0"
"p50 response" = "60%"
"errors" = "+1%"
"""

IDENTITY = {
    "GIT_AUTHOR_NAME": "Test", "GIT_AUTHOR_EMAIL": "test@example.com",
    "GIT_COMMITTER_NAME": "Test", "GIT_COMMITTER_EMAIL": "test@example.com",
    "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1",
}  # fmt: skip


def git(folder: Path, *words: str) -> str:
    """What git says."""
    made = subprocess.run(
        ["git", *words], cwd=folder, env={**os.environ, **IDENTITY}, check=True, capture_output=True, text=True
    )
    return made.stdout.strip()


def repository(folder: Path) -> Path:
    """A repository with its first revision, tagged ``first``, on the branch ``main``."""
    folder.mkdir()
    git(folder, "init", "--quiet", "--initial-branch", "main")
    (folder / "service.py").write_text(SERVICE)
    (folder / "loadstone.toml").write_text(SPEC.format(port=free_port(), python=sys.executable))
    (folder / ".gitignore").write_text(".loadstone/\ngate.*\n")
    commit(folder, "A service")
    git(folder, "tag", "first")
    return folder


def commit(folder: Path, message: str) -> None:
    """Everything in the work tree."""
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", message)


def change(folder: Path, kind: str) -> None:
    """The work tree of that kind, uncommitted, from the first revision."""
    before, after = {
        "same": ("What differs", "All that differs"),
        "chatty": ("CHATTY = False", "CHATTY = True"),
        "late": ("WAIT_S = 0.010", "WAIT_S = 0.030"),
    }[kind]
    (folder / "service.py").write_text(SERVICE.replace(before, after))
