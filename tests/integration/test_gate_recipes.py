"""The recipes of docs/gate.md: their YAML is read, and what they run is run in a small repository, without network."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs
from xml.etree import ElementTree

import pytest
import yaml

from loadstone.stats.pairs.effect import FEWEST
from tests.integration.small_repository import change, commit, git, repository

PAGE = (Path(__file__).parents[2] / "docs" / "gate.md").read_text()
GITHUB, GITLAB = (yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL))

needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
needs_curl = pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")


def steps() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = GITHUB["jobs"]["gate"]["steps"]
    return found


def run_of(name: str) -> str:
    return str(next(step["run"] for step in steps() if step.get("name") == name))


def bash(script: str, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """As a runner runs a step: bash, stopping at the first error, with this checkout's loadstone first on the path."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "LOADSTONE_"))}
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
        cwd=folder,
        env={**kept, "PATH": path, **variables},
        capture_output=True,
        text=True,
    )


BUSY = pytest.mark.optional("a machine that others fill disturbs every pair")


def gated(arguments: str, folder: Path) -> tuple[subprocess.CompletedProcess[str], dict[str, Any]]:
    """A gate of short runs, and its report. Skips where the machine let too few pairs stand for any verdict."""
    made = bash(f"loadstone gate {arguments} --for 1s --warm-up 200ms --budget 2m --json -q", folder)
    assert made.stdout, made.stderr
    report = json.loads(made.stdout)
    if report["comparison"]["design"]["pairs"] < FEWEST:
        pytest.skip("the machine was too busy for six undisturbed pairs")
    return made, report


@pytest.fixture
def chatty(tmp_path: Path) -> Path:
    """A branch with one statement more, merged, as a pull request is checked out."""
    folder = repository(tmp_path / "work")
    git(folder, "checkout", "--quiet", "-b", "change")
    change(folder, "chatty")
    commit(folder, "Audit each read")
    git(folder, "checkout", "--quiet", "--detach", "main")
    git(folder, "merge", "--quiet", "--no-ff", "--no-edit", "change")
    return folder


def test_the_recipes_have_what_a_gate_needs() -> None:
    checkout, *_ = steps()
    assert checkout["uses"].startswith("actions/checkout@")
    assert checkout["with"]["fetch-depth"] == 0
    assert GITHUB[True] == "pull_request"  # YAML 1.1 reads the key "on" as true
    assert GITHUB["permissions"] == {"contents": "read", "pull-requests": "write"}
    job = GITLAB["gate"]
    assert job["variables"]["GIT_DEPTH"] == 0
    assert job["artifacts"]["reports"]["junit"] == "gate.xml"
    assert job["artifacts"]["when"] == "always"
    assert job["allow_failure"] == {"exit_codes": 3}


def test_files_are_called_alike_everywhere() -> None:
    command = run_of("Gate")
    assert "--markdown gate.md" in command
    assert "--junit gate.xml" in command
    assert "--body-file gate.md" in run_of("Comment")
    assert all(name in GITLAB["gate"]["script"][0] for name in ("--markdown gate.md", "--junit gate.xml"))
    assert "body@gate.md" in GITLAB["gate"]["after_script"][1]


@needs_git
def test_the_github_job(chatty: Path, tmp_path: Path) -> None:
    summary = tmp_path / "summary.md"
    made = bash(run_of("Gate"), chatty, GITHUB_STEP_SUMMARY=str(summary))
    assert made.returncode == 1, made.stderr
    assert "+1.00 by count" in made.stdout
    assert re.search(r"^::error file=service\.py,line=\d+,title=statements a request%3A fail::", made.stdout, re.M)
    assert (chatty / "gate.md").read_text() == summary.read_text()
    assert ElementTree.parse(chatty / "gate.xml").getroot()[0].get("failures") == "1"
    assert (chatty / ".loadstone" / "experiments").is_dir()

    told = tmp_path / "told"
    (tmp_path / "bin").mkdir()
    gh = tmp_path / "bin" / "gh"
    gh.write_text('#!/bin/sh\nprintf "%s\\n" "$@" > "$TOLD"\n')
    gh.chmod(0o755)
    path = f"{gh.parent}{os.pathsep}{os.environ['PATH']}"
    assert bash(run_of("Comment"), chatty, PULL="17", TOLD=str(told), PATH=path).returncode == 0
    assert told.read_text().split("\n")[:5] == ["pr", "comment", "17", "--body-file", "gate.md"]


class Notes(BaseHTTPRequestHandler):
    """Takes a note on a merge request, as GitLab's API does."""

    taken: list[tuple[str, str | None, str]]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        self.taken.append((self.path, self.headers["private-token"], parse_qs(body)["body"][0]))
        self.send_response(201)
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def notes() -> Iterator[tuple[str, list[tuple[str, str | None, str]]]]:
    taken: list[tuple[str, str | None, str]] = []
    server = HTTPServer(("127.0.0.1", 0), type("TheseNotes", (Notes,), {"taken": taken}))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/api/v4", taken
    server.shutdown()
    thread.join()
    server.server_close()


@needs_git
@needs_curl
def test_the_gitlab_job(chatty: Path, notes: tuple[str, list[tuple[str, str | None, str]]]) -> None:
    url, taken = notes
    job = GITLAB["gate"]
    variables = {
        "CI_MERGE_REQUEST_DIFF_BASE_SHA": git(chatty, "rev-parse", "HEAD^1"),
        "CI_API_V4_URL": url,
        "CI_PROJECT_ID": "5",
        "CI_MERGE_REQUEST_IID": "17",
        "GATE_TOKEN": "masked",
    }
    made = bash("\n".join(job["script"]), chatty, **variables)
    assert made.returncode == 1, made.stderr
    after = bash("\n".join(job["after_script"]), chatty, **variables)
    assert after.returncode == 0, after.stderr
    assert taken == [("/api/v4/projects/5/merge_requests/17/notes", "masked", (chatty / "gate.md").read_text())]
    report = ElementTree.parse(chatty / job["artifacts"]["reports"]["junit"]).getroot()
    assert report[0].get("failures") == "1"


@needs_git
def test_nothing_is_noted_where_the_gate_never_ran(tmp_path: Path) -> None:
    assert bash("\n".join(GITLAB["gate"]["after_script"]), tmp_path).returncode == 0


@BUSY
@needs_git
def test_a_change_that_keeps_everything_passes(tmp_path: Path) -> None:
    folder = repository(tmp_path / "work")
    change(folder, "same")
    made, report = gated("--base main", folder)
    assert (made.returncode, report["verdict"]) == (0, "pass"), report["sentence"]
    assert report["candidate"] != report["base"]


@BUSY
@needs_git
def test_a_change_that_waits_longer_fails_and_is_told_by_how_much(tmp_path: Path) -> None:
    folder = repository(tmp_path / "work")
    change(folder, "late")
    made, report = gated("--base main", folder)
    assert (made.returncode, report["verdict"]) == (1, "fail"), report["sentence"]
    assert report["decided_by"] == "p50 response"
    slower = next(one for one in report["results"] if one["verdict"] == "fail")
    assert 2 < slower["low"] < slower["value"] < slower["high"] < 4  # 10 ms and its work against 30 ms


@BUSY
@needs_git
def test_all_goes_on_where_a_counter_failed(chatty: Path) -> None:
    made, report = gated("--base HEAD^1 --candidate HEAD --all", chatty)
    assert made.returncode == 1
    assert report["decided_by"] == "statements a request"
    assert report["comparison"]["design"]["pairs"] >= 6
    assert "count(*)" in report["cause"]["label"]
