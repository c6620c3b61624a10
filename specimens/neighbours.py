"""What specimens need around them: PostgreSQL and Redis of their own, packages of npm, the JVM's agent."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests import throwaway

__all__ = ["Absent", "Neighbours"]

_NPM = ("@opentelemetry/auto-instrumentations-node", "@opentelemetry/api", "pg")
_AGENT = "io.opentelemetry.javaagent:opentelemetry-javaagent:RELEASE"
_FETCHED_WITHIN_S = 300.0


class Absent(Exception):
    """What a specimen needs cannot be had here; the message says why."""


class Neighbours:
    """Started when first asked for, stopped together; their environment goes to every specimen."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self.env: dict[str, str] = {}
        self.node_modules: Path | None = None
        self._had: set[str] = set()

    @classmethod
    @contextmanager
    def running(cls) -> Iterator[Neighbours]:
        """None of them yet; all are stopped at the end."""
        with ExitStack() as stack:
            yield cls(stack)

    def need(self, names: Iterable[str]) -> None:
        """Have each of postgres, redis, npm, java, maven. Raises Absent."""
        for name in names:
            if name not in self._had:
                try:
                    getattr(self, f"_{name}")()
                except pytest.skip.Exception as skipped:
                    raise Absent(str(skipped)) from None
                self._had.add(name)

    def _postgres(self) -> None:
        server = self._stack.enter_context(throwaway.postgres(options="-c track_io_timing=on", counting=True))
        self.env["SPECIMEN_DSN"] = server.dsn

    def _redis(self) -> None:
        self.env["SPECIMEN_REDIS"] = str(self._stack.enter_context(throwaway.redis()))

    def _npm(self) -> None:
        npm = shutil.which("npm")
        if npm is None or os.environ.get("LOADSTONE_TEST_NPM") != "1":
            raise Absent(f"set LOADSTONE_TEST_NPM=1 to install {_NPM[0]} and pg from npm")
        folder = self._folder("npm")
        words = [npm, "install", "--no-audit", "--no-fund", "--silent", *_NPM]
        subprocess.run(words, cwd=folder, check=True, timeout=_FETCHED_WITHIN_S)
        self.node_modules = folder / "node_modules"

    def _java(self) -> None:
        if shutil.which("javac") is None:
            raise Absent("a JDK is not installed; on Debian: apt-get install default-jdk-headless")

    def _maven(self) -> None:
        maven = shutil.which("mvn")
        if maven is None or os.environ.get("LOADSTONE_TEST_MAVEN") != "1":
            raise Absent("set LOADSTONE_TEST_MAVEN=1 to get OpenTelemetry's agent for the JVM by Maven")
        words = [maven, "-q", "dependency:get", f"-Dartifact={_AGENT}", "-Dtransitive=false"]
        subprocess.run(words, check=True, timeout=_FETCHED_WITHIN_S)

    def _folder(self, name: str) -> Path:
        return Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix=f"specimen-{name}-")))
