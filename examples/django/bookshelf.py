"""A small Django service in one file: a shelf of books, a page with an N+1 in it, a login by cookie.

    gunicorn bookshelf:application --bind 127.0.0.1:8000 --workers 2
    python bookshelf.py runserver 127.0.0.1:8000

SQLite in ``bookshelf.db`` beside it, or PostgreSQL where ``DATABASE_URL`` names one.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import django
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.db import connection, models
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path


def _database() -> dict[str, object]:
    url = urlsplit(os.environ.get("DATABASE_URL", ""))
    if not url.scheme:
        return {"ENGINE": "django.db.backends.sqlite3", "NAME": str(Path(__file__).with_name("bookshelf.db"))}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": url.path.lstrip("/"),
        "USER": url.username or "",
        "PASSWORD": unquote(url.password or ""),
        "HOST": parse_qs(url.query).get("host", [url.hostname or ""])[0],
        "PORT": str(url.port or 5432),
        "CONN_MAX_AGE": 60,
    }


settings.configure(
    DEBUG=False,
    SECRET_KEY="for a shelf that nobody logs in to",
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    DATABASES={"default": _database()},
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    USE_TZ=True,
)
django.setup()


class Author(models.Model):
    """Who wrote it."""

    name = models.CharField(max_length=100)

    class Meta:
        app_label = "bookshelf"


class Book(models.Model):
    """What was written."""

    title = models.CharField(max_length=200)
    author = models.ForeignKey(Author, on_delete=models.CASCADE)

    class Meta:
        app_label = "bookshelf"


def books(request: HttpRequest) -> HttpResponse:
    """``/books?shelf=3``: twenty books, each asking for its author anew."""
    shelf = int(request.GET.get("shelf", "1"))
    found = Book.objects.order_by("id")[(shelf - 1) * 20 : shelf * 20]
    return JsonResponse({"items": [{"id": book.pk, "title": book.title, "author": book.author.name} for book in found]})


def book(request: HttpRequest, number: int) -> HttpResponse:
    """``/books/17``: one book by one statement."""
    found = Book.objects.select_related("author").get(pk=number)
    return JsonResponse({"id": found.pk, "title": found.title, "author": found.author.name})


def healthz(request: HttpRequest) -> HttpResponse:
    """``/healthz``: up, without a statement."""
    return JsonResponse({"up": True})


urlpatterns = [path("books", books), path("books/<int:number>", book), path("healthz", healthz)]


def fill(authors: int = 40, count: int = 400) -> None:
    """Make the tables and put books in, once."""
    with connection.schema_editor() as editor:
        for model in (Author, Book):
            if model._meta.db_table not in connection.introspection.table_names():
                editor.create_model(model)
    if not Book.objects.exists():
        writers = Author.objects.bulk_create([Author(name=f"Author {number}") for number in range(1, authors + 1)])
        Book.objects.bulk_create(
            [Book(title=f"Book {number}", author=writers[number % authors]) for number in range(1, count + 1)]
        )
    connection.close()


application = get_wsgi_application()

if __name__ == "__main__":
    if sys.argv[1:] == ["fill"]:
        fill()
    else:
        from django.core.management import execute_from_command_line

        execute_from_command_line(sys.argv)
