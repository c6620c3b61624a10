"""The login tried once, where credentials were given for it: the one request of a meeting that is no GET."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from loadstone.lab.init.asked import InitAsked
from loadstone.model.assumption import Unknown
from loadstone.model.discovery import Login
from loadstone.model.service import Auth
from loadstone.traffic.crawl import Client, log_in, login_auth

__all__ = ["Entry", "enter"]

_KINDS = {"form": "a form", "json": "JSON", "basic": "basic credentials", "bearer": "a token"}


class Entry(msgspec.Struct, frozen=True):
    """``entered`` is the login that worked and takes steps, ``auth`` what goes with each request instead."""

    entered: Login | None = None
    auth: Auth | None = None
    looked: tuple[str, ...] = ()
    unknowns: tuple[Unknown, ...] = ()


def enter(asked: InitAsked, login: Login | None, client: Client, doing: Callable[[str], None]) -> Entry:
    """Try it. Without credentials nothing is sent, and what is behind the login stays unknown."""
    if login is None:
        return Entry()
    kind = _KINDS[login.kind]
    if login.kind == "bearer" and asked.token is not None:
        client.bear(asked.token)
        return Entry(auth=login_auth(login), looked=(f"the login ({kind}): the token in LOADSTONE_TOKEN is sent",))
    way = f"LOADSTONE_PASSWORD=… loadstone init {client.origin} --user NAME"
    if login.kind == "bearer":
        way = f"LOADSTONE_TOKEN=… loadstone init {client.origin}"
    if asked.user is None or asked.password is None or login.kind == "bearer":
        says = f"the login ({kind}, {login.source or login.action}): found, and nobody logged in"
        return Entry(looked=(says,), unknowns=(Unknown("what is behind the login: no credentials were given", way),))
    doing(f"logging in as {asked.user} …")
    entered = log_in(login, client, asked.user, asked.password)
    if entered is None:
        says = f"the login ({kind}): the user and password that were given were not taken"
        doing(says)
        unknown = Unknown("what is behind the login: user and password were not taken", way)
        return Entry(looked=(says,), unknowns=(unknown,))
    says = f"the login ({kind}): worked"
    doing(says)
    auth = login_auth(entered)
    return Entry(None if auth is not None else entered, auth, (says,))
