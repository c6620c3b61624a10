"""Sides as arguments name them: what is told apart, what is refused with a way out, what is never kept."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadstone.cli.design import pairs
from loadstone.cli.sides import Given, environment, given_side, hidden_words, margin, metric_margins, shown, sides_of
from loadstone.errors import SpecError
from loadstone.model.experiment import SideAsked
from loadstone.spec import Spec, load

SPEC = """
[service]
url = "http://127.0.0.1:8000"
start = "python -m shop --port {port}"
[[journey]]
name = "browse"
step = [{ get = "/items" }]
[shape.steady]
rate = "40/s"
duration = "30s"
"""

PARAMETER = click.Option(["--x"])
CONTEXT = click.Context(click.Command("prove"))


@pytest.fixture
def spec(tmp_path: Path) -> Spec:
    (tmp_path / "loadstone.toml").write_text(SPEC)
    return load(tmp_path / "loadstone.toml")


@pytest.fixture
def repository(tmp_path: Path, spec: Spec) -> Spec:
    """The spec within a git repository of one commit, tagged ``v1``."""
    for arguments in (
        ("init", "-q", "-b", "main"),
        ("add", "."),
        ("-c", "user.name=a", "-c", "user.email=a@b", "commit", "-q", "-m", "one"),
        ("tag", "v1"),
    ):
        subprocess.run(["git", *arguments], cwd=tmp_path, check=True, capture_output=True)
    return spec


def side(spec: Spec, text: str | None = None, call: str | None = None, **env: str) -> SideAsked:
    return given_side(spec, Given("A", text, env, call))


def both(spec: Spec, a: str | None = None, b: str | None = None, **more: object) -> tuple[SideAsked, SideAsked]:
    told: dict[str, object] = {"a_env": {}, "b_env": {}, "a_call": None, "b_call": None, **more}
    return sides_of(spec, a, b, **told)  # type: ignore[arg-type]


def test_url_revision_and_command_are_told_apart(repository: Spec) -> None:
    assert (side(repository, "http://127.0.0.1:9/").kind, side(repository, "http://127.0.0.1:9/").text) == (
        "url",
        "http://127.0.0.1:9",
    )
    assert side(repository, "v1").kind == "revision"
    assert side(repository, "HEAD~0").kind == "revision"
    assert side(repository, "python -m shop --port {port}").kind == "command"
    assert side(repository, "python").kind == "command"


def test_a_prefix_forces_what_is_meant(repository: Spec, tmp_path: Path) -> None:
    (tmp_path / "v1").write_text("")
    assert side(repository, "cmd:v1").kind == "command"
    assert side(repository, "cmd:v1").text == "v1"
    assert side(repository, "rev:v1").label == "v1"
    with pytest.raises(SpecError, match="no revision of the git repository"):
        side(repository, "rev:nothing")


def test_a_word_that_is_nothing_says_what_a_side_is(repository: Spec) -> None:
    with pytest.raises(SpecError, match=r"no URL, no revision .* no program here") as told:
        side(repository, "mian")
    assert "rev:… and cmd:…" in str(told.value)
    with pytest.raises(SpecError, match="not a command line"):
        side(repository, 'python "open')


def test_a_word_like_an_option_of_git_is_no_revision(repository: Spec) -> None:
    with pytest.raises(SpecError, match="no program here"):
        side(repository, "--output=x")


def test_a_revision_needs_a_start(repository: Spec, tmp_path: Path) -> None:
    (tmp_path / "bare.toml").write_text(SPEC.replace('start = "python -m shop --port {port}"\n', ""))
    with pytest.raises(SpecError, match="started by the spec, which has no start"):
        side(load(tmp_path / "bare.toml"), "v1")


def test_without_a_repository_a_revision_is_no_program(spec: Spec, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(Path(spec.service.cwd or ".").parent))
    with pytest.raises(SpecError, match="no program here"):
        side(spec, "v1")


def test_a_url_takes_no_variables(spec: Spec) -> None:
    with pytest.raises(click.UsageError, match="up already"):
        side(spec, "http://127.0.0.1:9", FIX="1")


def test_sides_are_called_by_what_differs(spec: Spec) -> None:
    a, b = both(spec, a_env={"FIX": "0", "MODE": "x"}, b_env={"FIX": "1", "MODE": "x"})
    assert (a.label, b.label) == ("FIX=0", "FIX=1")
    assert (a.kind, b.env) == ("environment", {"FIX": "1", "MODE": "x"})
    a, b = both(spec, a="python -m shop", a_env={"FIX": "0"}, b="python -m shop", b_env={"FIX": "1"})
    assert (a.label, b.label) == ("python -m shop FIX=0", "python -m shop FIX=1")


def test_a_side_that_is_not_named_is_the_spec_s_service(repository: Spec) -> None:
    a, b = both(repository, a="v1")
    assert (a.kind, b.kind, b.text) == ("revision", "environment", None)
    assert b.label == "the service as the spec has it"
    _, b = both(repository, b_env={"FIX": "1"})
    assert b.label == "FIX=1"


def test_calls_switch_one_running_service(spec: Spec) -> None:
    a, b = both(spec, a_call="POST /flags?x=0", b_call=" POST /flags?x=1 ")
    assert (a.kind, a.call, b.call) == ("call", "POST /flags?x=0", "POST /flags?x=1")
    with pytest.raises(click.UsageError, match="is no call"):
        both(spec, a_call="flags", b_call="POST /x")
    with pytest.raises(click.UsageError, match="go together"):
        both(spec, a_call="POST /x")
    with pytest.raises(click.UsageError, match="they take no --a"):
        both(spec, a="http://127.0.0.1:9", a_call="POST /x", b_call="POST /y")


def test_two_sides_are_needed_and_they_differ(spec: Spec) -> None:
    with pytest.raises(click.UsageError, match="two sides are needed") as told:
        both(spec)
    assert "--a-env FIX=0 --b-env FIX=1" in str(told.value)
    with pytest.raises(click.UsageError, match="loadstone calibrate"):
        both(spec, a_env={"FIX": "1"}, b_env={"FIX": "1"})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("API_KEY", "abc"),
        ("DB_PASSWORD", "x"),
        ("AUTH", "x"),
        ("SESSION_TOKEN", "x"),
        ("DATABASE_URL", "postgresql://u:p@h/d"),
        ("HEADER", "Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N"),
    ],
)
def test_a_secret_is_told_by_its_name_alone(spec: Spec, name: str, value: str) -> None:
    assert shown(name, value) == f"{name}=…"
    a, b = both(spec, a_env={name: value}, b_env={name: f"{value}2"})
    assert value not in a.label + b.label
    assert (a.env, a.label) == ({name: value}, f"{name}=…")
    hidden = hidden_words({name: value}, {})
    assert hidden == {f"{name}={value}": f"{name}=…", f"--a-env={name}={value}": f"--a-env={name}=…"}


def test_a_switch_is_told_with_its_value() -> None:
    assert [shown("FIX", "1"), shown("WORKERS", "4"), shown("MODE", "fast path")] == [
        "FIX=1",
        "WORKERS=4",
        "MODE=fast path",
    ]
    assert hidden_words({"FIX": "0"}, {"FIX": "1"}) == {}


def refused(read: Callable[..., object], value: object) -> str:
    with pytest.raises(click.BadParameter) as told:
        read(CONTEXT, PARAMETER, value)
    return told.value.message


def test_a_variable_is_read_and_its_value_never_repeated() -> None:
    assert environment(CONTEXT, PARAMETER, ("FIX=1", "X=a=b", "EMPTY=")) == {"FIX": "1", "X": "a=b", "EMPTY": ""}
    assert "s3cret" not in refused(environment, ("1PASS=s3cret",))
    refused(environment, ("FIX",))


def test_margins_are_shares_or_factors() -> None:
    assert [margin(CONTEXT, PARAMETER, text) for text in ("5%", "1.05", "0.5 %", "100%", None)] == [
        1.05,
        1.05,
        1.005,
        2.0,
        None,
    ]
    for text in ("5", "0%", "101%", "-5%", "five", "1.0", "1.05%%"):
        assert '"5%" or "1.05"' in refused(margin, text)


@given(st.integers(1, 1000))
def test_a_share_and_its_factor_are_one_margin(tenths: int) -> None:
    told = margin(CONTEXT, PARAMETER, f"{tenths / 10}%")
    assert told == pytest.approx(1 + tenths / 1000)
    assert margin(CONTEXT, PARAMETER, f"{told:.12g}") == told


def test_a_metric_has_a_margin_of_its_own() -> None:
    told = metric_margins(
        CONTEXT, PARAMETER, ("p99 response of browse.detail=10%", "statements=+1", "errors=+0.1%", "cpu = 20%")
    )
    assert told == {
        "p99 response of browse.detail": 1.1,
        "statements a request": 1.0,
        "errors": 0.001,
        "CPU a request": 1.2,
    }
    assert "METRIC=MARGIN" in refused(metric_margins, ("p99 response",))
    assert "nothing that a guardrail can hold" in refused(metric_margins, ("speed=5%",))


def test_few_pairs_are_refused_with_the_reason() -> None:
    assert pairs(CONTEXT, PARAMETER, 6) == 6
    assert refused(pairs, 5) == "5 pairs carry no interval of 95 %; 6 are the fewest"
