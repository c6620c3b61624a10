"""Services whose routes are known, one in each framework, written out for a test to start."""

from __future__ import annotations

from pathlib import Path

DJANGO = """
import os, sys
from django.conf import settings
POSTGRES = {"ENGINE": "django.db.backends.postgresql", "HOST": "db.example", "PORT": "5433",
            "NAME": "shop", "USER": "shop", "PASSWORD": "hunter2-database"}
SQLITE = {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}
if not settings.configured:
    settings.configure(
        SECRET_KEY="x", ROOT_URLCONF="shop", ALLOWED_HOSTS=["*"], USE_I18N=True, LOGIN_URL="/login/",
        LANGUAGE_CODE="en", LANGUAGES=[("en", "English"), ("de", "Deutsch"), ("fr", "Francais")],
        INSTALLED_APPS=["django.contrib.admin", "django.contrib.auth", "django.contrib.contenttypes",
                        "django.contrib.sessions", "django.contrib.messages", "django.contrib.staticfiles"],
        DATABASES={"default": SQLITE if "runserver" in sys.argv else POSTGRES}, WSGI_APPLICATION="shop.application",
        CACHES={"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache",
                            "LOCATION": "redis://:hunter2-cache@cache.example:6380/1"}},
        STATIC_URL="/static/", TEMPLATES=[], MIDDLEWARE=[], SILENCED_SYSTEM_CHECKS=["admin.E403", "admin.E408",
        "admin.E409", "admin.E410"],
    )
    import django
    django.setup()

from django.conf.urls.i18n import i18n_patterns
from django.contrib import admin
from django.contrib.auth.decorators import login_required
from django.contrib.auth.mixins import LoginRequiredMixin
from django.http import HttpResponse
from django.urls import include, path, re_path, register_converter
from django.views import View
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST
from django.views.generic import CreateView, DetailView
from django.views.static import serve


class Year:
    regex = "[0-9]{4}"
    def to_python(self, value): return int(value)
    def to_url(self, value): return str(value)


register_converter(Year, "yyyy")


def index(request): return HttpResponse("ok")

def contact(request):
    if request.method == "POST":
        return HttpResponse("sent")
    return HttpResponse("form")

@csrf_exempt
@require_POST
def hook(request): return HttpResponse("ok")

@require_http_methods(["GET", "DELETE", "HEAD"])
def item(request, id): return HttpResponse("ok")

@login_required
def account(request): return HttpResponse("ok")


class Products(View):
    def get(self, request): return HttpResponse("ok")
    def post(self, request): return HttpResponse("ok")


class Product(DetailView):
    pass


class Private(LoginRequiredMixin, View):
    def get(self, request): return HttpResponse("ok")


class New(CreateView):
    fields = ()


api = ([
    path("products/", Products.as_view(), name="products"),
    path("products/<slug:slug>/", Product.as_view(), name="product"),
    path("files/<path:file>", index),
    re_path(r"^v(?P<version>1|2)/(?P<key>[0-9a-f]{40})/$", index, name="keyed"),
], "api")

urlpatterns = [
    path("", index, name="index"),
    path("contact/", contact),
    path("hook/", hook),
    path("items/<int:id>/", item),
    path("account/", account),
    path("private/", Private.as_view()),
    path("new/", New.as_view()),
    path("archive/<yyyy:year>/<uuid:id>", index),
    path("api/", include(api, namespace="api")),
    re_path(r"^articles/(?P<year>[0-9]{4})/(?:page-(?P<page>[0-9]+)/)?$", index, name="articles"),
    re_path(r"^old/(\\d+)/?$", index),
    re_path(r"^media/(?P<path>.*)$", serve, {"document_root": "/nowhere"}),
    path("admin/", admin.site.urls),
    *i18n_patterns(path("about/", index), prefix_default_language=False),
]
from django.core.wsgi import get_wsgi_application
application = get_wsgi_application()
from django.core.asgi import get_asgi_application
asgi = get_asgi_application()
if __name__ == "__main__":
    sys.modules["shop"] = sys.modules["__main__"]
    from django.core.management import execute_from_command_line
    execute_from_command_line(sys.argv)
"""

DJANGO_ROUTES = {
    "GET /",
    "GET /contact/",
    "POST /contact/",
    "POST /hook/",
    "GET /items/{id}/",
    "DELETE /items/{id}/",
    "GET /account/",
    "GET /private/",
    "GET /new/",
    "POST /new/",
    "GET /archive/{year}/{id}",
    "GET /api/products/",
    "POST /api/products/",
    "GET /api/products/{slug}/",
    "GET /api/files/{file}",
    "GET /api/v{version}/{key}/",
    "GET /articles/{year}/",
    "GET /articles/{year}/page-{page}/",
    "GET /old/{id}",
    "GET /about/",
    "GET /{language}/about/",
}
"""Those of the service's own work: Django's administration and the files beneath /media/ stand aside."""

