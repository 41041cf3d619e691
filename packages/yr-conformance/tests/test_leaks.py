"""The leak checks fail the test that leaves something, and only that one."""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys

import psutil
import pytest
from conftest import Suite

from yr_conformance import traces
from yr_conformance.waiting import wait_until

LEAK = """
KEPT = []

@clause("EX-LEAK-01", MUST, source="here")
def test_leaks(process_home):
    "It leaves something."
    {statement}

@clause("EX-LEAK-02", MUST, source="here")
def test_leaks_nothing():
    "It leaves nothing."
"""
PROCESS = 'KEPT.append(subprocess.Popen(["sleep", "600"]))'
# Returns when it sleeps: a process between fork and exec has no environment to know it by.
DAEMON = (
    'subprocess.run("setsid sleep 600 >/dev/null 2>&1 &'
    ' until grep -q sleep /proc/$!/comm; do :; done", shell=True)'
)
PORT = 'KEPT.append(socket.create_server(("127.0.0.1", 0)))'
FILE_IN_CWD = 'open("forgotten", "w").close()'
DIRECTORY = 'os.mkdir(process_home + "/forgotten")'
CLIENT = """
    from yr_conformance.datasystem.clients import counted
    class Client: pass
    KEPT.append(counted(Client()))
"""


@pytest.mark.parametrize(
    ("statement", "described"),
    [
        (PROCESS, "process * (sleep)"),
        (DAEMON, "process * (sleep)"),
        (PORT, "port * of process"),
        (FILE_IN_CWD, "/cwd/forgotten"),
        (DIRECTORY, "/forgotten"),
        (CLIENT, "client Client 0x"),
    ],
    ids=["process", "daemon", "port", "file", "directory", "client"],
)
def test_a_leak_fails_the_test_that_made_it(suite: Suite, statement: str, described: str) -> None:
    """What a test leaves makes it fail, is described, and is not held against the next test."""
    suite.write(LEAK.format(statement=statement))

    result = suite.run("-k", "leaks")

    result.stdout.fnmatch_lines([f"*left behind by *test_leaks: *{described}*"])
    assert _states(suite) == {"EX-LEAK-01": "failed", "EX-LEAK-02": "passed"}


def test_shared_memory_is_looked_at(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An entry of shared memory named like the datasystem's is a trace, others are not."""
    monkeypatch.setattr(traces, "SHARED_MEMORY", str(tmp_path))
    before = traces.traces("no such mark", [])

    (tmp_path / "datasystem-1").touch()
    (tmp_path / "somebody-else").touch()

    now = traces.traces("no such mark", [])
    assert now.new_since(before) == [str(tmp_path / "datasystem-1")]


def test_clients_of_a_failed_test_are_not_leaks(suite: Suite) -> None:
    """The traceback of a failed test keeps its clients; that is not reported on top."""
    suite.write(LEAK.format(statement=f"{CLIENT}\n    assert not KEPT"))

    result = suite.run()

    result.assert_outcomes(failed=1, passed=1)


def test_what_ends_in_time_is_no_leak(suite: Suite) -> None:
    """A process that ends by itself soon after the test is waited for."""
    suite.write(LEAK.format(statement='KEPT.append(subprocess.Popen(["sleep", "0.5"]))'))

    result = suite.run("--leak-patience", "20")

    result.assert_outcomes(passed=2)


def test_session_fixtures_are_no_leaks_of_a_test(suite: Suite) -> None:
    """What a session fixture starts is not held against the test that needs it first."""
    suite.write(SESSION.format(end="process.kill(); process.wait()"))

    result = suite.run()

    result.assert_outcomes(passed=1)


def test_session_fixtures_must_end_what_they_start(suite: Suite) -> None:
    """What a session fixture leaves is an error at the end of the session."""
    suite.write(SESSION.format(end="pass"))

    result = suite.run()

    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*left behind by the session: process * (sleep)*"])


def test_a_port_of_the_test_process_itself_comes_with_its_threads(suite: Suite) -> None:
    """Nothing else says which library of the process listens there."""
    suite.write(SESSION_PORT)

    result = suite.run()

    result.assert_outcomes(passed=1, errors=1)
    session = "*left behind by the session: port * of process *"
    result.stdout.fnmatch_lines([f"{session}, threads of process *: *1 python*MainThread in *"])


def test_nothing_survives_a_killed_run(suite: Suite) -> None:
    """When the test process is killed, its descendants and its directory are removed."""
    suite.write(KILLED)
    run = subprocess.Popen(
        [sys.executable, "-m", "pytest", *suite.command()],
        cwd=suite.pytester.path,
        stdout=subprocess.DEVNULL,
    )
    told = suite.pytester.path / "told"
    wait_until(lambda: told.exists() and told.read_text().endswith("\n"), "the test runs", 60)
    pid, home = told.read_text().split()

    run.kill()
    run.wait()

    wait_until(lambda: not psutil.pid_exists(int(pid)), "the daemon is gone")
    wait_until(lambda: not os.path.exists(home), "the directory is gone")


SESSION_PORT = """
@pytest.fixture(scope="session")
def listening(process_mark):
    return socket.create_server(("127.0.0.1", 0))

@clause("EX-LEAK-01", MUST, source="here")
def test_uses_it(listening):
    "It uses a session fixture."
"""
SESSION = """
@pytest.fixture(scope="session")
def started(process_mark):
    process = subprocess.Popen(["sleep", "600"])
    yield process
    {end}

@clause("EX-LEAK-01", MUST, source="here")
def test_uses_it(started):
    "It uses a session fixture."
"""
KILLED = """
@clause("EX-LEAK-01", MUST, source="here")
def test_runs_for_long(process_home, request):
    "It starts a daemon and runs for long."
    process = subprocess.Popen(["sleep", "600"], start_new_session=True)
    with open(request.config.rootpath / "told", "w") as told:
        told.write(f"{process.pid} {process_home}\\n")
    process.wait()
"""


def _states(suite: Suite) -> dict[str, str]:
    return {name: clause["state"] for name, clause in suite.report["clauses"].items()}
