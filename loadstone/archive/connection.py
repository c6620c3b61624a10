"""DuckDB as the archive uses it, and files that appear under their names only when they are whole."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from loadstone.archive.columns import quoted

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

__all__ = ["connect", "copy", "replace"]


def connect(spill: Path | None = None, memory: str | None = None) -> DuckDBPyConnection:
    """DuckDB in memory, which installs and loads nothing from the network and takes one thread.

    ``spill`` is the directory for what does not fit into ``memory`` ("2500MB"); DuckDB makes it when it is needed and
    removes it when it is closed. Without it nothing is written: what does not fit is an error.
    """
    import duckdb

    config: dict[str, str | bool | int | float | list[str]] = {
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
        "threads": "1",
        "pandas_analyze_sample": "0",  # objects in numpy's columns are texts: looking for what they are fails in 1.5
        "temp_directory": "" if spill is None else str(spill),
    }
    if memory is not None:
        config["memory_limit"] = memory
    return duckdb.connect(":memory:", config=config)


def copy(connection: DuckDBPyConnection, select: str, path: Path, *, level: int = 3) -> None:
    """Write the answer of a SELECT as a Parquet file, which appears under its name only when it is whole.

    ``level`` is zstd's: 1 saves a tenth of the time where rows are many, 3 is its own default.
    """
    temporary = path.with_suffix(".tmp")
    how = f"FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL {level}"
    connection.execute(f"COPY ({select}) TO {quoted(str(temporary))} ({how})")
    _sync(temporary)
    temporary.replace(path)


def replace(path: Path, content: bytes) -> None:
    """Write, fsync, rename: a reader sees the old or the new, and a crash leaves one of them."""
    temporary = path.with_name(path.name + ".tmp")
    with temporary.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
