"""Whose code a frame of a stack is: the application's, a library's, the runtime's, the observer's own.

Profilers shorten paths: a package's file is told from its package on ("sqlalchemy/pool/impl.py"), the standard
library's by its module ("json/encoder.py"), the service's own from its working directory. So names decide, and the
files that spans call lines of the application (``known``) overrule them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from loadstone.model.frame import frames_of, read_frame
from loadstone.model.waiting import IDLE_FRAMES, waits

__all__ = ["Frame", "Origin", "Reader", "application_files", "served_from"]

Origin = Literal["application", "library", "data", "runtime", "observer"]
"""``data`` is a library that talks to a database or a store: its work is a statement's. ``runtime`` is the language's
own library, the interpreter and the system's."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_STANDARD = _words(
    "abc aifc argparse array ast asyncio base64 bdb binascii bisect builtins bz2 calendar cgi chunk cmath cmd "
    "code codecs codeop collections colorsys concurrent configparser contextlib contextvars copy copyreg csv "
    "ctypes dataclasses datetime decimal difflib dis email encodings enum fnmatch fractions ftplib functools gc "
    "genericpath getpass gettext glob graphlib gzip hashlib heapq hmac html http imaplib importlib inspect io "
    "ipaddress itertools json keyword linecache locale logging lzma mailbox marshal math mimetypes mmap "
    "multiprocessing numbers operator os pathlib pickle pickletools pkgutil platform plistlib posixpath pprint "
    "profile queue quopri random re reprlib runpy sched secrets select selectors shelve shlex shutil signal site "
    "smtplib socket socketserver sre_compile sre_constants sre_parse ssl stat statistics string stringprep "
    "struct subprocess symtable sys sysconfig tarfile tempfile textwrap threading time timeit token tokenize "
    "tomllib trace traceback tracemalloc types typing unicodedata unittest urllib uuid venv warnings wave "
    "weakref wsgiref xml xmlrpc zipfile zipimport zlib zoneinfo"
)
"""CPython 3.11's modules, without those that no server runs. ``sqlite3`` and ``dbm`` are data."""

