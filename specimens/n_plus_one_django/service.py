"""A Django project in one file: the orders of a day with their customers."""

from __future__ import annotations

import psycopg
from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from psycopg.conninfo import conninfo_to_dict

from specimens.stores import postgres_dsn
from specimens.switch import SICK

_TOLD = conninfo_to_dict(postgres_dsn())
settings.configure(
    SECRET_KEY="a specimen",
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": _TOLD["dbname"],
            "USER": _TOLD["user"],
            "HOST": _TOLD["host"],
            "CONN_MAX_AGE": None,
        }
    },
)

import django  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.db import models  # noqa: E402

django.setup()


class Customer(models.Model):
    """Who buys."""

    name = models.TextField()

    class Meta:
        """Where it is kept."""

        app_label = "shop"
        db_table = "customer"


class Order(models.Model):
    """What was bought on a day."""

    day = models.IntegerField(db_index=True)
    cents = models.IntegerField()
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE)

    class Meta:
        """Where it is kept."""

        app_label = "shop"
        db_table = "customer_order"


def fill() -> None:
    """Forty days of thirty orders by two thousand customers."""
    with psycopg.connect(postgres_dsn()) as connection:
        connection.execute("DROP TABLE IF EXISTS customer_order, customer")
        connection.execute("CREATE TABLE customer (id bigint PRIMARY KEY, name text NOT NULL)")
        connection.execute("INSERT INTO customer SELECT n, 'customer ' || n FROM generate_series(1, 2000) AS n")
        connection.execute(
            "CREATE TABLE customer_order (id bigint PRIMARY KEY, day int NOT NULL, cents int NOT NULL, "
            "customer_id bigint NOT NULL REFERENCES customer (id))"
        )
        connection.execute(
            "INSERT INTO customer_order SELECT n, n % 40 + 1, n * 13 % 5000, n * 787 % 2000 + 1 "
            "FROM generate_series(1, 1200) AS n"
        )
        connection.execute("CREATE INDEX customer_order_by_day ON customer_order (day)")
    with psycopg.connect(postgres_dsn(), autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE customer, customer_order")


def orders(request: HttpRequest) -> HttpResponse:
    """The orders of a day."""
    found = Order.objects.filter(day=int(request.GET["day"])).order_by("id")
    if not SICK:
        found = found.select_related("customer")
    items = [
        {"id": order.pk, "cents": order.cents, "customer": order.customer.name}  # fault: n-plus-one
        for order in found
    ]
    return JsonResponse({"items": items})


def health(_request: HttpRequest) -> HttpResponse:
    """Up."""
    return HttpResponse("ok")


urlpatterns = [path("orders", orders), path("healthz", health)]
app = get_wsgi_application()
