"""Services that Loadstone did not start: real processes, another network namespace, and /proc as Docker leaves it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from loadstone.errors import SpecError
from loadstone.lab.surroundings import attach, look
from loadstone.lab.surroundings.attaching import service_pids, with_elsewhere
from loadstone.lab.surroundings.containers import container_of, inside
from loadstone.lab.surroundings.sockets import command_of, namespace_of, rows_of
from loadstone.model.discovery import Database
from tests.throwaway import free_port

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are read from /proc")

SERVE = """
import os, socket, sys
server = socket.create_server((sys.argv[1], int(sys.argv[2])))
child = os.fork()
if child == 0:
    import time
    time.sleep(600)
print(os.getpid(), child, flush=True)
sys.stdin.read()
os.kill(child, 9)
"""


@contextmanager
def serving(
    *before: str, program: str = sys.executable, host: str = "127.0.0.1", port: int, more: tuple[str, ...] = ()
) -> Iterator[tuple[int, int]]:
    """A process that listens and has a child: the ids of both."""
    words = [*before, program, "-c", SERVE, host, str(port), *more]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        pid, child = map(int, process.stdout.readline().split())
        yield pid, child
        with suppress(BrokenPipeError):
            process.stdin.close()


def test_by_port_by_pid_and_by_url_it_is_the_same_service() -> None:
    port = free_port()
    with serving(port=port) as (pid, child):
        for found in (attach(port=port), attach(pid=pid), attach(url=f"http://127.0.0.1:{port}/")):
            assert found.pids == (pid, child)
            assert found.url == f"http://127.0.0.1:{port}"
            assert found.containers == ()
            assert found.lost[0].startswith("statements, calls and waits")
            assert found.lost[1].startswith("traces: it exports none")


def test_what_is_not_there_is_an_error_with_a_way_out() -> None:
    with pytest.raises(SpecError, match=r"no process 4194305.*--port"):
        attach(pid=2**22 + 1)
    with pytest.raises(SpecError, match="nothing listens at 127"):
        attach(port=free_port())
    with pytest.raises(SpecError, match="--url nonsense"):
        attach(url="nonsense")
    with pytest.raises(SpecError, match="name a process"):
        attach()


def test_a_process_that_listens_nowhere_has_no_url() -> None:
    assert attach(pid=os.getpid()).url is None


def test_another_machine_keeps_its_processes_to_itself() -> None:
    found = attach(url="http://192.0.2.1:8000")
    assert found.pids == ()
    assert any("another machine" in words for words in found.lost)


@contextmanager
def elsewhere(port: int) -> Iterator[int]:
    """A service in a network namespace of its own, the process's id."""
    unshare, ip = shutil.which("unshare"), shutil.which("ip", path=f"/usr/sbin:{os.environ.get('PATH', '')}")
    if unshare is None or ip is None:
        pytest.skip("unshare and ip are not installed; on Debian: apt-get install util-linux iproute2")
    if subprocess.run([unshare, "-n", "true"], capture_output=True).returncode:
        pytest.skip("this user may not make a network namespace")
    script = f'{ip} link set lo up && exec "$@"'
    with serving(unshare, "-n", "sh", "-c", script, "sh", port=port) as (pid, _):
        yield pid


@pytest.mark.optional("a network namespace cannot be made everywhere")
def test_behind_a_proxy_the_processes_of_the_namespace_are_meant(tmp_path: Path) -> None:
    inner, outer = free_port(), free_port()
    proxy = tmp_path / "docker-proxy"
    proxy.symlink_to(sys.executable)
    with elsewhere(inner) as pid:
        assert namespace_of(pid) != namespace_of()
        assert pid in next(iter(inside(inner, "127.0.0.1").values()))
        more = ("-proto", "tcp", "-container-ip", "127.0.0.1", "-container-port", str(inner))
        with serving(program=str(proxy), port=outer, more=more):
            found = attach(port=outer)
            assert pid in found.pids
            assert all("docker-proxy" not in command_of(each) for each in found.pids)
            assert "forwards to a container" in found.notes[0]
            assert any("network_mode: host" in words for words in found.lost)


@pytest.mark.optional("a network namespace cannot be made everywhere")
def test_a_port_that_the_kernel_forwards_is_found_in_its_namespace() -> None:
    port = free_port()
    with elsewhere(port) as pid:
        assert pid in attach(port=port).pids
        assert attach(pid=pid).url is None  # its loopback is not ours


def test_what_answers_elsewhere_joins_what_was_started() -> None:
    port = free_port()
    with serving(port=port) as (pid, child):
        url = f"http://127.0.0.1:{port}"
        assert with_elsewhere(lambda: {os.getpid()}, url)() == {os.getpid(), pid, child}
        assert with_elsewhere(lambda: {pid}, url)() == {pid}
    assert with_elsewhere(lambda: {1}, url)() == {1}


ID = "3f4a1b2c" * 8

