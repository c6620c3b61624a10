"""``instrument = "otel"``: the official zero-code packages, put into the service through its environment alone.

Python: opentelemetry-instrumentation of the service's own interpreter, started by ``inject/sitecustomize.py``. Node:
``@opentelemetry/auto-instrumentations-node``, where it resolves from the service's directory. JVM: the agent's jar.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import msgspec

from loadstone.gather.collector import Start
from loadstone.model.evidence import Missing

__all__ = ["INJECT", "MARKS", "Runtime", "endpoint_env", "instrumented", "runtime"]

INJECT = Path(__file__).parent / "inject"

MARKS = "LOADSTONE_OTEL_MARKS"
"""Variable with the directory where each Python process says that it has loaded ``inject/sitecustomize.py``."""

PROBE_S = 30.0

_PROBE = """
import importlib.util as util, json, sys
from importlib.metadata import entry_points
def has(name):
    try:
        return util.find_spec(name) is not None
    except ImportError:
        return False
found = entry_points()
group = "opentelemetry_instrumentor"
points = found.select(group=group) if hasattr(found, "select") else found.get(group, [])
print(json.dumps({
    "start": has("opentelemetry.instrumentation.auto_instrumentation") and has("opentelemetry.distro"),
    "exporter": has("opentelemetry.exporter.otlp.proto.http.trace_exporter"),
    "instrumentors": len(list(points)),
}))
"""

# The process's command line as resource attributes: passwords are given there.
_JVM_COMMAND = "io.opentelemetry.instrumentation.resources.ProcessResourceProvider"
_NODE_DETECTORS = "env,host,serviceinstance"

_PYTHON = re.compile(r"(python|pypy)[\d.]*t?")
_JAVA = ("java",)
_NODE = ("node", "nodejs", "npm", "npx", "yarn", "pnpm", "tsx", "ts-node", "next")
_RUNNERS = ("uv", "poetry", "pipenv", "hatch", "pdm", "rye")
_BLIND = re.compile(r"-[A-Za-z]*[IES]")


class Runtime(msgspec.Struct, frozen=True):
    """What a command starts. ``python`` are the words that run its interpreter; ``blind`` an option of it that keeps
    the environment out."""

    language: str
    python: tuple[str, ...] = ()
    blind: str | None = None


class _Found(msgspec.Struct):
    start: bool
    exporter: bool
    instrumentors: int


def runtime(argv: Sequence[str], which: Callable[[str], str | None]) -> Runtime | None:
    """What ``argv`` starts, by its program's name, its shebang, or what a runner is asked to run; None when unknown."""
    words = list(argv)
    while words and (Path(words[0]).name in ("env", "exec", "nohup", "nice", "setsid") or re.match(r"\w+=", words[0])):
        words.pop(0)
    if not words:
        return None
    name = Path(words[0]).name
    if _PYTHON.fullmatch(name):
        options = [word for word in words[1:2] if word.startswith("-")]
        blind = next((word for word in options if _BLIND.match(word) and not word.startswith("--")), None)
        return Runtime("python", (words[0],), blind)
    if name in _RUNNERS and words[1:2] == ["run"]:
        return Runtime("python", (words[0], "run", "python"))
    if name in _NODE:
        return Runtime("node")
    if name in _JAVA:
        return Runtime("jvm")
    path = which(words[0])
    return None if path is None else _by_shebang(Path(path))


def _by_shebang(path: Path) -> Runtime | None:
    try:
        with path.open("rb") as file:
            head = file.read(1024).decode(errors="replace").splitlines()
    except OSError:
        return None
    if not head or not head[0].startswith("#!"):
        return None
    try:
        words = shlex.split(head[0][2:])
        if len(head) > 1 and head[1].startswith("'''exec' "):  # pip's way around a path that is too long or has spaces
            words = shlex.split(head[1].removeprefix("'''exec' "))[:1]
    except ValueError:
        return None
    if words and Path(words[0]).name == "env":
        words = [word for word in words[1:] if not word.startswith("-")]
    name = Path(words[0]).name if words else ""
    if _PYTHON.fullmatch(name):
        return Runtime("python", (words[0],))
    return Runtime("node") if name in _NODE else None


def endpoint_env(endpoint: str) -> dict[str, str]:
    """What sends a process's traces to the receiver, however it was instrumented."""
    return {
        "OTEL_EXPORTER_OTLP_ENDPOINT": endpoint,
        "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": f"{endpoint}/v1/traces",
        "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
        "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "http/protobuf",
    }


def instrumented(
    start: Start, endpoint: str, marks: Path, cwd: Path | None = None, environ: Mapping[str, str] = os.environ
) -> tuple[Start, Missing | None]:
    """The command with the official packages in its environment, or as it was and what is missing."""
    env = {**environ, **start.env}
    here = cwd or Path.cwd()
    kind = runtime(start.argv, lambda program: shutil.which(program, path=env.get("PATH")))
    added: dict[str, str] | Missing
    match kind:
        case Runtime(language="python"):
            added = _python(kind, env, here, marks)
        case Runtime(language="node"):
            added = _node(env, here)
        case Runtime(language="jvm"):
            added = _jvm(start.argv, env, here)
        case _:
            added = Missing(
                "traces",
                f"{start.argv[0]} is none of python, node and java, nor a script of theirs",
                "start the program itself, or let the service export OTLP by its own means and set instrument = false",
            )
    if isinstance(added, Missing):
        return start, added
    common = {
        "OTEL_TRACES_EXPORTER": "otlp",
        "OTEL_METRICS_EXPORTER": "none",
        "OTEL_LOGS_EXPORTER": "none",
        "OTEL_TRACES_SAMPLER": "always_on",
        "OTEL_SEMCONV_STABILITY_OPT_IN": "http,database",
        "OTEL_SDK_DISABLED": "false",
        # The SDK's queue of 2048 spans drops silently what a busy second brings.
        "OTEL_BSP_MAX_QUEUE_SIZE": "65536",
        "OTEL_BSP_SCHEDULE_DELAY": "1000",
    }
    return Start(start.argv, {**start.env, **common, **endpoint_env(endpoint), **added}), None


