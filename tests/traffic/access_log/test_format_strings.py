"""Formats as servers' configurations write them, compiled; what is missing in them is said."""

from __future__ import annotations

import pytest

from loadstone.errors import SpecError
from loadstone.traffic.access_log import LineFormat, named
from loadstone.traffic.access_log.line_format import FieldAt
from loadstone.traffic.access_log.reference import read_line

NGINX = '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent'
LINE = '203.0.113.9 - ann [10/Oct/2000:13:55:36 -0700] "GET /a?b=1 HTTP/1.1" 200 17'
TOLD = {
    "client": "203.0.113.9",
    "method": "GET",
    "target": "/a?b=1",
    "status": "200",
    "bytes": "17",
    "time": 971_211_336.0,
}


def fields(line_format: LineFormat) -> list[str]:
    return [f"{part.field}:{part.style}" if part.style else str(part.field) for part in line_format.parts if part.field]


def test_nginx_as_its_variables_are_written() -> None:
    assert read_line(named(NGINX), LINE) == TOLD
    assert read_line(named(NGINX.replace("$status", "${status}")), LINE) == TOLD


def test_nginx_as_the_whole_directive() -> None:
    directive = """log_format main '$remote_addr - $remote_user [$time_local] "$request" '
                          '$status $body_bytes_sent';"""
    found = named(directive)
    assert (found.name, found.time_at) == ("nginx main", "end")
    assert read_line(found, LINE) == TOLD


@pytest.mark.parametrize(
    "quoted", [f"'{NGINX}'", f"'{NGINX[:40]}' '{NGINX[40:]}'", f"'{NGINX}';", f"\n    '{NGINX}'\n"]
)
def test_quotes_of_the_configuration_are_no_part_of_a_format(quoted: str) -> None:
    assert read_line(named(quoted), LINE) == TOLD


def test_a_format_that_begins_and_ends_with_quotes_of_its_own_keeps_them() -> None:
    found = named('"$http_x_forwarded_for" [$time_local] "$request"')
    line = '"203.0.113.9" [10/Oct/2000:13:55:36 -0700] "GET / HTTP/1.1"'
    assert read_line(found, line) == {"forwarded": "203.0.113.9", "method": "GET", "target": "/", "time": 971_211_336.0}


def test_apache_as_its_directives_are_written() -> None:
    found = named('%h %l %u %t \\"%r\\" %>s %b')
    assert (found.time_at, found.escape) == ("start", "apache")
    assert read_line(found, LINE) == TOLD
    assert read_line(named('LogFormat "%h %l %u %t \\"%r\\" %>s %b" common'), LINE) == TOLD
    assert read_line(named('"%h %l %u %t \\"%r\\" %>s %b"'), LINE) == TOLD
    assert named('LogFormat "%h %l %u %t \\"%r\\" %>s %b" common').name == "apache common"


def test_gunicorn_as_its_atoms_are_written() -> None:
    found = named('%(h)s %(l)s %(u)s %(t)s "%(r)s" %(s)s %(b)s "%(f)s" "%(a)s" %(D)s %({x-request-id}i)s')
    assert fields(found) == [
        "client", "skip", "user", "time:clf", "request", "status", "bytes", "referer", "agent", "duration:us", "skip",
    ]  # fmt: skip
    assert found.time_at == "end"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[$time_iso8601] $request_method $uri$is_args$args", ["time:iso", "method", "target"]),
        ("$msec $request_method $scheme://$host$request_uri $status", ["time:unix_s", "method", "url", "status"]),
        ("$time_local|$msec|$request", ["time:clf", "skip", "request"]),
        ("$time_iso8601 $request $upstream_response_time", ["time:iso", "request", "duration:nginx"]),
        ("$time_iso8601 $request $upstream_response_time $request_time", ["time:iso", "request", "skip", "duration:s"]),
        ("$time_iso8601 $request $cookie_sessionid $cookie_theme", ["time:iso", "request", "session", "skip"]),
        ("$time_iso8601 $request $http_x_real_ip $http_x_forwarded_for", ["time:iso", "request", "skip", "forwarded"]),
        ("$time_iso8601 $request $my_map $upstream_cache_status$pipe", ["time:iso", "request", "skip", "skip"]),
        ("%{%Y-%m-%dT%H:%M:%S%z}t %m %U%q %s %{ms}T", ["time:iso", "method", "target", "status", "duration:ms"]),
        ("%{sec}t %r %D %T", ["time:unix_s", "request", "duration:us", "skip"]),
        ("%{usec}t %r %{us}T", ["time:unix_us", "request", "duration:us"]),
        ("%t %r %{PHPSESSID}C %{lang}C", ["time:clf", "request", "session", "skip"]),
        ("%400,501t %!200r %<s", ["time:clf", "request", "status"]),
        ("%t %r 100%% %^FB", ["time:clf", "request", "skip"]),
        ("%t %r %{X-Forwarded-For}i %{c}a %a %h", ["time:clf", "request", "forwarded", "skip", "client", "skip"]),
    ],
)  # fmt: skip
def test_variables_are_what_the_documentation_says(text: str, told: list[str]) -> None:
    assert fields(named(text)) == told


def test_a_format_that_writes_json_is_read_by_its_keys() -> None:
    found = named(
        'log_format j escape=json \'{"at":"$time_iso8601","req":{"line":"$request","m":"$request_method"},'
        '"ms":$request_time,"s":$status,"who":"$remote_addr $remote_user"}\';'
    )
    assert found.kind == "json"
    assert found.fields == {
        "time": FieldAt(paths=(("at",),), style="iso"),
        "request": FieldAt(paths=(("req", "line"),)),
        "method": FieldAt(paths=(("req", "m"),)),
        "duration": FieldAt(paths=(("ms",),), style="s"),
        "status": FieldAt(paths=(("s",),)),
    }
    composed = named('{"t":"$msec","r":"$request_method $request_uri $server_protocol"}')
    assert composed.fields["request"].paths == (("r",),)
    apache = named('{"t":"%{usec}t","r":"%r","d":%D,"a":"%{User-Agent}i"}')
    assert {name: at.style for name, at in apache.fields.items()} == {
        "time": "unix_us", "request": None, "duration": "us", "agent": None,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("$remote_addr $request", "lacks a time"),
        ("$time_local $status", r"lacks a request .*\$request_uri"),
        ("%h %t", "lacks a request"),
        ("$status", "lacks a time .* and a request"),
        ("$time_local$request", "nothing stands between"),
        ("%t %r %Z", "%Z is no directive"),
        ("%{%A}t %r", "is of no kind that is read"),
        ("%(t)s %(r)s %(zz)s", r"%\(zz\)s is no part"),
        ("{$time_local", "begins like JSON"),
        ("nosuchformat", "'nosuchformat' is neither the name.*combined"),
    ],
)
def test_what_is_wrong_with_a_format_is_said(text: str, said: str) -> None:
    with pytest.raises(SpecError, match=said):
        named(text)