FLASK = """
from flask import Blueprint, Flask
from flask.views import MethodView
from werkzeug.middleware.dispatcher import DispatcherMiddleware
app = Flask(__name__)
@app.get("/")
def index(): return "ok"
@app.route("/items/<int:number>", methods=["GET", "PUT"])
def item(number): return "ok"
@app.get("/<any(about, terms):page>")
def page(page): return "ok"
@app.get("/files/<path:name>")
def file(name): return "ok"
class Users(MethodView):
    def get(self, id): return "ok"
    def delete(self, id): return "ok"
app.add_url_rule("/users/<uuid:id>", view_func=Users.as_view("users"))
inner = Blueprint("inner", __name__)
@inner.post("/<string(length=2):lang>/notes")
def notes(lang): return "ok"
app.register_blueprint(inner, url_prefix="/inner")
other = Flask("other")
@other.get("/pong")
def pong(): return "ok"
whole = DispatcherMiddleware(app, {"/other": other})
"""

FLASK_ROUTES = {
    "GET /",
    "GET /items/{number}",
    "PUT /items/{number}",
    "GET /{page}",
    "GET /files/{name}",
    "GET /users/{id}",
    "DELETE /users/{id}",
    "POST /inner/{lang}/notes",
    "GET /other/pong",
}

FASTAPI = """
import enum, uuid
from fastapi import APIRouter, Depends, FastAPI, WebSocket
from fastapi.security import OAuth2PasswordBearer
from pydantic import BaseModel
from starlette.applications import Starlette
from starlette.endpoints import HTTPEndpoint
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
app = FastAPI()
app.add_middleware(GZipMiddleware)
token = OAuth2PasswordBearer(tokenUrl="login")
class Colour(enum.Enum):
    red = "red"
    blue = "blue"
class Body(BaseModel):
    name: str
@app.get("/")
async def index(page: int = 1, colour: Colour = Colour.red): return "ok"
@app.get("/items/{number}")
def item(number: int): return "ok"
@app.put("/items/{number}")
def put(number: int, body: Body): return "ok"
@app.get("/colours/{colour}")
def colour(colour: Colour): return "ok"
@app.websocket("/socket")
async def socket(socket: WebSocket): pass
inner = APIRouter(prefix="/inner")
@inner.delete("/{id}")
def delete(id: uuid.UUID, user=Depends(token)): return "ok"
@inner.get("/raw/{rest:path}")
def raw(rest: str): return "ok"
app.include_router(inner, prefix="/outer")
sub = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
@sub.get("/deep/{number}")
async def deep(number: int): return number
app.mount("/mounted", sub)
class Endpoint(HTTPEndpoint):
    async def get(self, request): return PlainTextResponse("ok")
    async def post(self, request): return PlainTextResponse("ok")
app.mount("/plain", GZipMiddleware(Starlette(routes=[
    Route("/endpoint/{id:int}", Endpoint), Mount("/more", routes=[Route("/x", lambda r: PlainTextResponse("ok"))]),
])))
app.mount("/static", StaticFiles(directory="."))
async def bare(scope, receive, send): pass
class Other:
    async def __call__(self, scope, receive, send): pass
app.mount("/bare", bare)
app.mount("/other", Other())
"""

FASTAPI_ROUTES = {
    "GET /",
    "GET /items/{number}",
    "PUT /items/{number}",
    "GET /colours/{colour}",
    "DELETE /outer/inner/{id}",
    "GET /outer/inner/raw/{rest}",
    "GET /mounted/deep/{number}",
    "GET /plain/endpoint/{id}",
    "POST /plain/endpoint/{id}",
    "GET /plain/more/x",
}

AIOHTTP = """
import sys
from aiohttp import web
async def index(request): return web.Response(text="ok")
class View(web.View):
    async def get(self): return web.Response(text="ok")
    async def post(self): return web.Response(text="ok")
app = web.Application()
app.add_routes([web.get("/", index), web.get(r"/items/{id:\\d+}", index), web.view("/view/{name}", View)])
app.router.add_static("/static", ".")
sub = web.Application()
sub.add_routes([web.delete("/users/{user}", index)])
app.add_subapp("/sub", sub)
if __name__ == "__main__":
    web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]))
"""

AIOHTTP_ROUTES = {"GET /", "GET /items/{id}", "GET /view/{name}", "POST /view/{name}", "DELETE /sub/users/{user}"}


def write(folder: Path) -> None:
    """All of them, as modules of ``folder``."""
    for name, text in (("shop", DJANGO), ("site_flask", FLASK), ("site_fastapi", FASTAPI), ("site_aiohttp", AIOHTTP)):
        (folder / f"{name}.py").write_text(text)
