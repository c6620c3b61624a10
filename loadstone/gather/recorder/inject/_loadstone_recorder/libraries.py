"""Which hook file belongs to which module: the file is imported only once the service has imported the module."""

from __future__ import annotations

__all__ = ["HOOKS"]

# module -> hook files. A hook's ``install(module)`` is called after each execution of the module.
HOOKS: dict[str, tuple[str, ...]] = {
    # where a request comes in
    "gunicorn.workers.base": ("lib_wsgi",),
    "gunicorn.workers.gasgi": ("lib_asgi",),
    "wsgiref.handlers": ("lib_wsgi",),
    "werkzeug.serving": ("lib_wsgi",),
    "waitress.server": ("lib_wsgi",),
    "cheroot.wsgi": ("lib_wsgi",),
    "uvicorn.config": ("lib_asgi",),
    "hypercorn.app_wrappers": ("lib_asgi",),
    "daphne.server": ("lib_asgi",),
    "django.core.handlers.base": ("lib_django",),
    "django.core.handlers.wsgi": ("lib_django",),
    "django.core.handlers.asgi": ("lib_django",),
    "django.core.handlers.exception": ("lib_django",),
    "flask.app": ("lib_flask",),
    "starlette.applications": ("lib_starlette",),
    "starlette.routing": ("lib_starlette",),
    "fastapi.routing": ("lib_starlette",),
    # what carries a request on
    "concurrent.futures.thread": ("lib_threads",),
    "threading": ("lib_threads",),
    # where a request goes out
    "sqlite3.dbapi2": ("lib_sqlite3",),
    "sqlite3": ("lib_sqlite3",),
    "psycopg": ("lib_psycopg",),
    "psycopg_pool": ("lib_psycopg_pool",),
    "psycopg2": ("lib_psycopg2",),
    "psycopg2.extras": ("lib_psycopg2",),
    "asyncpg": ("lib_asyncpg",),
    "pymysql": ("lib_pymysql",),
    "MySQLdb": ("lib_mysqldb",),
    "sqlalchemy": ("lib_sqlalchemy",),
    "django.db.backends.base.base": ("lib_django_db",),
    "requests.sessions": ("lib_requests",),
    "urllib3.connectionpool": ("lib_urllib3",),
    "http.client": ("lib_http_client",),
    "httpx": ("lib_httpx",),
    "aiohttp.client": ("lib_aiohttp",),
    "redis": ("lib_redis",),
    "celery.app.base": ("lib_celery",),
    "celery.app.trace": ("lib_celery",),
    # known, and without a hook: that is said where one of them is used
    "aio_pika": ("lib_aio_pika",),
    "aiokafka": ("lib_aiokafka",),
    "aiomysql": ("lib_aiomysql",),
    "cassandra": ("lib_cassandra",),
    "clickhouse_driver": ("lib_clickhouse",),
    "confluent_kafka": ("lib_confluent_kafka",),
    "grpc": ("lib_grpc",),
    "kafka": ("lib_kafka",),
    "memcache": ("lib_memcache",),
    "mysql.connector": ("lib_mysql_connector",),
    "oracledb": ("lib_oracledb",),
    "pika": ("lib_pika",),
    "pymemcache": ("lib_pymemcache",),
    "pymongo": ("lib_pymongo",),
    "pymssql": ("lib_pymssql",),
    "pyodbc": ("lib_pyodbc",),
}
