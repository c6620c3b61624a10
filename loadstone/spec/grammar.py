"""Every key of ``loadstone.toml``: what it holds and what it means. Reader and JSON Schema both come from here."""

from __future__ import annotations

import re

from loadstone.model import template
from loadstone.model.extraction import expression_problem, parse_extraction
from loadstone.model.quantity import DURATION_PATTERN, RATE_PATTERN, SHARE_PATTERN, parse_duration, parse_rate
from loadstone.model.slo import parse_objective
from loadstone.model.workload import METHODS
from loadstone.spec import values as v
from loadstone.spec.bursts import BurstTable
from loadstone.spec.drawn import MOST, ORDER, PER, probabilities
from loadstone.spec.guardrails import GuardrailTable
from loadstone.spec.hosts import parse_url
from loadstone.spec.kinds import Choose, Field, ListOf, MapOf, Table, Value, value_from_text

__all__ = ["ROOT", "STEP"]

_IDENTIFIER = rf"^{template.IDENTIFIER}$"
_IDENTIFIER_SAYS = "a name here is letters, digits, _ and -, and starts with a letter or _"
_JOURNEY_NAME = r"^[A-Za-z0-9_][A-Za-z0-9_ -]*$"
_ENV_NAME = r"^[^=\u0000]+$"
_FRAMING = "|".join("".join(f"[{c}{c.upper()}]" for c in name) for name in ("content-length", "transfer-encoding"))
_HEADER_NAME = rf"^(?!(?:{_FRAMING})$)[!#$%&'*+.^_`|~0-9A-Za-z-]+$"

_POSITIVE_DURATION = value_from_text(
    v.positive_duration, 'a duration is written as text, for example "30s"', DURATION_PATTERN
)
_DURATION = value_from_text(parse_duration, 'a duration is written as text, for example "30s"', DURATION_PATTERN)


def _rate(text: str) -> float:
    rate = parse_rate(text)
    if rate <= 0:
        raise ValueError("a rate here is above 0")
    return rate


_RATE = value_from_text(_rate, 'a rate is written as text, for example "40/s"', RATE_PATTERN)

_OBJECTIVE = value_from_text(
    parse_objective,
    'an objective is written as "99% < 300ms", "p99 < 300ms" or "errors < 0.1%"',
    rf"^(?:p[0-9.]+|[0-9.]+ ?%) ?< ?(?:{DURATION_PATTERN.strip('^$')})$|^errors ?< ?(?:{SHARE_PATTERN.strip('^$')})$",
)


def _journey_name(value: object) -> str:
    if not isinstance(value, str) or not re.search(_JOURNEY_NAME, value):
        raise ValueError("a journey's name is letters, digits, spaces, _ and -")
    return value


def _arrivals(value: object) -> object:
    if value not in ("poisson", "even"):
        raise ValueError('arrivals are "poisson" or "even"; a closed population is written with "users"')
    return value


def _extraction(value: object) -> object:
    if not isinstance(value, str):
        raise ValueError('a value is extracted by a text such as "$.items[*].id | random"')
    return parse_extraction("", value)


def _expressions(source: str) -> Value:
    def parse(value: object) -> object:
        read = v.TEXTS.parse(value)
        assert isinstance(read, tuple)
        for expression in read:
            if problem := expression_problem(source, expression):
                raise ValueError(problem)
        return read

    return Value(v.TEXTS.describes, parse)


_CHECK = Table(
    "check",
    {
        "status": Field(v.STATUS, 'the status of a good reply: 200, [200, 204] or "2xx"'),
        "contains": Field(v.TEXTS, "texts that the body must hold"),
        "regex": Field(_expressions("regex"), "regular expressions that must match the body"),
        "json": Field(_expressions("json"), "JSONPath queries that must find something in the body"),
    },
)

_HEADERS = MapOf(
    "headers",
    v.TEMPLATE,
    _HEADER_NAME,
    "a header's name is a token (RFC 9110); content-length and transfer-encoding are the engine's own",
)

