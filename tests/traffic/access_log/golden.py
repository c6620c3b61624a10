"""One line of each format, written after the documented order of its fields, and what it tells."""

from __future__ import annotations

import json
from typing import NamedTuple

OCTOBER = 971_211_336.0
"""10/Oct/2000:13:55:36 -0700, the instant of Apache's own example."""

AGENT = "Mozilla/5.0 (X11; Linux x86_64) Firefox/126.0"


class Golden(NamedTuple):
    """``format`` is the name that ``detect`` gives; ``line`` stands in the log as it is; ``head`` before it."""

    format: str
    line: str
    told: dict[str, str | float]
    head: str = ""


REQUEST: dict[str, str | float] = {"method": "GET", "target": "/products/42?page=2", "status": "200"}
COMMON: dict[str, str | float] = {**REQUEST, "client": "203.0.113.9", "time": OCTOBER, "bytes": "2326"}
COMBINED: dict[str, str | float] = {**COMMON, "referer": "http://shop.example/products", "agent": AGENT}

_COMMON = '203.0.113.9 - ann [10/Oct/2000:13:55:36 -0700] "GET /products/42?page=2 HTTP/1.1" 200 2326'
_COMBINED = f'{_COMMON} "http://shop.example/products" "{AGENT}"'

CADDY = {
    "level": "info",
    "ts": 971211336.25,
    "logger": "http.log.access",
    "msg": "handled request",
    "request": {
        "remote_ip": "203.0.113.9",
        "remote_port": "41342",
        "client_ip": "203.0.113.9",
        "proto": "HTTP/2.0",
        "method": "GET",
        "host": "shop.example",
        "uri": "/products/42?page=2",
        "headers": {"User-Agent": [AGENT], "Accept": ["*/*"]},
    },
    "bytes_read": 0,
    "user_id": "",
    "duration": 0.000929675,
    "size": 2326,
    "status": 200,
    "resp_headers": {"Server": ["Caddy"]},
}

ENVOY_JSON = {
    "start_time": "2000-10-10T20:55:36.250Z",
    "method": "GET",
    "path": "/products/42?page=2",
    "protocol": "HTTP/1.1",
    "response_code": 200,
    "response_flags": "-",
    "bytes_received": 0,
    "bytes_sent": 2326,
    "duration": 4,
    "upstream_service_time": "3",
    "x_forwarded_for": "198.51.100.7",
    "user_agent": AGENT,
    "request_id": "5c0b9b0e-9d57-9d2a-8b7e-6a3f1b1b2c3d",
    "authority": "shop.example",
    "upstream_host": "10.0.0.5:8000",
    "downstream_remote_address": "203.0.113.9:41342",
}

TRAEFIK_JSON = {
    "ClientAddr": "203.0.113.9:41342",
    "ClientHost": "203.0.113.9",
    "DownstreamContentSize": 2326,
    "DownstreamStatus": 200,
    "Duration": 4000000,
    "RequestHost": "shop.example",
    "RequestMethod": "GET",
    "RequestPath": "/products/42?page=2",
    "RequestProtocol": "HTTP/1.1",
    "StartUTC": "2000-10-10T20:55:36.25Z",
    "request_User-Agent": AGENT,
    "level": "info",
    "msg": "",
    "time": "2000-10-10T20:55:36Z",
}

NGINX_JSON = {
    "time_local": "10/Oct/2000:13:55:36 -0700",
    "remote_addr": "203.0.113.9",
    "request": "GET /products/42?page=2 HTTP/1.1",
    "status": "200",
    "body_bytes_sent": "2326",
    "request_time": "0.004",
    "http_referer": "http://shop.example/products",
    "http_user_agent": AGENT,
}

ECS = {
    "@timestamp": "2000-10-10T20:55:36.000Z",
    "http": {"request": {"method": "GET"}, "response": {"status_code": 200, "body": {"bytes": 2326}}},
    "url": {"original": "/products/42?page=2", "path": "/products/42", "query": "page=2"},
    "source": {"ip": "203.0.113.9"},
    "event": {"duration": 4000000},
    "user_agent": {"original": AGENT},
}

PINO = {
    "level": 30,
    "time": 971211336000,
    "req": {
        "id": 1,
        "method": "GET",
        "url": "/products/42?page=2",
        "headers": {"host": "shop.example", "user-agent": AGENT},
        "remoteAddress": "203.0.113.9",
    },
    "res": {"statusCode": 200, "headers": {"content-length": "2326"}},
    "responseTime": 4,
    "msg": "request completed",
}

