"""Small services in every framework, written out for a test to start. Each answers /, /boom and /statements/N."""

from __future__ import annotations

from pathlib import Path

WSGI = """
import sqlite3, time
def app(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/boom":
        raise ValueError("no")
    if path == "/stream":
        start_response("200 OK", [("content-type", "text/plain")])
        def parts():
            yield b"a"
            yield b"b"
        return parts()
    start_response("200 OK", [("content-type", "text/plain"), ("content-length", "2")])
    return [b"ok"]
if __name__ == "__main__":
    import sys
    from wsgiref.simple_server import make_server
    make_server("127.0.0.1", int(sys.argv[1]), app).serve_forever()
"""

FLASK = """
import sqlite3
from flask import Flask
app = Flask(__name__)
@app.get("/")
def index():
    return "ok"
@app.get("/items/<int:number>")
def item(number):
    db = sqlite3.connect(":memory:")
    return str(db.execute("select ? + 1", (number,)).fetchone()[0])
@app.get("/boom")
def boom():
    raise ValueError("no")
"""

FASTAPI = """
import asyncio, sqlite3
from fastapi import APIRouter, BackgroundTasks, FastAPI
from fastapi.responses import StreamingResponse
app = FastAPI()
inner = APIRouter(prefix="/inner")
@app.get("/")
async def index():
    return "ok"
@app.get("/items/{number}")
async def item(number: int):
    return number
def query(number):
    return sqlite3.connect(":memory:").execute("select ? + 1", (number,)).fetchone()[0]
@app.get("/sync/{number}")
def sync(number: int):
    return query(number)
@app.get("/gather/{number}")
async def gathered(number: int):
    return await asyncio.gather(*(asyncio.to_thread(query, n) for n in range(number)))
@app.get("/boom")
async def boom():
    raise ValueError("no")
@app.get("/stream")
async def stream():
    async def parts():
        for part in (b"a", b"b"):
            await asyncio.sleep(0)
            yield part
    return StreamingResponse(parts())
@inner.get("/{name}")
async def within(name: str):
    return name
app.include_router(inner, prefix="/outer")
sub = FastAPI()
@sub.get("/deep/{number}")
async def deep(number: int):
    return number
app.mount("/mounted", sub)
"""

DJANGO = """
import os, sqlite3, sys
import django
from django.conf import settings
BASE = os.path.dirname(os.path.abspath(__file__))
if not settings.configured:
    settings.configure(
        DEBUG=os.environ.get("DEBUG") == "1", SECRET_KEY="x", ROOT_URLCONF="site_of_test", ALLOWED_HOSTS=["*"],
        MIDDLEWARE=["django.middleware.common.CommonMiddleware"], INSTALLED_APPS=["django.contrib.contenttypes"],
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.path.join(BASE, "db.sqlite3")}},
        TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "DIRS": [BASE]}],
        WSGI_APPLICATION="site_of_test.application", USE_TZ=True,
    )
    django.setup()
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.urls import include, path

def index(request):
    return HttpResponse("ok")
def statements(request, count):
    total = 0
    for number in range(count):
        with connection.cursor() as cursor:
            cursor.execute("select %s + 1", [number])
            total += cursor.fetchone()[0]
    return HttpResponse(str(total))
def boom(request):
    raise ValueError("no")
def types(request):
    return render(request, "types.html", {"types": ContentType.objects.all()})
def stream(request):
    return StreamingHttpResponse(part for part in (b"a", b"b"))
async def later(request):
    return HttpResponse("later")
urlpatterns = [
    path("", index), path("statements/<int:count>/", statements), path("boom/", boom), path("types/", types),
    path("stream/", stream), path("later/", later),
    path("api/", include([path("v1/<slug:name>", lambda request, name: index(request))])),
]
from django.core.wsgi import get_wsgi_application
application = get_wsgi_application()
from django.core.asgi import get_asgi_application
asgi = get_asgi_application()
"""

TEMPLATE = """<ul>
{% for type in types %}<li>{{ type.model }}</li>{% endfor %}
</ul>
"""

MANAGE = """
import sys
import site_of_test
from django.core.management import execute_from_command_line
execute_from_command_line(sys.argv)
"""


def write(folder: Path) -> None:
    """All of them, as modules of ``folder``."""
    (folder / "wsgi_of_test.py").write_text(WSGI)
    (folder / "flask_of_test.py").write_text(FLASK)
    (folder / "fastapi_of_test.py").write_text(FASTAPI)
    (folder / "site_of_test.py").write_text(DJANGO)
    (folder / "types.html").write_text(TEMPLATE)
    (folder / "manage.py").write_text(MANAGE)