STEP = Table(
    "[[journey.step]]",
    {
        **{method: Field(v.PATH, f"the path, a template, asked with {method.upper()}") for method in METHODS},
        "name": Field(v.NAME, "the step's name; method and path when it is left out"),
        "headers": Field(_HEADERS, "headers to send; values are templates"),
        "body": Field(v.BODY_TEMPLATE, "a text body, a template"),
        "json": Field(v.JsonBody(), "a JSON body; its texts are templates"),
        "form": Field(
            MapOf("form", v.FORM_VALUE, r"^[\s\S]*$", "a field's name"), "a form's fields; their texts are templates"
        ),
        "timeout": Field(_POSITIVE_DURATION, 'how long to wait for the whole reply; "10s" when it is left out'),
        "redirects": Field(v.REDIRECTS, "how many redirects are followed, on the same host only; 0 when left out"),
        "extract": Field(
            MapOf(
                "extract",
                Value({"type": "string", "pattern": r"^\s*(\$|regex:|header:|cookie:)"}, _extraction),
                _IDENTIFIER,
                _IDENTIFIER_SAYS,
                template.RESERVED,
            ),
            "values of the reply for later steps",
        ),
        "check": Field(_CHECK, "what a good reply is"),
        "next": Field(probabilities("next"), "which step follows, with its probability; the rest leaves"),
        "pause": Field(v.THINK, "thought before whichever step follows"),
    },
    one_of=METHODS,
    not_both=(("body", "json", "form"),),
)

_THINK_STEP = Table("a step that thinks", {"think": Field(v.THINK, "a pause before the next step", True)})

_JOURNEY = Table(
    "[[journey]]",
    {
        "name": Field(
            Value({"type": "string", "pattern": _JOURNEY_NAME}, _journey_name), "what users come to do", required=True
        ),
        "weight": Field(v.POSITIVE, "how often, relative to the other journeys; 1 when it is left out"),
        "start": Field(probabilities("start"), "with which step it begins; the first when it is left out"),
        "most": Field(MOST, "requests of one journey whose steps lead back; 1,000 when it is left out"),
        "step": Field(
            ListOf("[[journey.step]]", Choose("think", _THINK_STEP, STEP), at_least=1), "its steps, in order", True
        ),
    },
)


