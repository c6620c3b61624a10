"""Looking at a running service with methods that change nothing: where it is, what it has, how one logs in, and what
stands in the way."""

from __future__ import annotations

from loadstone.traffic.crawl.client import AGENT, Client, Spent
from loadstone.traffic.crawl.entering import PASSWORD, TOKEN, USER, log_in, login_auth, login_journey
from loadstone.traffic.crawl.limits import Limits
from loadstone.traffic.crawl.pages import Form, FormField
from loadstone.traffic.crawl.reaching import Reached, reach
from loadstone.traffic.crawl.walk import Crawled, crawl

__all__ = [
    "AGENT",
    "PASSWORD",
    "TOKEN",
    "USER",
    "Client",
    "Crawled",
    "Form",
    "FormField",
    "Limits",
    "Reached",
    "Spent",
    "crawl",
    "log_in",
    "login_auth",
    "login_journey",
    "reach",
]
