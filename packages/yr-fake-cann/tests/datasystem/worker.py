"""Workers of the released datasystem, started for a test and gone after it."""

import os
import re
import shutil
import socket
import subprocess
import sysconfig
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Final

DSCLI: Final = os.path.join(sysconfig.get_path("scripts"), "dscli")
PATIENCE: Final = 120


@contextmanager
def workers(count: int, *options: str) -> Iterator[list[str]]:
    """Give the addresses of workers that share a metastore, which the first one runs."""
    metastore = f"127.0.0.1:{free_port()}"
    with ExitStack() as stack:
        yield [
            stack.enter_context(_worker(metastore, str(index == 0).lower(), options))
            for index in range(count)
        ]


def free_port() -> int:
    """Return a port that the system has free."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextmanager
def _worker(metastore: str, serves_metastore: str, options: tuple[str, ...]) -> Iterator[str]:
    address = f"127.0.0.1:{free_port()}"
    home = tempfile.mkdtemp(prefix="yrfc")  # the datasystem allows 60 characters
    values = {
        "--worker_address": address,
        "--metastore_address": metastore,
        "--start_metastore_service": serves_metastore,
        "--arena_per_tenant": "1",
        "--shared_memory_size_mb": "256",
    }
    flags = [word for pair in values.items() for word in pair]
    try:
        _let_others_go_first(_run("start", "-d", home, "-w", *flags, *options))
        yield address
        _run("stop", "-w", address)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _let_others_go_first(started: str) -> None:
    """Lower the worker's session: its I/O threads spin after a client has gone (0.8.1).

    On two CPUs, where the kernel shares them by session, nobody else would run meanwhile.
    """
    found = re.search(r"PID: (\d+)", started)
    with suppress(OSError):
        Path(f"/proc/{found[1] if found else 0}/autogroup").write_text("10", encoding="ascii")


def _run(*arguments: str) -> str:
    # The worker needs no CANN, and is started as it would be without an emulated one.
    environ = {name: value for name, value in os.environ.items() if name != "LD_PRELOAD"}
    done = subprocess.run(
        [DSCLI, *arguments],
        env=environ,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"dscli {arguments[0]}: {done.stdout}{done.stderr}")
    return done.stdout