def _python(kind: Runtime, env: Mapping[str, str], cwd: Path, marks: Path) -> dict[str, str] | Missing:
    command = shlex.join(kind.python)
    if kind.blind is not None:
        return Missing(
            "traces",
            f"{command} {kind.blind} keeps PYTHONPATH or sitecustomize out",
            f"start the service without {kind.blind}",
        )
    install = f"{command} -m pip install opentelemetry-distro opentelemetry-exporter-otlp-proto-http"
    bootstrap = "opentelemetry-bootstrap -a install"
    try:
        told = subprocess.run(
            [*kind.python, "-c", _PROBE], env=dict(env), cwd=cwd, capture_output=True, timeout=PROBE_S, check=True
        ).stdout
        found = msgspec.json.decode(told.strip().splitlines()[-1] if told.strip() else b"", type=_Found)
    except (OSError, subprocess.SubprocessError, msgspec.DecodeError, msgspec.ValidationError) as error:
        return Missing("traces", f"{command} could not be asked for its packages ({type(error).__name__})", install)
    if not found.start or not found.exporter:
        return Missing("traces", f"{command} has no OpenTelemetry packages", f"{install} && {bootstrap}")
    if not found.instrumentors:
        return Missing("traces", f"{command} has OpenTelemetry, and no library's instrumentation", bootstrap)
    before = env.get("PYTHONPATH")
    return {"PYTHONPATH": f"{INJECT}{os.pathsep}{before}" if before else str(INJECT), MARKS: str(marks)}


def _node(env: Mapping[str, str], cwd: Path) -> dict[str, str] | Missing:
    name = "@opentelemetry/auto-instrumentations-node"
    for folder in (cwd, *cwd.resolve().parents):
        package = folder / "node_modules" / name
        if (package / "package.json").is_file():
            break
    else:
        return Missing("traces", f"{name} is not installed for {cwd}", f"npm install {name} @opentelemetry/api")
    try:
        exports = json.loads((package / "package.json").read_text(encoding="utf-8")).get("exports", {})
        told = exports.get("./register", "./build/src/register.js")
        register = package / (told if isinstance(told, str) else told.get("default", "./build/src/register.js"))
    except (OSError, ValueError, AttributeError):
        register = package / "build/src/register.js"
    if not register.is_file():
        return Missing("traces", f"{package} has no register hook", f"npm install {name}@latest")
    option = f'--require "{register.resolve()}" --require "{INJECT / "terminate.cjs"}"'
    before = env.get("NODE_OPTIONS")
    return {
        "NODE_OPTIONS": f"{before} {option}" if before else option,
        "LOADSTONE_OTEL_NODE": str(package.resolve()),
        "OTEL_NODE_RESOURCE_DETECTORS": env.get("OTEL_NODE_RESOURCE_DETECTORS", _NODE_DETECTORS),
    }


def _jvm(argv: Sequence[str], env: Mapping[str, str], cwd: Path) -> dict[str, str] | Missing:
    places = [Path(env["OTEL_JAVAAGENT"])] if env.get("OTEL_JAVAAGENT") else []
    beside = [cwd, *(cwd / Path(word).parent for word in argv if word.endswith(".jar"))]
    for folder in beside:
        places += sorted(folder.glob("opentelemetry-javaagent*.jar"), key=_version, reverse=True)
    maven = Path(env.get("HOME", "~")).expanduser() / ".m2/repository/io/opentelemetry/javaagent"
    found = maven.glob("opentelemetry-javaagent/*/opentelemetry-javaagent-*.jar")
    places += sorted(found, key=_version, reverse=True)
    jar = next((place for place in places if place.is_file()), None)
    if jar is None:
        return Missing(
            "traces",
            "the OpenTelemetry agent for the JVM was not found beside the service, in ~/.m2 or in OTEL_JAVAAGENT",
            "mvn dependency:get -Dartifact=io.opentelemetry.javaagent:opentelemetry-javaagent:RELEASE",
        )
    option = f'"-javaagent:{jar.resolve()}"'
    before = env.get("JAVA_TOOL_OPTIONS")
    disabled = env.get("OTEL_JAVA_DISABLED_RESOURCE_PROVIDERS")
    return {
        "JAVA_TOOL_OPTIONS": f"{before} {option}" if before else option,
        "OTEL_JAVA_DISABLED_RESOURCE_PROVIDERS": f"{disabled},{_JVM_COMMAND}" if disabled else _JVM_COMMAND,
    }


def _version(jar: Path) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", jar.stem)]