CGROUPS = {
    f"0::/system.slice/docker-{ID}.scope": ("docker", ID[:12]),
    f"12:pids:/docker/{ID}\n1:name=systemd:/docker/{ID}": ("docker", ID[:12]),
    f"0::/kubepods.slice/kubepods-pod1.slice/cri-containerd-{ID}.scope": ("kubernetes", ID[:12]),
    f"4:memory:/kubepods/burstable/pod1/{ID}": ("kubernetes", ID[:12]),
    f"0::/machine.slice/libpod-{ID}.scope/container": ("podman", ID[:12]),
    f"0::/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-{ID}.scope": ("podman", ID[:12]),
    f"0::/machine.slice/libpod-conmon-{ID}.scope": None,
    f"0::/default/{ID}": ("containerd", ID[:12]),
    "0::/lxc.payload.shop/init.scope": ("lxc", "shop"),
    "0::/user.slice/session-1.scope": None,
    "0::/": None,
}


@pytest.mark.parametrize("text", CGROUPS)
def test_containers_by_their_groups(text: str, tmp_path: Path) -> None:
    (tmp_path / "7").mkdir()
    (tmp_path / "7/cgroup").write_text(text + "\n")
    assert container_of(7, tmp_path) == CGROUPS[text]


HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"


class Proc:
    """A /proc that is written."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.process("self", "net:[1]")

    def process(
        self, pid: str, space: str | None, *words: str, sockets: tuple[int, ...] | None = (), group: str = "0::/"
    ) -> None:
        here = self.folder / pid
        (here / "net").mkdir(parents=True)
        (here / "cmdline").write_bytes("".join(f"{word}\0" for word in words).encode())
        (here / "cgroup").write_text(group + "\n")
        (here / "environ").write_bytes(b"DATABASE_URL=postgres://u:hunter2@db/shop\0")
        if space is not None:
            (here / "ns").mkdir()
            (here / "ns/net").symlink_to(space)
        if sockets is not None:
            (here / "fd").mkdir()
            for number, inode in enumerate(sockets, 3):
                (here / "fd" / str(number)).symlink_to(f"socket:[{inode}]")

    def sockets(self, pid: str, *rows: tuple[str, int, str, int, str, int, int]) -> None:
        """Address and port, the other end's, state, uid and inode of each."""

        def place(host: str, port: int) -> str:
            raw = socket.inet_aton(host)
            return f"{int.from_bytes(raw, sys.byteorder):08X}:{port:04X}"

        lines = [
            f"   {number}: {place(host, port)} {place(other, at)} {state} 00000000:00000000 00:00000000 00000000  "
            f"{uid}        0 {inode} 1 0000000000000000 100 0 0 10 0\n"
            for number, (host, port, other, at, state, uid, inode) in enumerate(rows)
        ]
        (self.folder / pid / "net/tcp").write_text(HEAD + "".join(lines))

    def address(self, pid: str, address: str) -> None:
        branches = "Main:\n  +-- 0.0.0.0/0 3 0 5\n     |-- 0.0.0.0\n        /0 universe UNICAST\nLocal:\n"
        leaves = (f"     |-- {local}\n        /32 host LOCAL\n" for local in ("127.0.0.1", address))
        trie = branches + "".join(leaves)
        (self.folder / pid / "net/fib_trie").write_text(trie)


@pytest.fixture
def docker(tmp_path: Path) -> Proc:
    """A machine with one container that serves at 8000, published at 8080, connected to a database of another one."""
    proc = Proc(tmp_path)
    proc.sockets("self", ("0.0.0.0", 8080, "0.0.0.0", 0, "0A", 0, 11))
    forwards = ("-proto", "tcp", "-host-ip", "0.0.0.0", "-host-port", "8080")
    to = ("-container-ip", "172.17.0.2", "-container-port", "8000")
    proc.process("100", "net:[1]", "/usr/bin/docker-proxy", *forwards, *to, sockets=(11,))
    group = f"0::/system.slice/docker-{ID}.scope"
    proc.process("200", "net:[2]", "gunicorn", "shop.wsgi", sockets=(21,), group=group)
    proc.process("201", "net:[2]", "gunicorn", "shop.wsgi", sockets=(21, 22), group=group)
    rows = [
        ("0.0.0.0", 8000, "0.0.0.0", 0, "0A", 1000, 21),
        ("172.17.0.2", 41000, "172.17.0.3", 5432, "01", 1000, 22),
        ("172.17.0.2", 8000, "172.17.0.1", 50000, "01", 1000, 23),
    ]
    for pid in ("200", "201"):
        proc.sockets(pid, *rows)
        proc.address(pid, "172.17.0.2")
    proc.process("300", "net:[3]", "nginx", sockets=(31,))
    proc.sockets("300", ("0.0.0.0", 8000, "0.0.0.0", 0, "0A", 0, 31))
    proc.address("300", "172.17.0.9")
    return proc


def test_a_published_port_leads_to_the_containers_processes(docker: Proc) -> None:
    found = attach(port=8080, proc=docker.folder)
    assert found.pids == (200, 201)
    assert [(one.engine, one.id, one.pids) for one in found.containers] == [("docker", ID[:12], (200, 201))]
    assert "docker-proxy" in found.notes[0]


