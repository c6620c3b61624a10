"""A reply came, and it is not the one that was meant: what stands between, by status, headers and the first words."""

from __future__ import annotations

import re

from loadstone.model.discovery import Obstacle
from loadstone.traffic.crawl.obstacles.met import Met, host_of, is_entrance, is_html, path_of, place_of, scheme_of
from loadstone.traffic.crawl.obstacles.network import speaks_tls

__all__ = ["CREDENTIALS", "obstacle_of_reply", "wait_s"]

CREDENTIALS = "LOADSTONE_USER and LOADSTONE_PASSWORD"

_HOST = re.compile(
    r"DisallowedHost|Invalid HTTP_HOST header|Invalid host header|Blocked hosts?:|host is not allowed|"
    r"<h1>Bad Request \(400\)</h1>",
    re.IGNORECASE,
)
_PLAIN = re.compile(
    r"plain HTTP request was sent to HTTPS port|HTTP request to an HTTPS server|speaking plain HTTP to an SSL-enabled"
)
_CSRF = re.compile(
    r"CSRF verification failed|CSRF token (?:is )?(?:missing|incorrect|mismatch|invalid|expired)|"
    r"CSRF.{0,40}(?:missing|invalid|mismatch|stale|do(?:es)? not match)|invalid csrf token|InvalidAuthenticityToken|"
    r"EBADCSRFTOKEN|bad_csrf",
    re.IGNORECASE | re.DOTALL,
)
_LEAVES = re.compile(r"(?i)log[_-]?(?:out|off)|sign[_-]?(?:out|off)")
_PROXIES = (
    (re.compile(r"cloudflare", re.IGNORECASE), "Cloudflare"),
    (re.compile(r"awselb|awsalb", re.IGNORECASE), "a load balancer of AWS"),
    (re.compile(r"envoy|upstream connect error|no healthy upstream", re.IGNORECASE), "Envoy"),
    (re.compile(r"openresty|nginx", re.IGNORECASE), "nginx"),
    (re.compile(r"haproxy|No server is available to handle this request", re.IGNORECASE), "HAProxy"),
    (re.compile(r"traefik|^Bad Gateway$|^Gateway Timeout$|^no available server", re.IGNORECASE), "a proxy (Traefik?)"),
    (re.compile(r"caddy", re.IGNORECASE), "Caddy"),
    (re.compile(r"varnish", re.IGNORECASE), "Varnish"),
    (re.compile(r"proxy error|apache", re.IGNORECASE), "Apache"),
)
_TOKEN = re.compile(r"(?i)/token/?$")
_PASSWORD = re.compile(r"(?i)type\s*=\s*[\"']?password\b")
_NO_JSON = "the body is not JSON"  # the engine's words
_REDIRECTS = (301, 302, 303, 307, 308)


def obstacle_of_reply(url: str, met: Met) -> Obstacle | None:
    """The obstacle that this reply speaks of, or None. A status >= 400 that was asked for is none."""
    if met.status in _REDIRECTS:
        return _redirect(url, met)
    if met.status >= 400:
        return _refusal(url, met) if met.error else None
    if met.error and _enters(met) and _PASSWORD.search(met.body):
        return _not_accepted(met, "its form came back")
    if (met.json and is_html(met)) or _NO_JSON in met.message:
        what = "a page of HTML" if is_html(met) else "something that is no JSON"
        sentence = f"{met.method} {path_of(met.target)} answered {what} where JSON was expected."
        advice = (
            'Ask for JSON (headers = { accept = "application/json" }), or correct the path: many services answer every '
            "unknown path with the page of their front end."
        )
        return Obstacle("html-for-json", sentence, advice)
    return None


def wait_s(met: Met) -> float | None:
    """How long the reply asks to wait, where it says so in seconds."""
    told = met.header("retry-after") or ""
    return float(told) if re.fullmatch(r"\s*\d{1,6}\s*", told) else None


def _redirect(url: str, met: Met) -> Obstacle | None:
    location = met.header("location")
    if location is None:
        if not met.error:
            return None
        sentence = f"{met.method} {path_of(met.target)} answered a redirect ({met.status}) where a page was expected."
        advice = "loadstone check shows where it leads: to a login page where nobody is logged in, to https, elsewhere."
        return Obstacle("redirected", sentence, advice)
    if is_entrance(location):
        if met.method == "POST" and is_entrance(met.target) and path_of(location) == path_of(met.target):
            return _not_accepted(met, "it led back to itself")
        if is_entrance(met.target) or _LEAVES.search(met.target):
            return None
        sentence = f"{path_of(met.target)} leads to the login page {path_of(location)}: nobody is logged in."
        advice = (
            f"Set {CREDENTIALS}, and put the steps of the login before this one in its journey "
            "(loadstone init --user NAME writes them)."
        )
        return Obstacle("login-page", sentence, advice)
    if not scheme_of(location) or scheme_of(location) not in ("http", "https"):
        return None
    if host_of(location) == host_of(url):
        if scheme_of(location) == "https" and scheme_of(url) == "http":
            sentence = f"{place_of(url)} sends everybody on to HTTPS."
            return Obstacle("to-https", sentence, f"Write https:// in the URL: https://{_shown(location)}", fatal=True)
        return None
    sentence = f"{place_of(url)} sends its visitors on to another host, {host_of(location)}."
    advice = f"If that is the service, give its URL: {scheme_of(location)}://{_shown(location)}; else correct this one."
    return Obstacle("other-host", sentence, advice, fatal=True)


