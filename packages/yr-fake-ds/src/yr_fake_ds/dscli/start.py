"""`dscli start`: start the worker process, detached, and wait until it says that it serves.

dscli --pipe as its stdout and stderr--> worker
      <-- text and end: it failed, this is why
      <-- end of file only: the file at ready_check_path is there, it serves
"""

from __future__ import annotations

import argparse
import contextlib
import os
import select
import subprocess
import sys
import time

from yr_fake_ds.dscli import console, flags
from yr_fake_ds.dscli.console import StartError

MAX_OUTPUT = 2**16


class WorkerFailedError(Exception):
    """The worker process ended, or was not ready in time."""


def start(options: argparse.Namespace) -> None:
    """Start a worker; StartError when it is not ready in time."""
    if options.enable_ums:
        raise StartError("ums_run is not installed on this host. Please install it first")
    if options.numactl:
        raise StartError(f"yr-fake-ds binds nothing to NUMA nodes: {' '.join(options.numactl)}")
    given = options.datasystem_home_dir
    home = flags.safe_path(os.path.expanduser(given)) if given else os.getcwd()
    if options.worker_config_path:
        pairs = flags.load_file(options.worker_config_path)
    else:
        pairs = flags.parse_pairs(options.worker_args)
    pairs.setdefault("worker_address", flags.DEFAULT_ADDRESS)
    complete = flags.with_paths(pairs, home)
    console.info(f"Log directory configured at: {complete['log_dir']}")
    flags.check(complete)
    _start(complete, options.timeout)


def _start(pairs: dict[str, str], timeout_s: int) -> None:
    address = pairs["worker_address"]
    os.umask(0o077)
    # Also when another worker lives there: the released one forgets then that that one is ready.
    with contextlib.suppress(OSError):
        os.unlink(pairs["ready_check_path"])
    process = _spawn(pairs)
    console.info(f"Starting worker service with PID: {process.pid}")
    try:
        _wait_ready(process, pairs["ready_check_path"], timeout_s)
    except WorkerFailedError as error:
        console.error(f"[  FAILED  ] Start worker service @ {address} failed: {error}")
        raise StartError("The worker service exited abnormally") from None
    console.info(f"[  OK  ] Start worker service @ {address} success, PID: {process.pid}")


def _spawn(pairs: dict[str, str]) -> subprocess.Popen[bytes]:
    words = [f"--{name}={value}" for name, value in pairs.items() if value]
    return subprocess.Popen(
        [sys.executable, "-m", "yr_fake_ds.daemon", *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


def _wait_ready(process: subprocess.Popen[bytes], ready: str, timeout_s: int) -> None:
    output, ended = _read_until_end(process, timeout_s)
    if ended and not output and os.path.exists(ready):
        return
    if ended:
        status = process.wait()
        console.error(f"[  FAILED  ] Worker exited with code {status}\n output: {output}")
        raise WorkerFailedError(f"Worker service exited abnormally with code {status}")
    console.error(f"[  FAILED  ] Worker service is not ready within {timeout_s} seconds")
    process.kill()
    process.wait()
    raise WorkerFailedError("Worker service startup timeout")


def _read_until_end(process: subprocess.Popen[bytes], timeout_s: int) -> tuple[str, bool]:
    """Return what the worker printed, and whether it closed its output in time."""
    deadline = time.monotonic() + timeout_s
    data = b""
    if process.stdout is None:
        raise WorkerFailedError("it has no output")
    while (remaining := deadline - time.monotonic()) > 0:
        if not select.select([process.stdout], [], [], remaining)[0]:
            break
        part = os.read(process.stdout.fileno(), MAX_OUTPUT)
        if not part:
            return data.decode(errors="replace"), True
        data += part
    return data.decode(errors="replace"), False
