#!/usr/bin/env python3
"""Give up a run of GitHub Actions in which jobs wait for runners that do not come.

A job whose label nobody serves waits for a day before GitHub ends it, and says nothing. This
looks at the jobs of the run until none waits any more. Once nothing but jobs is left that have
waited for more than --minutes, it names them and their labels, cancels the run, and its status is
1. Needs GITHUB_TOKEN with `actions: write`, and GITHUB_REPOSITORY.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from typing import Any

_POLL_S = 60.0
_REQUEST_S = 30.0
_PATIENCE = 10
"""So many questions in a row may fail: the service has short outages."""
_PAGE = 100


class GitHub:
    """The jobs of one run, by the REST interface."""

    def __init__(self, run: str, environment: Mapping[str, str]) -> None:
        api = environment.get("GITHUB_API_URL", "https://api.github.com")
        self._run = f"{api}/repos/{environment['GITHUB_REPOSITORY']}/actions/runs/{run}"
        self._token = environment["GITHUB_TOKEN"]

    def jobs(self) -> list[dict[str, Any]]:
        """Give all jobs of the run's newest attempt."""
        found: list[dict[str, Any]] = []
        page = 1
        while True:
            answer = self._ask(f"{self._run}/jobs?per_page={_PAGE}&page={page}")
            found += answer["jobs"]
            if len(answer["jobs"]) < _PAGE:
                return found
            page += 1

    def cancel(self) -> None:
        """End the run; its jobs count as cancelled."""
        self._ask(f"{self._run}/cancel", method="POST")

    def _ask(self, url: str, method: str = "GET") -> Any:
        headers = {
            "Authorization": f"Bearer {self._token}",
            "Accept": "application/vnd.github+json",
        }
        request = urllib.request.Request(url, method=method, headers=headers)  # noqa: S310 - https, or a test's own
        with urllib.request.urlopen(request, timeout=_REQUEST_S) as answer:  # noqa: S310
            return json.loads(answer.read() or b"{}")


def main(arguments: Sequence[str]) -> int:
    """Watch until no job waits, or give the run up."""
    options = _options(arguments)
    github = GitHub(options.run, os.environ)
    since: dict[int, float] = {}
    while (jobs := _jobs(github, options)) is not None:
        waiting = [job for job in jobs if job["status"] == "queued"]
        since = {job["id"]: since.get(job["id"], time.monotonic()) for job in waiting}
        if not waiting:
            print("no job waits for a runner")
            return 0
        if _in_vain(jobs, since, options.minutes * 60):
            return _give_up(github, waiting, options.minutes)
        time.sleep(options.poll)
    return 1


def _jobs(github: GitHub, options: argparse.Namespace) -> list[dict[str, Any]] | None:
    """Give the jobs except this one; None if GitHub does not answer any more."""
    for _ in range(_PATIENCE):
        try:
            return [job for job in github.jobs() if not job["name"].startswith(options.own_name)]
        except (urllib.error.URLError, TimeoutError) as error:
            print(f"GitHub does not answer ({error})", flush=True)
            time.sleep(options.poll)
    return None


def _in_vain(jobs: Sequence[Mapping[str, Any]], since: Mapping[int, float], limit_s: float) -> bool:
    """Whether nothing runs, and no job waits that may still hope: those that run are not ended."""
    running = any(job["status"] == "in_progress" for job in jobs)
    now = time.monotonic()
    return not running and all(now - begin > limit_s for begin in since.values())


def _give_up(github: GitHub, waiting: Sequence[Mapping[str, Any]], minutes: float) -> int:
    for job in waiting:
        labels = ", ".join(job.get("labels", [])) or "no label"
        print(f"::error::{job['name']} waited {minutes:g} minutes for a runner with {labels}")
    print(
        "Is a runner with this label registered, and has it room? docs/matrix.md says how to look."
    )
    github.cancel()
    return 1


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="watch.py", description=__doc__)
    parser.add_argument("--run", required=True, help="id of the run (GITHUB_RUN_ID)")
    parser.add_argument("--minutes", type=float, required=True, help="that a job may wait")
    parser.add_argument("--own-name", default="watchdog", help="how this job's name begins")
    parser.add_argument("--poll", type=float, default=_POLL_S, help="seconds between looks")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
