"""Access logs for tests: lines, and files packed in every way."""

from __future__ import annotations

import base64
import bz2
import gzip
import struct
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

__all__ = ["KEY", "PACKED", "ZSTD_LINES", "combined", "start_s", "write", "zstd"]

KEY = "0123456789abcdef0123456789abcdef"
AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:126.0) Gecko/20100101 Firefox/126.0"
START = datetime(2026, 5, 4, tzinfo=UTC)

ZSTD_LINES = base64.b64decode(
    "KLUv/QRo5QcAMs8qHUCPcyRYtALFVG/y7PMP0mT/d2+ZMsmUew7D0zUBz8ls8kw6ZmHGlzDzPdP5pp23eWQO4x98vj/vv37soePXOBk/2tB9jml4"
    "PzvrO3XTMo2xEPa9ZvavXQBri7erTI5IAimsNuggSYJcJgRbzEUSFYEqUaOmR+XcoKImkwdbN1ztF3OzSzzPYdVVEwalMUkotx6Cga1F2wZWO4jv"
    "nQVCuFfFEizBclrarS37UKgR8PX9rznwhc0ScBD4n1/wNwTPEPgBVOdPHXPuvCNnzp053rlzR86cO+e4c+eOnHPuzHHnzp1y5tyZ4847d+TMuTOn"
    "weB8DmmqFiDV1xMhTA=="
)
"""Forty lines of the combined format, a second apart from 2026-05-04, packed by zstd 1.5.4 -19."""


def start_s() -> float:
    """The first instant of these logs."""
    return START.timestamp()


def combined(
    second: float, target: str = "/products/1", client: str = "203.0.113.9", *, agent: str = AGENT, status: int = 200
) -> str:
    """A line of the combined format, without its ending."""
    stamp = (START + timedelta(seconds=second)).strftime("%d/%b/%Y:%H:%M:%S +0000")
    return f'{client} - - [{stamp}] "GET {target} HTTP/1.1" {status} 512 "https://shop.example/" "{agent}"'


def zstd(data: bytes) -> bytes:
    """A frame of zstd whose blocks are not compressed (RFC 8878, 3.1.1)."""
    blocks = [data[at : at + 100_000] for at in range(0, len(data), 100_000)] or [b""]
    packed = b"\x28\xb5\x2f\xfd\xa0" + struct.pack("<I", len(data))
    for number, block in enumerate(blocks):
        packed += struct.pack("<I", len(block) << 3 | (number == len(blocks) - 1))[:3] + block
    return packed


PACKED: dict[str, Callable[[bytes], bytes]] = {
    "plain": bytes,
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "zstd": zstd,
}


def write(path: Path, lines: Iterable[str], pack: Callable[[bytes], bytes] = bytes) -> Path:
    """A file of these lines, each ended; the file's name."""
    path.write_bytes(pack("".join(f"{line}\n" for line in lines).encode("utf-8", "surrogateescape")))
    return path
