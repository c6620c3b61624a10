"""To which Unix sockets a set of sockets is connected: the kernel is asked by sock_diag(7), which any user may.

/proc/net/unix has the paths of sockets that were bound, and not who is connected to whom.
"""

from __future__ import annotations

import errno
import os
import socket
import struct
from collections.abc import Iterator

__all__ = ["unix_peers"]

_SOCK_DIAG_BY_FAMILY = 20  # include/uapi/linux/sock_diag.h
_REQUEST, _DUMP = 0x1, 0x300  # NLM_F_REQUEST, NLM_F_DUMP of linux/netlink.h
_DONE, _ERROR = 3, 2  # NLMSG_DONE, NLMSG_ERROR
_SHOW_NAME, _SHOW_PEER = 0x1, 0x4  # UDIAG_SHOW_* of linux/unix_diag.h
_NAME, _PEER = 0, 2  # UNIX_DIAG_NAME, UNIX_DIAG_PEER
_NETLINK_SOCK_DIAG = 4
_ALL = 0xFFFFFFFF
_PATIENCE_S = 2.0

_HEADER = struct.Struct("=IHHII")
_ASKED = struct.Struct("=BBHIIIII")  # unix_diag_req
_TOLD = struct.Struct("=BBBBIII")  # unix_diag_msg
_ATTRIBUTE = struct.Struct("=HH")


def unix_peers(inodes: set[int]) -> set[str]:
    """Paths of the sockets that these are connected to, in this process's network namespace; none where the kernel
    does not tell."""
    if not inodes or not hasattr(socket, "AF_NETLINK"):
        return set()
    try:
        told = dict(_sockets())
    except OSError:
        return set()
    peers = {told[inode][1] for inode in inodes & told.keys()}
    return {told[peer][0] for peer in peers & told.keys() if told[peer][0].startswith("/")}


def _sockets() -> Iterator[tuple[int, tuple[str, int]]]:
    """Inode -> path and the peer's inode, 0 where it has none."""
    asked = _ASKED.pack(socket.AF_UNIX, 0, 0, _ALL, 0, _SHOW_NAME | _SHOW_PEER, _ALL, _ALL)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETLINK_SOCK_DIAG) as link:
        link.settimeout(_PATIENCE_S)
        link.bind((0, 0))
        size = _HEADER.size + len(asked)
        link.send(_HEADER.pack(size, _SOCK_DIAG_BY_FAMILY, _REQUEST | _DUMP, 1, 0) + asked)
        while True:
            data = link.recv(1 << 18)
            at = 0
            while at + _HEADER.size <= len(data):
                length, kind, *_ = _HEADER.unpack_from(data, at)
                if kind == _DONE or length < _HEADER.size:
                    return
                if kind == _ERROR:
                    number = -struct.unpack_from("=i", data, at + _HEADER.size)[0]
                    raise OSError(number or errno.EIO, os.strerror(number or errno.EIO))
                yield _socket(data[at + _HEADER.size : at + length])
                at += -(-length // 4) * 4


def _socket(message: bytes) -> tuple[int, tuple[str, int]]:
    inode = _TOLD.unpack_from(message)[4]
    path, peer = "", 0
    at = _TOLD.size
    while at + _ATTRIBUTE.size <= len(message):
        length, kind = _ATTRIBUTE.unpack_from(message, at)
        value = message[at + _ATTRIBUTE.size : at + length]
        if kind == _NAME:
            path = value.rstrip(b"\0").decode(errors="replace")
        elif kind == _PEER:
            peer = struct.unpack("=I", value[:4])[0]
        if length < _ATTRIBUTE.size:
            break
        at += -(-length // 4) * 4
    return inode, (path, peer)
