"""Logs that Apache itself wrote, of requests that nobody should send: every one of them is a row."""

from __future__ import annotations

import shutil
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from loadstone.model.hits import METHODS
from loadstone.traffic.hits import read_logs
from tests.throwaway import free_port
from tests.traffic.logs import KEY
from tests.traffic.odd_requests import ODD, send

pytestmark = pytest.mark.optional("Apache is not installed everywhere")

MODULES = Path("/usr/lib/apache2/modules")
TIMED = r"%h %l %u %t \"%r\" %>s %O \"%{Referer}i\" \"%{User-Agent}i\" %D"
CONFIG = """\
ServerRoot {home}
ServerName localhost
Listen 127.0.0.1:{port}
PidFile {home}/apache.pid
DefaultRuntimeDir {home}
Mutex file:{home} default
LoadModule mpm_event_module {modules}/mod_mpm_event.so
LoadModule authz_core_module {modules}/mod_authz_core.so
User nobody
Group nogroup
DocumentRoot {home}/empty
ErrorLog {home}/error.log
LogLevel crit
HttpProtocolOptions Unsafe LenientMethods Allow0.9
LogFormat "%h %l %u %t \\"%r\\" %>s %b \\"%{{Referer}}i\\" \\"%{{User-Agent}}i\\"" combined
LogFormat "{timed}" timed
CustomLog {home}/combined.log combined
CustomLog {home}/timed.log timed
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with Apache's logs of these requests."""
    program = shutil.which("apache2")
    if program is None or not (MODULES / "mod_mpm_event.so").exists():
        pytest.skip("Apache is not installed (apt-get install apache2-bin)")
    home = tmp_path_factory.mktemp("apache")
    (home / "empty").mkdir()
    port = free_port()
    config = home / "apache.conf"
    config.write_text(CONFIG.format(home=home, port=port, modules=MODULES, timed=TIMED))
    server = subprocess.Popen([program, "-DFOREGROUND", "-f", str(config)], stderr=subprocess.PIPE)
    try:
        for request in ODD:
            if server.poll() is not None:
                raise AssertionError(server.stderr.read() if server.stderr else "")
            send(port, request)
        deadline = time.monotonic() + 30
        while (home / "timed.log").read_bytes().count(b"\n") < len(ODD) and time.monotonic() < deadline:
            time.sleep(0.02)
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(30)
    yield home


@pytest.mark.parametrize(("name", "format"), [("combined", None), ("timed", TIMED), ("timed", None)])
def test_every_request_is_a_row(home: Path, name: str, format: str | None) -> None:
    hits = read_logs([home / f"{name}.log"], format=format, key=KEY)
    (batch,) = list(hits.batches())
    reading = hits.reading()
    assert (reading.malformed, reading.samples) == (0, ())
    assert reading.hits == reading.lines == len(ODD)
    methods = Counter(METHODS[number] for number in batch.method)
    assert (methods["GET"], methods["POST"]) == (7, 1)
    assert (batch.status >= 400).all()
    assert (batch.duration_ns > 0).all() if name == "timed" else (batch.duration_ns == -1).all()


def test_the_formats_agree(home: Path) -> None:
    def rows(name: str) -> list[tuple[object, ...]]:
        (batch,) = list(read_logs([home / f"{name}.log"], format=None, key=KEY).batches())
        columns = (batch.status, batch.value, batch.kind, batch.client)
        return list(zip(*(column.tolist() for column in columns), strict=True))

    assert rows("combined") == rows("timed")
