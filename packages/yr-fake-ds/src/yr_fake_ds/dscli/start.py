"""`dscli start`: prepare a home directory, start the worker process, wait until it is ready."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from typing import Final

from yr_fake_ds.dscli import console, flags
from yr_fake_ds.dscli.console import StartError
from yr_fake_ds.worker.settings import WorkerSettings

POLL_S: Final = 0.005
FORBIDDEN: Final = ("/bin", "/boot", "/dev", "/etc", "/lib", "/proc", "/sbin", "/sys", "/usr")
MAX_SOCKET_PATH: Final = 108
SOCKET_TAIL: Final = "/datasystem/uds/00000000/client.sock"
"""The released worker's socket is so much longer than the home directory."""


def start(options: argparse.Namespace) -> None:
    """Start a worker; StartError when it is not ready in time."""
    home = _home(options.datasystem_home_dir)
    if options.worker_config_path:
        pairs = flags.load_file(options.worker_config_path)
    else:
        pairs = flags.parse_pairs(options.worker_args)
    console.info(f"Log directory configured at: {home}/datasystem/logs")
    flags.refuse_what_is_missing(pairs, os.environ)
    address = pairs.get("worker_address", flags.DEFAULT_ADDRESS)
    try:
        _start(pairs, home, options.timeout)
    except WorkerFailedError as error:
        console.error(f"[  FAILED  ] {error}")
        console.error(f"[  FAILED  ] Start worker service @ {address} failed: {error.summary}")
        raise StartError("The worker service exited abnormally") from None


class WorkerFailedError(Exception):
    """The worker process ended, or was not ready in time."""

    def __init__(self, text: str, summary: str) -> None:
        super().__init__(text)
        self.summary = summary


def _start(pairs: dict[str, str], home: str, timeout_s: int) -> None:
    try:
        flags.check(pairs)
    except flags.FlagError as error:
        raise _exited(1, str(error)) from None
    if len(home) + len(SOCKET_TAIL) > MAX_SOCKET_PATH:
        raise WorkerFailedError(
            f"The home directory {home} is too long for the socket in it, whose path may have "
            f"{MAX_SOCKET_PATH} characters",
            "Worker service startup timeout",
        )
    settings = flags.settings_of(pairs, home)
    _prepare(home)
    process = _spawn(settings)
    console.info(f"Starting worker service with PID: {process.pid}")
    _wait_ready(process, home, timeout_s)
    console.info(
        f"[  OK  ] Start worker service @ {settings.worker_address} success, PID: {process.pid}"
    )


def _home(directory: str | None) -> str:
    home = os.path.abspath(os.path.expanduser(directory or "."))
    if home.startswith(tuple(f"{path}/" for path in FORBIDDEN)) or home in FORBIDDEN:
        raise StartError(f"Path {home} is outside allowed directory")
    return home


def _prepare(home: str) -> None:
    os.umask(0o077)
    for name in ("probe", "logs", "uds", "rocksdb"):
        os.makedirs(os.path.join(home, "datasystem", name), mode=0o700, exist_ok=True)
    ready = _ready_path(home)
    if os.path.exists(ready):
        os.unlink(ready)


def _spawn(settings: WorkerSettings) -> subprocess.Popen[bytes]:
    log = os.path.join(settings.home, "datasystem", "logs", "datasystem_worker.INFO.log")
    with open(log, "ab") as output:
        return subprocess.Popen(
            [sys.executable, "-m", "yr_fake_ds.worker", *settings.arguments()],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )


def _wait_ready(process: subprocess.Popen[bytes], home: str, timeout_s: int) -> None:
    deadline = time.monotonic() + timeout_s
    while not os.path.exists(_ready_path(home)):
        status = process.poll()
        if status is not None:
            raise _exited(status, _last_words(home))
        if time.monotonic() >= deadline:
            process.kill()
            process.wait()
            raise WorkerFailedError(
                f"Worker service is not ready within {timeout_s} seconds",
                "Worker service startup timeout",
            )
        time.sleep(POLL_S)


def _exited(status: int, output: str) -> WorkerFailedError:
    return WorkerFailedError(
        f"Worker exited with code {status}\n output: {output}",
        f"Worker service exited abnormally with code {status}",
    )


def _last_words(home: str) -> str:
    log = os.path.join(home, "datasystem", "logs", "datasystem_worker.INFO.log")
    with open(log, encoding="utf-8", errors="replace") as lines:
        return "".join(lines.readlines()[-5:])


def _ready_path(home: str) -> str:
    return os.path.join(home, "datasystem", "probe", "ready")
