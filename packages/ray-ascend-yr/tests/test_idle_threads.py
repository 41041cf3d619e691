"""Threads of the SDK that spin give way; others stay as they are."""

from __future__ import annotations

import os
import pathlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from ray_ascend.store import idle_threads
from ray_ascend.store.idle_threads import yield_to_others


@contextmanager
def thread_named(name: str) -> Iterator[int]:
    """Run a thread that has a name in the kernel, as those of the SDK have."""
    ready, done = threading.Event(), threading.Event()

    def run() -> None:
        pathlib.Path(f"/proc/self/task/{threading.get_native_id()}/comm").write_text(name)
        ready.set()
        done.wait()

    thread = threading.Thread(target=run)
    thread.start()
    ready.wait()
    try:
        yield thread.native_id or 0
    finally:
        done.set()
        thread.join()


def nice_of(thread: int) -> int:
    """Read the nice value of a thread."""
    return os.getpriority(os.PRIO_PROCESS, thread)


def test_only_the_connecting_thread_gives_way() -> None:
    """It has the lowest priority afterwards; the other threads of the process keep theirs."""
    before = nice_of(threading.get_native_id())

    with thread_named("ZmqHandleConnec") as connecting, thread_named("ZmqEpoll") as other:
        yield_to_others()

        assert (nice_of(connecting), nice_of(other)) == (19, before)
    assert nice_of(threading.get_native_id()) == before


def test_a_system_that_does_not_say_is_no_error(
    monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path
) -> None:
    """Where /proc is not there, or threads end meanwhile, nothing happens."""
    (tmp_path / "1").mkdir()

    for tasks in (tmp_path, tmp_path / "none"):
        monkeypatch.setattr(idle_threads, "_TASKS", tasks)
        yield_to_others()
