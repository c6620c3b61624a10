"""Logs that nginx itself wrote, of requests that nobody should send: every one of them is a row."""

from __future__ import annotations

import shutil
import signal
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from loadstone.model.hits import METHODS, NONE, SCANNER
from loadstone.traffic.hits import read_logs
from tests.throwaway import free_port
from tests.traffic.logs import KEY
from tests.traffic.odd_requests import ODD, send

pytestmark = pytest.mark.optional("nginx is not installed everywhere")

TIMED = (
    '\'$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent '
    '"$http_referer" "$http_user_agent" rt=$request_time\''
)
DOCUMENT = (
    '\'{"time_local":"$time_iso8601","remote_addr":"$remote_addr","request":"$request","status":"$status",'
    '"body_bytes_sent":"$body_bytes_sent","request_time":"$request_time","http_referer":"$http_referer",'
    '"http_user_agent":"$http_user_agent","http_x_forwarded_for":"$http_x_forwarded_for"}\''
)
CONFIG = """\
worker_processes 1;
daemon off;
pid {home}/nginx.pid;
error_log {home}/error.log crit;
events {{ worker_connections 64; }}
http {{
    client_body_temp_path {home}/body; proxy_temp_path {home}/proxy; fastcgi_temp_path {home}/fastcgi;
    uwsgi_temp_path {home}/uwsgi; scgi_temp_path {home}/scgi;
    log_format timed {timed};
    log_format document escape=json {document};
    server {{
        listen 127.0.0.1:{port};
        access_log {home}/combined.log combined;
        access_log {home}/timed.log timed;
        access_log {home}/document.log document;
        location / {{ default_type text/plain; return 200 "hello"; }}
        location /missing {{ return 404; }}
    }}
}}
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with nginx's logs of these requests."""
    if not shutil.which("nginx"):
        pytest.skip("nginx is not installed (apt-get install nginx)")
    home = tmp_path_factory.mktemp("nginx")
    port = free_port()
    config = home / "nginx.conf"
    config.write_text(CONFIG.format(home=home, port=port, timed=TIMED, document=DOCUMENT))
    command = ["nginx", "-p", str(home), "-c", str(config), "-e", str(home / "error.log")]
    server = subprocess.Popen(command)
    try:
        for request in ODD:
            send(port, request)
    finally:
        server.send_signal(signal.SIGQUIT)
        server.wait(30)
    yield home


@pytest.mark.parametrize(("name", "format"), [("combined", None), ("timed", TIMED.strip("'")), ("document", None)])
def test_every_request_is_a_row(home: Path, name: str, format: str | None) -> None:
    hits = read_logs([home / f"{name}.log"], format=format, key=KEY)
    (batch,) = list(hits.batches())
    reading = hits.reading()
    assert (reading.malformed, reading.samples) == (0, ())
    assert reading.hits == reading.lines == len(ODD)
    methods = Counter(METHODS[number] for number in batch.method)
    assert methods == {"GET": 7, "POST": 1, "OTHER": 3}
    garbage = [row for row in range(len(ODD)) if batch.status[row] == 400]
    assert len(garbage) == 2
    assert all(batch.kind[row] == SCANNER and batch.route[row] == NONE for row in garbage)
    assert Counter(batch.status.tolist()) == {200: 8, 404: 1, 400: 2}
    assert (batch.duration_ns >= 0).all() if name != "combined" else (batch.duration_ns == NONE).all()
    routes = {route.id: route.requests for route in hits.routes()}
    assert routes["GET /absolute"] == routes["POST /form"] == routes["GET /plain"] == 1


def test_the_formats_agree(home: Path) -> None:
    def rows(name: str) -> list[tuple[object, ...]]:
        (batch,) = list(read_logs([home / f"{name}.log"], format=None, key=KEY).batches())
        return list(
            zip(*(column.tolist() for column in (batch.status, batch.bytes, batch.value, batch.kind)), strict=True)
        )

    assert rows("combined") == rows("timed")
    # JSON cannot hold bytes that are no text as they were.
    assert sum(one != other for one, other in zip(rows("combined"), rows("document"), strict=True)) <= 1


def test_one_client_is_one_by_address_and_agent(home: Path) -> None:
    (batch,) = list(read_logs([home / "document.log"], format=None, key=KEY).batches())
    clients = Counter(batch.client.tolist())
    assert sorted(clients.values()) == [1, 1, 1, len(ODD) - 3], "two with agents of their own, one forwarded"