def test_an_address_of_this_machine_is_this_machine(docker: Proc) -> None:
    docker.address("self", "10.0.0.5")
    assert attach(url="http://10.0.0.5:8080", proc=docker.folder).pids == (200, 201)
    assert attach(url="http://10.0.0.6:8080", proc=docker.folder).pids == ()


def test_a_process_of_a_container_is_reached_where_it_is_published(docker: Proc) -> None:
    assert attach(pid=200, proc=docker.folder).url == "http://127.0.0.1:8080"
    (docker.folder / "100/fd/3").unlink()
    assert attach(pid=200, proc=docker.folder).url == "http://172.17.0.2:8000"
    assert attach(url="http://172.17.0.2:8000", proc=docker.folder).pids == (200, 201)


def test_a_containers_connections_are_read_in_its_own_namespace(docker: Proc) -> None:
    found = look([200, 201], folder=None, proc=docker.folder)
    (one,) = found.databases
    assert one == Database(
        "postgresql", "DATABASE_URL, an open connection", "db", 5432, "shop",
        dsn_env="DATABASE_URL", dsn="{env.DATABASE_URL}",
    )  # fmt: skip
    assert [each.id for each in found.containers] == [ID[:12]]


def test_a_connection_that_has_just_ended_is_a_hint_and_no_finding(docker: Proc) -> None:
    rows = [("172.17.0.2", 41000, "172.17.0.4", 3306, "06", 0, 0), ("172.17.0.2", 41001, "172.17.0.4", 81, "06", 0, 0)]
    docker.sockets("200", *rows)
    (docker.folder / "200/environ").write_bytes(b"")
    found = look([200], proc=docker.folder)
    assert (*found.databases, *found.dependencies) == ()
    assert [note for note in found.notes if "ended" in note] == [
        "A connection to mysql at 172.17.0.4:3306 has just ended; whether it was this service's the kernel does not "
        "tell: if so, name it with --dsn"
    ]


def test_what_was_asked_of_the_service_itself_is_no_connection_of_its_own(docker: Proc) -> None:
    rows = [("0.0.0.0", 3306, "0.0.0.0", 0, "0A", 1000, 21), ("127.0.0.1", 41000, "127.0.0.1", 3306, "06", 0, 0)]
    docker.sockets("200", *rows)
    (docker.folder / "200/environ").write_bytes(b"")
    assert not [note for note in look([200], proc=docker.folder).notes if "ended" in note]


def test_a_container_that_cannot_be_seen_is_told(docker: Proc) -> None:
    for pid in ("200", "201", "300"):
        (docker.folder / pid / "ns/net").unlink()
    found = attach(port=8080, proc=docker.folder)
    assert found.pids == ()
    assert found.notes == (
        "Port 8080 is held by docker-proxy, which forwards to 172.17.0.2:8000: the service's processes cannot be seen "
        "from here; run loadstone as root to see them, or name one with --pid",
    )
    assert any(words.startswith("profiles, CPU and memory") for words in found.lost)


def test_a_port_of_another_user_is_told(tmp_path: Path) -> None:
    proc = Proc(tmp_path)
    proc.sockets("self", ("127.0.0.1", 8000, "0.0.0.0", 0, "0A", 4_000_000, 11))
    proc.process("100", None, "gunicorn", sockets=None)
    found = attach(port=8000, proc=tmp_path)
    assert found.pids == ()
    assert "another user, 4000000: run loadstone as that user, or with sudo" in found.notes[0]


def test_a_process_of_another_user_says_what_is_lost(docker: Proc) -> None:
    shutil.rmtree(docker.folder / "200/fd")
    (docker.folder / "200/environ").unlink()
    lost = " ".join(attach(pid=200, proc=docker.folder).lost)
    assert "open connections and SQLite files: some of its processes are another user's" in lost
    assert "what its environment names" in lost
    notes = " ".join(look([200], proc=docker.folder).notes)
    assert "environment of some of its processes may not be read" in notes
    assert "sockets of some of its processes may not be seen" in notes


def test_rootless_engines_forward_without_saying_where(docker: Proc) -> None:
    (docker.folder / "100/cmdline").write_bytes(b"rootlessport\0")
    found = attach(port=8080, proc=docker.folder)
    assert found.pids == ()
    assert "rootlessport, which forwards:" in found.notes[0]


def test_addresses_of_both_families_are_read() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert ("127.0.0.1", port, True) in [(row.host, row.port, row.listens) for row in rows_of()]
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6) as server:
            assert ("::1", server.getsockname()[1]) in [(row.host, row.port) for row in rows_of()]
    except OSError:
        pass  # a machine without IPv6 has nothing to read


def test_a_system_without_proc_tells_nothing_and_breaks_nothing(tmp_path: Path) -> None:
    nowhere = tmp_path / "proc"
    found = attach(port=8000, proc=nowhere)
    assert (found.pids, found.notes[0][:27]) == ((), "This system has no /proc, w")
    assert attach(pid=7, proc=nowhere).url is None
    assert service_pids("http://127.0.0.1:8000", nowhere) == set()
    assert look([7], proc=nowhere).databases == ()