_DATA = _words(
    "sqlite3 dbm sqlalchemy psycopg psycopg2 psycopg_pool psycopg_binary asyncpg aiosqlite aiopg pymysql "
    "aiomysql MySQLdb mysql mariadb pymongo motor bson redis aioredis valkey memcache pymemcache pylibmc "
    "cassandra elasticsearch opensearchpy peewee tortoise sqlmodel databases django_redis oracledb cx_Oracle "
    "pyodbc duckdb clickhouse_driver snowflake google_cloud_bigquery mongoengine pony records boto3 botocore"
)
_LIBRARIES = _words(
    "aiohttp allauth amqp anyio asgiref attr attrs babel bcrypt billiard bleach blinker bottle brotli bs4 cachetools "
    "cattrs celery certifi cffi chardet charset_normalizer cheroot click corsheaders cryptography cssselect daphne "
    "dateutil defusedxml django dns docutils eventlet exceptiongroup falcon fastapi flask flask_sqlalchemy gevent "
    "graphene graphql greenlet grpc gunicorn h11 h2 html5lib httpcore httptools httpx hypercorn idna "
    "itsdangerous jinja2 joblib jose jsonschema jwt kombu litestar lxml mako markdown markupsafe marshmallow "
    "matplotlib msgpack msgspec multidict multipart mypy_extensions networkx numba numpy oauthlib openpyxl "
    "opentelemetry orjson packaging pandas paramiko passlib pika PIL pkg_resources polars prometheus_client "
    "pyarrow pydantic pydantic_core pygments pyparsing pytz quart requests rest_framework rsa ruamel sanic scipy "
    "sentry_sdk setuptools simplejson six sklearn sniffio socketio sortedcontainers soupsieve sqlparse starlette "
    "strawberry structlog tabulate tenacity torch tornado tqdm twisted typer typing_extensions ujson urllib3 "
    "uvicorn uvloop waitress watchfiles webob websockets werkzeug whitenoise wrapt wtforms xmltodict yaml yarl "
    "zmq zope zstandard"
)
_INSTALLED = re.compile(r"/(?:site-packages|dist-packages|node_modules)/|^node_modules/|^vendor/|/vendor/")
_SYSTEM = re.compile(
    r"^node:|^internal/|^\[|^<|/lib(?:64)?/python[23]\.\d+|^/usr/lib|^/lib(?:64)?/|\.so(?:\.|$)|^/usr/local/go/src/|"
    r"^/usr/bin/|/bin/[\w.-]+$|^\(.*\)$"
)
_JVM = re.compile(r"^(?:java|javax|jdk|sun|com\.sun|jakarta|kotlin|kotlinx|scala|groovy)\.")
_JVM_DATA = re.compile(
    r"^(?:org\.hibernate|java\.sql|org\.postgresql|com\.mysql|org\.mariadb|com\.zaxxer\.hikari|org\.h2|oracle\.jdbc|"
    r"redis\.clients|io\.lettuce|com\.mongodb|org\.jooq|org\.apache\.ibatis|org\.springframework\.(?:jdbc|data|orm))\."
)
_JVM_LIBRARY = re.compile(
    r"^(?:org\.(?:springframework|apache|eclipse|jboss|glassfish|slf4j|junit|yaml|json|aspectj|reactivestreams)|"
    r"com\.(?:fasterxml|google|netflix|squareup|codahale)|ch\.qos|io\.(?:netty|micrometer|undertow|vertx|"
    r"micronaut|quarkus|opentelemetry|grpc|reactivex|projectreactor)|reactor|net\.bytebuddy|lombok|akka|play)\."
)
_DATA_PACKAGES = re.compile(
    r"(?:^|/)(?:node_modules/(?:pg|pg-[\w-]+|mysql2?|knex|sequelize|typeorm|@prisma|mongodb|mongoose|ioredis|redis|"
    r"better-sqlite3|sqlite3|mssql|tedious)|django/db|django/contrib/gis/db)/"
)
_OBSERVER = re.compile(r"_loadstone_recorder/|(?:^|/)opentelemetry/|io\.opentelemetry\.javaagent|/@opentelemetry/")
_OBSERVED_DATA = re.compile(r"_loadstone_recorder/lib_(?:sqlite3|psycopg|asyncpg|pymysql|mysql|redis|sqlalchemy|dbapi)")
_SERVERS = re.compile(
    r"^(?:uvicorn|gunicorn|hypercorn|waitress|cheroot|daphne|granian|meinheld|bjoern|gevent|eventlet|tornado|twisted|"
    r"celery|billiard|kombu|rq)/|^(?:socketserver|threading|runpy)\.py$|^werkzeug/serving|^wsgiref/|^http/server|"
    r"^asyncio/(?:runners|base_events|events)\.py$|^aiohttp/web(?:_runner|_protocol)?\.py$|^<frozen runpy>$|"
    r"^anyio/_backends/"
)
_POOL_WORKER = re.compile(r"^_worker$|^_WorkItem\.run$")


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame. ``file`` and ``line`` as the profiler told them. ``waits``: a call that waits when it is the leaf."""

    function: str
    file: str | None
    line: int | None
    origin: Origin
    waits: bool

    @property
    def key(self) -> tuple[str, str]:
        """What tells functions apart: its name and its file."""
        return self.function, self.file or ""

    @property
    def where(self) -> str:
        """``function (file:line)``."""
        if self.file is None:
            return self.function
        return f"{self.function} ({self.file}{'' if self.line is None else f':{self.line}'})"


def application_files(files: Iterable[str | None]) -> frozenset[str]:
    """What spans call the application: paths of its files, of packages only from the package on. A well-known library
    is the application only where nothing else is: a middleware is around each request of a service that is installed
    as a package itself."""
    told = {_INSTALLED.split(file.replace("\\", "/"))[-1] for file in files if file}
    own = {path for path in told if path.split("/")[0].removesuffix(".py") not in _LIBRARIES | _DATA}
    return frozenset(own or told)


def served_from(frames: Sequence[Frame]) -> int:
    """The place of the first frame below the server's loop or the pool's worker: what is above starts the service, and
    does not serve a request. 0 where no server is known."""
    for place in range(len(frames) - 1, -1, -1):
        frame = frames[place]
        if frame.origin in ("library", "runtime") and (
            _SERVERS.search(frame.file or "") or _POOL_WORKER.search(frame.function)
        ):
            return place + 1
    return 0


class Reader:
    """Reads stacks; each frame's text is looked at once. ``known`` are files of the application."""

    def __init__(self, known: frozenset[str] = frozenset()) -> None:
        self._endings = frozenset(
            "/".join(parts[-depth:]) for path in known for parts in [path.split("/")] for depth in (1, 2, 3)
        )
        self._whole = known
        self._packages = frozenset(path.split("/")[0] for path in known if "/" in path and not path.startswith("/"))
        self._frames: dict[str, Frame] = {}

    def stack(self, text: str | None) -> tuple[Frame, ...]:
        """The frames of a stack, from the root to the leaf; none where there is no text."""
        return tuple(self._frame(frame) for frame in frames_of(text)) if text else ()

    def _frame(self, text: str) -> Frame:
        found = self._frames.get(text)
        if found is None:
            function, file, line = read_frame(text)
            found = self._frames[text] = Frame(function, file, line, self._origin(function, file), waits(text))
        return found

    def _origin(self, function: str, file: str | None) -> Origin:
        path = (file or "").replace("\\", "/")
        told = _origin(function, path)
        if told in ("observer", "data") or not path:
            return told
        inside = _INSTALLED.split(path)[-1]
        if told == "application":
            return told
        if inside in self._whole or (path.startswith("/") and path in self._whole):
            return "application"
        if told == "library" and inside.split("/")[0] in self._packages:
            return "application"
        # A file of the service's own that is named as a module of the language is ("calendar.py").
        alone = not path.startswith("/") and any(known.endswith(f"/{path}") for known in self._whole)
        return "application" if alone and path in self._endings else told


@lru_cache(maxsize=65_536)
def _origin(function: str, path: str) -> Origin:
    if _OBSERVER.search(path) or _OBSERVER.search(function):
        return "data" if _OBSERVED_DATA.search(path) else "observer"
    if path.startswith("<") or function in IDLE_FRAMES:
        return "runtime"
    if _DATA_PACKAGES.search(path):
        return "data"
    if "/" not in path and not path.endswith((".py", ".js", ".ts", ".mjs", ".cjs", ".go", ".rb", ".php", ".rs", ".cs")):
        return _by_name(function, path)
    inside = _INSTALLED.split(path)[-1]
    if inside == path and _SYSTEM.search(path):
        return "runtime"
    if path.startswith("/") and inside == path:
        return "application"
    top = inside.split("/")[0].removesuffix(".py")
    if top in _DATA:
        return "data"
    if inside != path or top in _LIBRARIES:
        return "library"
    return "runtime" if top in _STANDARD and path.endswith(".py") else "application"


def _by_name(function: str, path: str) -> Origin:
    """Where no file tells it: a JVM's class, or a symbol of native code."""
    if _JVM_DATA.match(function):
        return "data"
    if _JVM.match(function):
        return "runtime"
    if _JVM_LIBRARY.match(function):
        return "library"
    if path:
        return "runtime" if _SYSTEM.search(path) else "application"
    return "application" if "." in function and "(" not in function else "runtime"