GOLDEN: tuple[Golden, ...] = (
    Golden("common", _COMMON, COMMON),
    Golden("combined", _COMBINED, COMBINED),
    Golden("vhost_combined", f"shop.example:443 {_COMBINED}", {**COMBINED, "host": "shop.example"}),
    Golden("vhost_common", f"shop.example {_COMMON}", {**COMMON, "host": "shop.example"}),
    Golden("combined_us", f"{_COMBINED} 41250", {**COMBINED, "duration": 0.04125}),
    Golden("combined_s", f"{_COMBINED} 3", {**COMBINED, "duration": 3.0}),
    Golden("combined_s_us", f"{_COMBINED} 0/41250", {**COMBINED, "duration": 0.04125}),
    Golden("common_us", f"{_COMMON} 41250", {**COMMON, "duration": 0.04125}),
    Golden("nginx_main", f'{_COMBINED} "198.51.100.7"', {**COMBINED, "forwarded": "198.51.100.7"}),
    Golden("nginx_timed", f"{_COMBINED} 0.004", {**COMBINED, "duration": 0.004}),
    Golden("nginx_timed_upstream", f"{_COMBINED} 0.004 0.003", {**COMBINED, "duration": 0.004}),
    Golden("nginx_main_timed", f'{_COMBINED} "-" 0.004', {**COMBINED, "duration": 0.004}),
    Golden("nginx_main_upstream", f'{_COMBINED} "-" 0.004 0.001, 0.002', {**COMBINED, "duration": 0.004}),
    Golden(
        "nginx_upstream_time", f"{_COMBINED} rt=0.004 uct=0.000 uht=0.003 urt=0.003", {**COMBINED, "duration": 0.004}
    ),
    Golden(
        "nginx_ingress",
        f"{_COMBINED} 512 0.004 [default-shop-80] [] 10.0.0.5:8000 2326 0.003 200 8e3e1b1f5d6c7a8b",
        {**COMBINED, "duration": 0.004},
    ),
    Golden(
        "envoy",
        '[2000-10-10T20:55:36.250Z] "GET /products/42?page=2 HTTP/2" 200 - 0 2326 4 3 "203.0.113.9" '
        f'"{AGENT}" "cc21d9b0-cf5c-432b-8c7e-98aeb7988cd2" "shop.example" "tcp://10.0.2.1:80"',
        {**COMMON, "time": OCTOBER + 0.25, "duration": 0.004, "agent": AGENT, "host": "shop.example"},
    ),
    Golden(
        "istio",
        '[2000-10-10T20:55:36.250Z] "GET /products/42?page=2 HTTP/1.1" 200 - via_upstream - "-" 0 2326 4 3 '
        f'"203.0.113.9" "{AGENT}" "8209ab2c-1c0d-9a43-97f1-3b8d2a8f4a5e" "shop.example" "10.0.0.5:8000" '
        "outbound|8000||shop.svc 10.0.0.4:50102 10.0.0.6:8000 10.0.0.4:50098 - default",
        {**COMMON, "time": OCTOBER + 0.25, "duration": 0.004, "agent": AGENT, "host": "shop.example"},
    ),
    Golden("traefik", f'{_COMBINED} 17 "shop@docker" "http://10.0.0.5:8000" 4ms', {**COMBINED, "duration": 0.004}),
    Golden(
        "haproxy",
        "Oct 10 20:55:36 localhost haproxy[14389]: 203.0.113.9:33317 [10/Oct/2000:20:55:36.655] http-in static/srv1 "
        '10/0/30/69/109 200 2326 - - ---- 1/1/1/1/0 0/0 {1wt.eu} {} "GET /products/42?page=2 HTTP/1.1"',
        {**COMMON, "client": "203.0.113.9:33317", "time": OCTOBER + 0.655, "duration": 0.109},
    ),
    Golden(
        "alb",
        "https 2000-10-10T20:55:36.250000Z app/my-alb/50dc6c495c0c9188 203.0.113.9:2817 10.0.0.1:80 0.001 0.002 0.001 "
        f'200 200 34 2326 "GET https://shop.example:443/products/42?page=2 HTTP/1.1" "{AGENT}" '
        "ECDHE-RSA-AES128-GCM-SHA256 TLSv1.2 arn:aws:elasticloadbalancing:us-east-2:123456789012:targetgroup/t/73e2d6 "
        '"Root=1-58337262-36d228ad5d99923122bbe354" "shop.example" "session-reused" 0 2000-10-10T20:55:36.246000Z '
        '"forward" "-" "-" "10.0.0.1:80" "200" "-" "-"',
        {
            **COMMON,
            "target": "https://shop.example:443/products/42?page=2",
            "client": "203.0.113.9:2817",
            "time": OCTOBER + 0.25,
            "agent": AGENT,
            "duration": 0.004,
        },
    ),
    Golden(
        "clb",
        "2000-10-10T20:55:36.250000Z my-lb 203.0.113.9:2817 10.0.0.1:80 0.001 0.002 0.001 200 200 34 2326 "
        f'"GET http://shop.example:80/products/42?page=2 HTTP/1.1" "{AGENT}" - -',
        {
            **COMMON,
            "target": "http://shop.example:80/products/42?page=2",
            "client": "203.0.113.9:2817",
            "time": OCTOBER + 0.25,
            "agent": AGENT,
            "duration": 0.004,
        },
    ),
    Golden(
        "cloudfront",
        "2000-10-10\t20:55:36\tSEA19-C1\t2326\t203.0.113.9\tGET\td111111abcdef8.cloudfront.net\t/products/42\t200\t"
        "http://shop.example/products\tMozilla/5.0%2520(X11;%2520Linux%2520x86_64)%2520Firefox/126.0\tpage=2\t-\tHit\t"
        "SOX4xwn4XV6Q4rgb7XiVGOHms_BGlTAC4KyHmureZmBNrjGdRLiNIQ==\tshop.example\thttps\t23\t0.004\t-\tTLSv1.2",
        {**COMBINED, "host": "shop.example", "duration": 0.004},
        "#Version: 1.0\n#Fields: date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status "
        "cs(Referer) cs(User-Agent) cs-uri-query cs(Cookie) x-edge-result-type x-edge-request-id x-host-header "
        "cs-protocol cs-bytes time-taken x-forwarded-for ssl-protocol\n",
    ),
    Golden(
        "iis",
        "2000-10-10 20:55:36 10.0.0.1 GET /products/42 page=2 443 - 203.0.113.9 "
        "Mozilla/5.0+(X11;+Linux+x86_64)+Firefox/126.0 http://shop.example/products 200 0 0 4",
        {**{key: value for key, value in COMBINED.items() if key != "bytes"}, "duration": 0.004},
        "#Software: Microsoft Internet Information Services 10.0\n#Version: 1.0\n#Fields: date time s-ip cs-method "
        "cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) sc-status sc-substatus "
        "sc-win32-status time-taken\n",
    ),
    Golden(
        "caddy",
        json.dumps(CADDY),
        {**COMMON, "time": OCTOBER + 0.25, "host": "shop.example", "agent": AGENT, "duration": 0.000929675},
    ),
    Golden(
        "envoy_json",
        json.dumps(ENVOY_JSON),
        {
            **COMMON,
            "time": OCTOBER + 0.25,
            "client": "203.0.113.9:41342",
            "forwarded": "198.51.100.7",
            "host": "shop.example",
            "agent": AGENT,
            "duration": 0.004,
        },
    ),
    Golden(
        "traefik_json",
        json.dumps(TRAEFIK_JSON),
        {**COMMON, "time": OCTOBER + 0.25, "host": "shop.example", "agent": AGENT, "duration": 0.004},
    ),
    Golden("json", json.dumps(NGINX_JSON), {**COMBINED, "duration": 0.004}),
    Golden("json", json.dumps(ECS), {**COMMON, "agent": AGENT, "duration": 0.004}),
    Golden("json", json.dumps(PINO), {**COMMON, "host": "shop.example", "agent": AGENT, "duration": 0.004}),
    Golden(
        "combined in JSON (log)",
        json.dumps({"log": f"{_COMBINED}\n", "stream": "stdout", "time": "2000-10-10T20:55:36.5Z"}),
        COMBINED,
    ),
    Golden(
        "uvicorn in JSON (log)",
        json.dumps(
            {
                "log": 'INFO:     203.0.113.9:54321 - "GET /products/42?page=2 HTTP/1.1" 200 OK\n',
                "stream": "stdout",
                "time": "2000-10-10T20:55:36.5Z",
            }
        ),
        {**REQUEST, "client": "203.0.113.9:54321", "time": OCTOBER + 0.5},
    ),
    Golden("combined behind CRI", f"2000-10-10T20:55:36.5Z stdout F {_COMBINED}", COMBINED),
    Golden("combined behind syslog", f"Oct 10 20:55:36 web1 nginx[812]: {_COMBINED}", COMBINED),
)
