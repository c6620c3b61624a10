"""No reply came: which of the ways in which a connection fails it was.

Words are those of the engine (rustls), of httpx and of OpenSSL; a greeting is what answered at the port when it was
asked once more (``loadstone.traffic.crawl.greeting``).
"""

from __future__ import annotations

import re

from loadstone.model.discovery import Obstacle
from loadstone.traffic.crawl.obstacles.met import host_of, place_of, scheme_of

__all__ = ["TLS", "obstacle_of_failure", "protocol_of", "speaks_tls"]

TLS = "TLS"

_START = (
    'Start it, or write start = "…" in [service] and Loadstone does; or correct the port: ss -ltn shows what is open.'
)
_GREETINGS = (
    (re.compile(rb"SSH-"), "SSH"),
    (re.compile(rb"[\x15\x16]\x03[\x00-\x04]"), TLS),
    (re.compile(rb"[SN]\Z|E\0\0..S.*FATAL|R\0\0\0", re.DOTALL), "PostgreSQL"),
    (re.compile(rb"-(?:ERR|NOAUTH|DENIED|LOADING)|\+PONG"), "Redis"),
    (re.compile(rb".{3}\0(?:\n[0-9]|\xff.\x04)", re.DOTALL), "MySQL"),
    (re.compile(rb"AMQP\0"), "AMQP (RabbitMQ)"),
    (re.compile(rb"(?s).*over HTTP on the native driver port"), "MongoDB"),
    (re.compile(rb"ERROR\r\n"), "memcached"),
    (re.compile(rb"220[ -].*\n", re.DOTALL), "SMTP or FTP"),
    (re.compile(rb"\0\0.\x04\0\0\0\0\0", re.DOTALL), "HTTP/2 without TLS (gRPC)"),
)
_DATABASES = ("PostgreSQL", "MySQL", "MongoDB", "Redis", "memcached")


def protocol_of(greeting: bytes) -> str | None:
    """Which protocol a server's first bytes are of, None where that is not known."""
    return next((name for pattern, name in _GREETINGS if pattern.match(greeting)), None)


def obstacle_of_failure(url: str, kind: str, message: str, greeting: bytes = b"") -> Obstacle:
    """The obstacle behind a request that got no reply: ``kind`` is the engine's, ``message`` what was said."""
    place, words = place_of(url), message.lower()
    match kind:
        case "dns":
            sentence = f"The name {host_of(url)} is not known here."
            advice = "Correct the name in the URL, or give the address itself; getent hosts NAME shows what it means."
            return Obstacle("name-unknown", sentence, advice, fatal=True)
        case "connect" if "timed out" in words or "timeout" in words:
            return _silent(place)
        case "connect" if "unreachable" in words or "no route" in words:
            sentence = f"There is no way to {place} from this machine."
            return Obstacle("no-route", sentence, "Check the address, the network and the VPN.", fatal=True)
        case "connect":
            return Obstacle("not-up", f"Nothing listens at {place}: the connection was refused.", _START, fatal=True)
        case "tls":
            return _tls(url, place, words)
        case "timeout" if protocol_of(greeting) is None:
            return _silent(place)
    return _no_http(url, place, greeting)


def speaks_tls(url: str) -> Obstacle:
    """Plain HTTP was sent to a port of TLS."""
    sentence = f"{place_of(url)} speaks TLS, and was asked in plain HTTP."
    return Obstacle("speaks-tls", sentence, f"Write https:// in the URL: {_as('https', url)}", fatal=True)


def _silent(place: str) -> Obstacle:
    sentence = f"{place} gave no reply in time."
    advice = (
        "Ask it by hand (curl -v): if that hangs too, look at the service's log, or at a firewall; if it is only slow, "
        'give the step a longer timeout = "30s".'
    )
    return Obstacle("timeout", sentence, advice, fatal=True)


def _no_http(url: str, place: str, greeting: bytes) -> Obstacle:
    protocol = protocol_of(greeting)
    if protocol == TLS and scheme_of(url) == "http":
        return speaks_tls(url)
    if protocol in _DATABASES:
        sentence = f"{protocol} answers at {place}, not a web service."
        advice = f"Give the port of the service itself; {protocol} is where it keeps its data."
        return Obstacle("other-protocol", sentence, advice, fatal=True)
    if protocol is not None:
        sentence = f"{protocol} answers at {place}, not HTTP/1.1."
        return Obstacle("other-protocol", sentence, "Give the port of the web service.", fatal=True)
    sentence = f"What listens at {place} gave no HTTP reply: it closed the connection, or answered something else."
    advice = "Check the port (ss -ltnp shows who listens), and the service's log: it may fall over each request."
    return Obstacle("no-http", sentence, advice, fatal=True)


def _tls(url: str, place: str, words: str) -> Obstacle:
    if "expired" in words or "not valid yet" in words or "notvalidyet" in words or "not yet valid" in words:
        sentence = f"The certificate of {place} is out of its time: expired, or not valid yet."
        advice = "Renew it, or set this machine's clock; verify = false in [tls] drives the service without looking."
        return Obstacle("certificate-expired", sentence, advice, fatal=True)
    if "notvalidforname" in words.replace(" ", "") or "not valid for" in words or "mismatch" in words:
        sentence = f"The certificate of {place} is for another name than {host_of(url)}."
        advice = "Ask by the name that stands in it, or write verify = false in [tls]."
        return Obstacle("certificate-name", sentence, advice, fatal=True)
    if any(word in words for word in ("unknownissuer", "unknown issuer", "self-signed", "self signed", "unable to get",
                                      "causedasendentity", "unknown_ca", "verify failed")):  # fmt: skip
        sentence = f"The certificate of {place} is self-signed, or its issuer is not known to this machine."
        advice = 'Write ca_file = "issuer.pem" in [tls] of the spec, or verify = false if the service is your own.'
        return Obstacle("certificate-unknown", sentence, advice, fatal=True)
    if any(word in words for word in ("wrong version", "corrupt message", "record layer", "invalidcontenttype",
                                      "unexpected message", "packet length")):  # fmt: skip
        sentence = f"{place} does not speak TLS."
        return Obstacle("not-tls", sentence, f"Write http:// in the URL: {_as('http', url)}", fatal=True)
    sentence = f"No TLS connection to {place} could be made."
    advice = f"Look at what it offers: openssl s_client -connect {place}"
    return Obstacle("tls-failed", sentence, advice, fatal=True)


def _as(scheme: str, url: str) -> str:
    return re.sub(r"^[a-zA-Z]+(?=://)", scheme, url)
