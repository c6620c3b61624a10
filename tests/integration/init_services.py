"""Services that init is tried on: each a file that runs, and notes every request's method in a file."""

from __future__ import annotations

FASTAPI = """
import sys
from fastapi import FastAPI, HTTPException, Request
from pydantic import BaseModel

app = FastAPI(title="Library")
BOOKS = {number: {"id": number, "title": f"Volume {number} of gardens"} for number in range(1, 41)}

@app.middleware("http")
async def note(request: Request, answer):
    with open(sys.argv[2], "a") as seen:
        seen.write(f"{request.method} {request.url.path}\\n")
    return await answer(request)

class Book(BaseModel):
    title: str
    pages: int = 1

@app.get("/api/books")
async def books(page: int = 1, size: int = 10):
    return {"items": list(BOOKS.values())[(page - 1) * size : page * size], "total": len(BOOKS)}

@app.get("/api/books/{book_id}")
async def book(book_id: int):
    if book_id not in BOOKS:
        raise HTTPException(404)
    return BOOKS[book_id]

@app.get("/api/books/{book_id}/chapters")
async def chapters(book_id: int):
    return [{"id": f"c{book_id}-{n}", "name": f"chapter {n}"} for n in range(3)]

@app.get("/api/books/{book_id}/chapters/{chapter_id}")
async def chapter(book_id: int, chapter_id: str):
    if not chapter_id.startswith(f"c{book_id}-"):
        raise HTTPException(404)
    return {"id": chapter_id}

@app.get("/api/find")
async def find(q: str):
    return {"items": [one for one in BOOKS.values() if q in one["title"]]}

@app.get("/api/secret/{key}")
async def secret(key: str):
    raise HTTPException(404)

@app.post("/api/books", status_code=201)
async def add(book: Book):
    return book

@app.delete("/api/books/{book_id}", status_code=204)
async def remove(book_id: int):
    return None

@app.get("/health")
async def health():
    return {}

if __name__ == "__main__":
    import uvicorn
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning")
"""

DJANGO = """
import sys
from django.conf import settings
settings.configure(
    DEBUG=False, SECRET_KEY="a test", ALLOWED_HOSTS=["127.0.0.1"], ROOT_URLCONF=__name__, USE_TZ=True,
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    INSTALLED_APPS=[], MIDDLEWARE=["__main__.Note", "django.middleware.common.CommonMiddleware"],
)
import django
django.setup()
from django.http import HttpResponse, JsonResponse
from django.urls import path
from django.views.decorators.http import require_GET, require_POST

class Note:
    def __init__(self, answer):
        self.answer = answer

    def __call__(self, request):
        with open(sys.argv[2], "a") as seen:
            seen.write(f"{request.method} {request.path}\\n")
        return self.answer(request)

def home(request):
    return HttpResponse("<!doctype html><title>Trails</title><a href='/trails/'>all</a>")

@require_GET
def trails(request):
    links = "".join(f"<a href='/trails/{name}/'>{name}</a>" for name in ("ridge-walk", "lake-loop", "old-mill"))
    return HttpResponse(f"<!doctype html><title>Trails</title>{links}")

@require_GET
def trail(request, slug):
    return HttpResponse(f"<!doctype html><title>{slug}</title><a href='/trails/{slug}/reviews/'>reviews</a>")

@require_GET
def reviews(request, slug):
    return JsonResponse({"reviews": [{"id": number} for number in range(5)]})

@require_POST
def book(request, slug):
    return JsonResponse({})

urlpatterns = [path("", home), path("trails/", trails), path("trails/<slug:slug>/", trail),
               path("trails/<slug:slug>/reviews/", reviews), path("trails/<slug:slug>/book/", book)]

if __name__ == "__main__":
    from django.core.management import execute_from_command_line
    execute_from_command_line(["manage", "runserver", "--noreload", f"127.0.0.1:{sys.argv[1]}"])
"""

FLASK = """
import sys
from flask import Flask, abort, jsonify, request

app = Flask(__name__)

@app.before_request
def note():
    with open(sys.argv[2], "a") as seen:
        seen.write(f"{request.method} {request.path}\\n")

@app.get("/")
def home():
    return "<!doctype html><a href='/songs'>songs</a>"

@app.get("/songs")
def songs():
    return jsonify(items=[{"id": number} for number in range(1, 31)])

@app.get("/songs/<int:number>")
def song(number):
    return jsonify(id=number) if 1 <= number <= 30 else abort(404)

@app.post("/songs")
def add():
    return jsonify(id=31), 201

@app.get("/charts/<int:year>")
def chart(year):
    return jsonify(year=year)

if __name__ == "__main__":
    app.run("127.0.0.1", int(sys.argv[1]), threaded=True)
"""
