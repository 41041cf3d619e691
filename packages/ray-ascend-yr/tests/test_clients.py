"""How a process that has clients ends: at once, with its own status, whatever its worker does."""

from __future__ import annotations

import subprocess
import sys
import textwrap

from ray_ascend.store.worker_life import WorkerLife


def outcome_of(program: str) -> tuple[int, str]:
    """Run a program; give its status and what it wrote."""
    command = [sys.executable, "-c", textwrap.dedent(program)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stdout


def test_a_process_ends_with_its_status_and_all_that_it_wrote() -> None:
    """Without C++ destructors, but with what Python and C had buffered."""
    status, written = outcome_of("""
        import ctypes, sys
        from ray_ascend.store import clients
        clients._end_without_destructors()
        ctypes.CDLL(None).puts(b"from C")
        print("from Python")
        sys.exit(3)
    """)

    assert (status, sorted(written.split("\n"))) == (3, ["", "from C", "from Python"])


def test_the_life_of_a_worker_is_that_of_its_process() -> None:
    """It is over when the process has ended, also before anybody has waited for it."""
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    life = WorkerLife(process.pid)
    assert not life.is_over()

    process.communicate()

    assert life.is_over()


def test_a_worker_of_another_container_counts_as_alive() -> None:
    """Nothing is known of a process that this one cannot see."""
    nobody = 2**30

    assert not WorkerLife(nobody).is_over()