def _shown(location: str) -> str:
    """Host and, where one is written, port."""
    place = place_of(location)
    standard = ":443" if scheme_of(location) == "https" else ":80"
    return place.removesuffix(standard)


def _refusal(url: str, met: Met) -> Obstacle | None:
    if met.status in (400, 403, 421) and _HOST.search(met.body):
        sentence = f"The service refuses the Host header {place_of(url)} ({met.status})."
        advice = (
            f"Add {host_of(url)} to the hosts that it answers to (Django: ALLOWED_HOSTS; Rails: config.hosts; "
            "Starlette: TrustedHostMiddleware), or ask it by a name that is there already."
        )
        return Obstacle("host-refused", sentence, advice, fatal=True)
    if met.status == 400 and _PLAIN.search(met.body):
        return speaks_tls(url)
    match met.status:
        case 429:
            return _limited(met)
        case 502 | 503 | 504 | 520 | 521 | 522 | 523 | 524:
            return _gateway(url, met)
        case 400 | 403 | 419 | 422 if _CSRF.search(met.body) or met.status == 419:
            sentence = f"{met.method} {path_of(met.target)} was refused for want of a CSRF token."
            advice = (
                "Take the token from the page before (extract.csrf = 'regex:…') and send it on, in the form or in a "
                "header; docs/newcomer.md shows both."
            )
            return Obstacle("csrf-refused", sentence, advice)
        case 403 | 503 if met.header("cf-mitigated") or "Just a moment..." in met.body:
            sentence = "A guard against robots stands before the service and wants a browser (Cloudflare's challenge)."
            return Obstacle("challenge", sentence, "Measure behind it: give the URL of the service itself.", fatal=True)
        case 400 | 401 | 403 | 422 if _enters(met):
            return _not_accepted(met, f"{met.status}")
        case 401:
            return _login(met)
        case 403:
            sentence = f"{met.method} {path_of(met.target)} is forbidden (403)."
            advice = (
                f"Log in as somebody who may ({CREDENTIALS}); where nobody is asked for, a list of allowed addresses "
                "or a firewall says no: its log tells which."
            )
            return Obstacle("forbidden", sentence, advice)
        case status if status >= 500:
            sentence = f"{met.method} {path_of(met.target)} fails inside the service ({status})."
            return Obstacle("failing", sentence, "Read the service's own log: the error stands there, with its line.")
    return None


def _enters(met: Met) -> bool:
    """Whether somebody tried to log in with this request."""
    return met.method == "POST" and (is_entrance(met.target) or _TOKEN.search(path_of(met.target)) is not None)


def _not_accepted(met: Met, how: str) -> Obstacle:
    sentence = f"The login at {path_of(met.target)} was not accepted: {how}."
    return Obstacle("login-refused", sentence, f"Check {CREDENTIALS} in the environment, and the names of the fields.")


def _login(met: Met) -> Obstacle:
    asked = (met.header("www-authenticate") or "").strip()
    scheme = asked.partition(" ")[0].lower()
    sentence = f"{met.method} {path_of(met.target)} asks for a login (401" + (
        f", {asked.partition(' ')[0]})." if asked else ")."
    )
    ways = {
        "basic": 'Write user = "{env.LOADSTONE_USER}", password = "{env.LOADSTONE_PASSWORD}" in [auth], and set both.',
        "bearer": 'Write bearer = "{env.LOADSTONE_TOKEN}" in [auth], and set it; or log in within the journey.',
    }
    other = f"Set {CREDENTIALS} and log in within the journey (loadstone init --user NAME writes the steps)."
    return Obstacle("login-needed", sentence, ways.get(scheme, other))


def _limited(met: Met) -> Obstacle:
    told = []
    for name in ("ratelimit-limit", "x-ratelimit-limit", "x-rate-limit-limit"):
        if value := met.header(name):
            told.append(f"{value[:40]} allowed")
            break
    if (after_s := wait_s(met)) is not None:
        told.append(f"try again in {after_s:g} s")
    sentence = "The service limits the rate, and has had enough (429" + "".join(f"; {word}" for word in told) + ")."
    advice = (
        "Raise or switch off the limit for this machine's address while you measure, or stay below it; otherwise the "
        "limiter is what is measured."
    )
    return Obstacle("rate-limited", sentence, advice)


def _gateway(url: str, met: Met) -> Obstacle:
    words = " ".join([met.header("server") or "", met.header("via") or "", met.body[:2_000].strip()])
    proxy = next((name for pattern, name in _PROXIES if pattern.search(words)), None)
    if proxy is None and met.status in (503, 500):
        sentence = f"{met.method} {path_of(met.target)} is not available (503)."
        return Obstacle("failing", sentence, "Read the service's own log: it may be overloaded, or not ready yet.")
    sentence = (
        f"{(proxy or 'A proxy')[0].upper()}{(proxy or 'A proxy')[1:]} answers at {place_of(url)}, and cannot reach the "
        f"service behind it ({met.status})."
    )
    advice = "Start the service behind the proxy, or measure it without one: give the URL that it listens at itself."
    return Obstacle("gateway", sentence, advice)
