"""The shop's few HTML pages. Every value that goes into one is escaped."""

from __future__ import annotations

from html import escape

from loadstone.demo.database import Row

__all__ = ["account_page", "home_page", "login_page", "money"]

_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#222}"
    "a{color:#06c}ul{columns:14rem auto}"
    "table{border-collapse:collapse}td,th{padding:.2rem 1rem .2rem 0;text-align:left}"
    ".n{text-align:right;font-variant-numeric:tabular-nums}label{display:block;margin:.5rem 0}"
)


def money(cents: int) -> str:
    """``1,234.50``"""
    return f"{cents / 100:,.2f}"


def _page(title: str, body: str) -> str:
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head>'
        f"<body><h1>{escape(title)}</h1>{body}</body></html>"
    )


def home_page(categories: list[dict[str, object]], popular: list[dict[str, object]]) -> str:
    """Categories and the products that sell best."""
    links = "".join(
        f'<li><a href="/products?category={escape(str(c["slug"]))}">{escape(str(c["title"]))}</a> {c["products"]}</li>'
        for c in categories
    )
    rows = "".join(
        f'<tr><td><a href="/products/{p["id"]}">{escape(str(p["name"]))}</a></td>'
        f'<td class="n">{money(int(str(p["price_cents"])))}</td></tr>'
        for p in popular
    )
    return _page(
        "The sample shop",
        f'<p><a href="/login">Log in</a></p><form action="/search"><input name="q" aria-label="Search">'
        f"<button>Search</button></form><h2>Categories</h2><ul>{links}</ul><h2>Popular</h2><table>{rows}</table>",
    )


def login_page(token: str, problem: str | None = None) -> str:
    """The form; ``token`` goes into its hidden field."""
    said = f'<p role="alert">{escape(problem)}</p>' if problem else ""
    return _page(
        "Log in",
        f'{said}<form method="post" action="/login"><input type="hidden" name="csrf" value="{escape(token)}">'
        '<label>Email <input name="email" type="email" autocomplete="username" required></label>'
        '<label>Password <input name="password" type="password" autocomplete="current-password" required></label>'
        "<button>Log in</button></form>",
    )


def account_page(name: str, token: str, purchases: list[Row]) -> str:
    """Who is logged in and what they ordered last."""
    rows = "".join(
        f'<tr><td><a href="/orders/{number}">{number}</a></td><td class="n">{money(total)}</td></tr>'
        for number, _placed_at, total in purchases
    )
    table = f"<table><tr><th>Order</th><th>Total</th></tr>{rows}</table>" if rows else "<p>No orders yet.</p>"
    return _page(
        f"Hello, {name}",
        f'{table}<form method="post" action="/logout"><input type="hidden" name="csrf" value="{escape(token)}">'
        "<button>Log out</button></form>",
    )
