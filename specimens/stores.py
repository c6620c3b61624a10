"""Where specimens keep their data: a folder for files, PostgreSQL and Redis as the environment names them."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

__all__ = ["file_in_folder", "postgres_dsn", "redis_port"]


def file_in_folder(name: str) -> str:
    """A file of the specimen's own: in SPECIMEN_FOLDER, else where temporary files go."""
    return str(Path(os.environ.get("SPECIMEN_FOLDER") or tempfile.gettempdir()) / name)


def postgres_dsn() -> str:
    """SPECIMEN_DSN; a KeyError where there is none."""
    return os.environ["SPECIMEN_DSN"]


def redis_port() -> int:
    """SPECIMEN_REDIS, a port of this machine; a KeyError where there is none."""
    return int(os.environ["SPECIMEN_REDIS"])
