"""Leak checks: what a test started is gone when it ends, whatever the outcome.

                     session starts                             session ends
    test process ----[mark, private directory, reaper]--tests--[nothing is left]
                          each test: [look] test [look again: what is new fails it]

What session fixtures started is known and left out; that is looked for at the end of the session.
If the test process itself dies, the reaper ends what it left.
"""

from __future__ import annotations

import collections
import contextlib
import gc
import multiprocessing.resource_tracker
import os
import pathlib
import shutil
import sys
import tempfile
import threading
import traceback
import uuid
from collections.abc import Callable, Generator, Iterable, Iterator

import pytest

from yr_conformance.fair_time import metronome
from yr_conformance.marked import MARK_VARIABLE, RAY_VARIABLE, processes_with
from yr_conformance.reaper import reaper
from yr_conformance.targets import npus
from yr_conformance.traces import Traces, traces, wait_for_nothing_new
from yr_conformance.transfer.ray_agents import end_stranded

__all__ = ["RAY_VARIABLE", "process_home", "process_mark"]

PATIENCE_S = 60.0
_MARGIN_S = 10.0
_CALLS_SHOWN = 3
_failed = pytest.StashKey[bool]()
_reported = pytest.StashKey[set[str]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--leak-patience`."""
    group = parser.getgroup("yr-conformance")
    group.addoption(
        "--leak-patience",
        type=float,
        default=PATIENCE_S,
        metavar="SECONDS",
        help=f"how long what a test started may take to end (default: {PATIENCE_S:g})",
    )


@pytest.fixture(scope="session")
def process_home() -> Iterator[str]:
    """The private directory of this test process, short enough for sockets in it."""
    home = tempfile.mkdtemp(prefix="yrc-", dir="/tmp")
    yield home
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="session")
def process_mark(process_home: str, pytestconfig: pytest.Config) -> Iterator[str]:
    """Mark this process's descendants, by this process's environment; at the end none is left."""
    # Any use of multiprocessing starts this process, and it stays until the test process ends.
    multiprocessing.resource_tracker.ensure_running()
    mark = os.environ[MARK_VARIABLE] = f"{os.getpid()}-{uuid.uuid4().hex[:8]}"
    directory = os.path.join(process_home, "cwd")
    with reaper(mark, process_home), metronome(process_home), _working_in(directory):
        before = traces(mark, [])
        yield mark
        patience_s = _patience_at_the_end(pytestconfig.option.leak_patience)
        left = wait_for_nothing_new(before, lambda: _traces_at_the_end(mark), patience_s)
    del os.environ[MARK_VARIABLE]
    known = pytestconfig.stash.get(_reported, set())
    if left := [one for one in left if one not in known]:
        pytest.fail(f"left behind by the session: {', '.join([*left, *_own_threads(left)])}")


def _patience_at_the_end(asked_s: float) -> float:
    """Give how long what is left may take to end; with NPUs not less than HCCL's own patience.

    Where two processes make communicators with each other at once, both ways, the datasystem gives
    up one's root and asks for another (measured on openyuanrong-datasystem 0.8.1, 2 of 12 pairs).
    The port of the first one stays until `HCCL_CONNECT_TIMEOUT`.
    """
    if not npus.count():
        return asked_s
    return max(asked_s, float(os.environ.get("HCCL_CONNECT_TIMEOUT", "120")) + _MARGIN_S)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Remember that a test failed: its traceback then keeps its clients alive."""
    report = yield
    if report.failed:
        item.stash[_failed] = True
    return report


@pytest.fixture(autouse=True)
def _no_leaks(
    process_mark: str, process_home: str, request: pytest.FixtureRequest
) -> Iterator[None]:
    look = _looker(process_mark, process_home, request.node)
    before = look()
    yield
    left = wait_for_nothing_new(before, look, request.config.option.leak_patience)
    if left:
        request.config.stash.setdefault(_reported, set()).update(left)
        pytest.fail(f"left behind by {request.node.nodeid}: {', '.join(left)}")


def _own_threads(left: Iterable[str]) -> Iterator[str]:
    """Name this process's threads if it has left a port: one of them listens on it."""
    pid = os.getpid()
    if not any(one.startswith("port ") and one.endswith(f" of process {pid}") for one in left):
        return
    names = collections.Counter[str]()
    for path in pathlib.Path("/proc/self/task").glob("*/comm"):
        with contextlib.suppress(OSError):
            names[path.read_text().strip()] += 1
    listed = ", ".join(f"{count} {name}" for name, count in sorted(names.items()))
    yield f"threads of process {pid}: {listed}"
    yield f"of these run Python: {'; '.join(_python_threads())}"


def _python_threads() -> Iterator[str]:
    """Say where each is: one that is in a call of a library keeps what listens for it."""
    # The documented way to see what other threads do, for debugging as here.
    frames = sys._current_frames()  # noqa: SLF001
    for thread in threading.enumerate():
        if frame := frames.get(thread.ident or 0):
            called = reversed(traceback.extract_stack(frame)[-_CALLS_SHOWN:])
            yield f"{thread.name} in {' of '.join(f'{one.name} ({one.lineno})' for one in called)}"


def _traces_at_the_end(mark: str) -> Traces:
    """Look at everything, since all Ray clusters have ended; of Ray only agents may need help."""
    end_stranded(processes_with(MARK_VARIABLE, mark))
    return traces(mark, [], of_ray=True)


def _looker(mark: str, home: str, item: pytest.Item) -> Callable[[], Traces]:
    from yr_conformance.datasystem.clients import open_clients

    known = {id(client) for client in open_clients()}

    def look() -> Traces:
        if item.stash.get(_failed, False):
            return traces(mark, [home, os.getcwd()])
        if any(id(client) not in known for client in open_clients()):
            gc.collect()
        return traces(mark, [home, os.getcwd()], open_clients())

    return look


@contextlib.contextmanager
def _working_in(directory: str) -> Iterator[None]:
    before = os.getcwd()
    os.mkdir(directory)
    os.chdir(directory)
    try:
        yield
    finally:
        os.chdir(before)