def _url(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError('a URL is written as text, for example "http://127.0.0.1:8000"')
    return parse_url(value)


_URL = Value({"type": "string", "pattern": r"^https?://[^@?#\s]+$"}, _url)

_SERVICE = Table(
    "[service]",
    {
        "url": Field(
            _URL,
            'where the service is, for example "http://127.0.0.1:8000"',
            True,
        ),
        "start": Field(v.PLAIN_TEXT, "the command that starts it; it is stopped when the run ends"),
        "ready": Field(v.READY_PATH, "a path that answers below 400 once the service is up"),
        "ready_timeout": Field(_POSITIVE_DURATION, 'how long to wait for that; "30s" when it is left out'),
        "cwd": Field(v.PLAIN_TEXT, "where to start it, relative to this file"),
        "env": Field(MapOf("[service.env]", v.ANY_TEXT, _ENV_NAME, "a variable's name"), "variables to start it with"),
        "instrument": Field(v.INSTRUMENT, 'how an observed run looks inside: true (when left out), "otel" or false'),
        "dsn": Field(v.CREDENTIAL, 'its PostgreSQL database, for evidence, as "{env.NAME}"'),
        "show": Field(v.TEXTS, "parameters whose values evidence may show; all others are kept as hashes"),
    },
)

_SLO = Table(
    "[[slo]]",
    {
        "name": Field(v.NAME, "its name; the objective's text when it is left out"),
        "step": Field(v.NAME, 'a step, as "journey.step"'),
        "journey": Field(v.NAME, "a whole journey; with neither, every request"),
        "objective": Field(_OBJECTIVE, '"99% < 300ms", "p99 < 300ms" or "errors < 0.1%"', True),
    },
    not_both=(("step", "journey"),),
)

_SHAPE = Table(
    "[shape.NAME]",
    {
        "rate": Field(_RATE, 'journeys started a second, for example "40/s" (an open model)'),
        "users": Field(v.COUNT, "a closed population: how many users, each starting over when done"),
        "arrivals": Field(Value({"enum": ["poisson", "even"]}, _arrivals), '"poisson" (when left out) or "even"'),
        "duration": Field(_POSITIVE_DURATION, 'how long is measured, for example "2m"', True),
        "warm_up": Field(_DURATION, "load before that, which no count includes"),
        "bursts": Field(BurstTable(), "how uneven Poisson arrivals are: index of dispersion by window"),
    },
    one_of=("rate", "users"),
    not_both=(("users", "arrivals"), ("users", "bursts")),
)

_AUTH = Table(
    "[auth]",
    {
        "basic": Field(
            Table(
                "basic",
                {"user": Field(v.CREDENTIAL, "", True), "password": Field(v.CREDENTIAL, "", True)},
            ),
            'basic = {user = "{env.USER}", password = "{env.PASSWORD}"}',
        ),
        "bearer": Field(v.CREDENTIAL, 'a token, as "{env.NAME}"'),
    },
    one_of=("basic", "bearer"),
)

_TLS = Table(
    "[tls]",
    {
        "ca_file": Field(v.PLAIN_TEXT, "a PEM file of authorities to trust beside the system's, relative to this file"),
        "verify": Field(v.FLAG, "false to accept any certificate"),
    },
)

_FEED = Table(
    "[feed.NAME]",
    {
        "csv": Field(v.PLAIN_TEXT, "a CSV file with a header row, relative to this file", True),
        "order": Field(ORDER, '"sequential" (when left out), "random" or "zipf(1.1, 2.7)": popularity by rank'),
        "per": Field(PER, '"journey" (when left out) or "request": how long a row holds'),
    },
)

_ASSUMPTION = Table(
    "[[assumption]]",
    {
        "name": Field(v.NAME, "what is assumed", True),
        "value": Field(v.AMOUNT, "what it is taken to be"),
        "low": Field(v.AMOUNT, "the least that is plausible"),
        "high": Field(v.AMOUNT, "the most that is plausible"),
        "source": Field(v.PLAIN_TEXT, "where it comes from"),
        "review": Field(v.UP_TO_NOW, "when to look again"),
    },
)

_UNKNOWN = Table(
    "[[unknown]]",
    {
        "name": Field(v.NAME, "what nobody knows yet", True),
        "command": Field(v.PLAIN_TEXT, "the command that would tell"),
    },
)

_NAMES = (_IDENTIFIER, _IDENTIFIER_SAYS)

ROOT = Table(
    "loadstone.toml",
    {
        "allow_hosts": Field(v.TEXTS, "hosts other than this machine that may be driven"),
        "service": Field(_SERVICE, "where the service is", True),
        "slo": Field(ListOf("[[slo]]", _SLO), "what good is"),
        "journey": Field(ListOf("[[journey]]", _JOURNEY, at_least=1), "what users do", True),
        "shape": Field(MapOf("[shape.NAME]", _SHAPE, *_NAMES, at_least=1), "how much load, and for how long", True),
        "auth": Field(_AUTH, "credentials sent with every request"),
        "tls": Field(_TLS, "how certificates are checked"),
        "feed": Field(MapOf("[feed.NAME]", _FEED, *_NAMES, template.RESERVED), "rows of data for templates"),
        "trace": Field(
            Table("[trace]", {"share": Field(v.SHARE, "requests sent with a sampled traceparent", True)}), "tracing"
        ),
        "labels": Field(MapOf("[labels]", v.PLAIN_TEXT, *_NAMES), "words to find the run by"),
        "assumption": Field(ListOf("[[assumption]]", _ASSUMPTION), "what is taken as true"),
        "unknown": Field(ListOf("[[unknown]]", _UNKNOWN), "what nobody knows yet"),
        "guardrails": Field(GuardrailTable(), "what a change must not make worse"),
    },
)
