"""The watchdog, against a server that answers as GitHub does."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from conftest import Script

Jobs = Sequence[dict[str, Any]]


class GitHub:
    """Answers each question about jobs with the next list, and the last one for ever."""

    def __init__(self) -> None:
        self.answers: list[Jobs | int] = []
        self.cancelled: list[str] = []
        self.url = ""

    def jobs(self) -> Jobs | int:
        """Give the next answer; a number is a status of HTTP."""
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@pytest.fixture
def github() -> Iterator[GitHub]:
    """A server on this machine."""
    played = GitHub()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer = played.jobs()
            if isinstance(answer, int):
                self.send_error(answer)
            else:
                self._say({"jobs": answer})

        def do_POST(self) -> None:
            played.cancelled.append(f"{self.path} by {self.headers['Authorization']}")
            self._say({})

        def _say(self, content: object) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(content).encode())

        def log_message(self, *_: object) -> None:
            """Keep the test's output free of it."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        played.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield played
        server.shutdown()
        thread.join()


@pytest.fixture
def watch(github: GitHub, script: Script) -> Callable[[float], tuple[int, str]]:
    """Run the watchdog with so many minutes of patience."""
    env = {
        "GITHUB_API_URL": github.url,
        "GITHUB_REPOSITORY": "some/where",
        "GITHUB_TOKEN": "token",
    }

    def run(minutes: float) -> tuple[int, str]:
        options = ("--run", "7", "--minutes", str(minutes), "--poll", "0.02")
        done = script("watch", *options, env=env)
        return done.returncode, done.stdout + done.stderr

    return run


def _job(number: int, status: str, name: str = "a3-node") -> dict[str, Any]:
    return {"id": number, "name": name, "status": status, "labels": ["linux-aarch64-a3-8"]}


Watch = Callable[[float], "tuple[int, str]"]


def test_it_ends_when_no_job_waits(github: GitHub, watch: Watch) -> None:
    """A job that waited and then began is no reason to do anything."""
    github.answers = [[_job(1, "queued")], [_job(1, "in_progress")]]

    status, said = watch(9)

    assert (status, said) == (0, "no job waits for a runner\n")
    assert github.cancelled == []


def test_jobs_that_wait_in_vain_are_named_and_given_up(github: GitHub, watch: Watch) -> None:
    """The label that nobody serves is in the message, and the run is cancelled."""
    github.answers = [[_job(1, "queued"), _job(2, "completed")]]

    status, said = watch(0)

    assert status == 1
    assert "::error::a3-node waited 0 minutes for a runner with linux-aarch64-a3-8" in said
    assert github.cancelled == ["/repos/some/where/actions/runs/7/cancel by Bearer token"]


def test_a_job_that_runs_is_not_ended_for_one_that_waits(github: GitHub, watch: Watch) -> None:
    """The run is given up only when nothing else is left of it."""
    running = [[_job(1, "queued"), _job(2, "in_progress")]] * 5
    github.answers = [*running, [_job(1, "queued"), _job(2, "completed")]]

    status, _ = watch(0)

    assert status == 1
    assert len(github.cancelled) == 1
    assert len(github.answers) == 1


def test_its_own_job_does_not_count(github: GitHub, watch: Watch) -> None:
    """The watchdog runs as long as it looks."""
    github.answers = [[_job(1, "queued"), _job(9, "in_progress", "watchdog of jobs")]]

    assert watch(0)[0] == 1


def test_an_outage_is_waited_for(github: GitHub, watch: Watch) -> None:
    """A server in trouble is asked again."""
    github.answers = [500, 502, [_job(1, "completed")]]

    status, said = watch(9)

    assert status == 0
    assert said.count("GitHub does not answer") == 2


def test_a_long_outage_is_a_failure(github: GitHub, watch: Watch) -> None:
    """It says so, and cancels nothing."""
    github.answers = [500]

    status, _ = watch(9)

    assert status == 1
    assert github.cancelled == []
