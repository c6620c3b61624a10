"""What a newcomer meets on the way to a measurement, and what to do: functions of what was met, without I/O."""

from __future__ import annotations

from loadstone.model.database_refusal import obstacle_of_database
from loadstone.traffic.crawl.obstacles.met import Met
from loadstone.traffic.crawl.obstacles.network import obstacle_of_failure
from loadstone.traffic.crawl.obstacles.profiling import obstacle_of_profiler
from loadstone.traffic.crawl.obstacles.replies import obstacle_of_reply
from loadstone.traffic.crawl.obstacles.several import obstacles_of

__all__ = [
    "CODES",
    "Met",
    "obstacle_of_database",
    "obstacle_of_failure",
    "obstacle_of_profiler",
    "obstacle_of_reply",
    "obstacles_of",
]

CODES = (
    *("not-up", "name-unknown", "no-route", "timeout", "no-http"),
    *("other-protocol", "speaks-tls", "not-tls", "certificate-unknown", "certificate-expired", "certificate-name"),
    *("tls-failed", "to-https", "other-host", "redirect-loop", "gateway", "challenge", "html-for-json", "not-found"),
    *("redirected", "login-needed", "login-page", "login-refused", "csrf-refused", "forbidden", "host-refused"),
    *("rate-limited", "rate-limit-ahead", "failing"),
    *("database-not-up", "database-name", "database-password", "database-role", "database-missing", "database-denied"),
    *("database-hba", "database-peer", "database-full", "database-tls", "database-starting", "database-timeout"),
    *("profile-ptrace", "profile-other-user", "profile-denied", "profile-container", "profile-perf"),
    *("profile-not-python", "profile-gone"),
)
"""Every kind, in the order of docs/newcomer.md."""
