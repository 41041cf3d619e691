"""`dscli stop`: find the worker by its command line, end it, wait until it is gone."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import re
import signal
import time
from typing import Final

from yr_fake_ds.dscli import console
from yr_fake_ds.dscli.console import StopError

POLL_S: Final = 0.005
PATIENCE_S: Final = 10.0
_ADDRESS = re.compile(r"\d+\.\d+\.\d+\.\d+:\d+")


def stop(options: argparse.Namespace) -> None:
    """Stop a worker; StopError when there is none."""
    address = options.worker_address or _address_in(options.worker_config_path)
    if not _ADDRESS.fullmatch(address):
        raise StopError(f"Invalid address format: {address}")
    pid = _find(address)
    if pid is None:
        raise StopError(f"No matching process found for \\-worker_address={re.escape(address)}")
    _end(pid, address)


def _address_in(path: str) -> str:
    try:
        with open(path, encoding="utf-8") as file:
            return str(json.load(file)["worker_address"]["value"])
    except OSError as error:
        raise StopError(f"{path}: {error.strerror}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise StopError("The configuration file format is incorrect.") from error


def _end(pid: int, address: str) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
    if _gone(pid):
        console.info(f"[  OK  ] Stop worker service @ {address} normally, PID: {pid}")
        return
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    if not _gone(pid):
        raise StopError(f"[  FAILED  ] Force stop worker failed @ {address}, PID: {pid}")
    console.info(f"[  OK  ] Force stop worker service @ {address}, PID: {pid}")


def _find(address: str) -> int | None:
    wanted = f"-worker_address={address}".encode()
    for entry in os.listdir("/proc"):
        if entry.isdigit() and _has_argument(int(entry), wanted):
            return int(entry)
    return None


def _has_argument(pid: int, wanted: bytes) -> bool:
    with contextlib.suppress(OSError), open(f"/proc/{pid}/cmdline", "rb") as file:
        arguments = file.read().split(b"\0")
        return b"yr_fake_ds.worker" in arguments and wanted in arguments
    return False


def _gone(pid: int) -> bool:
    deadline = time.monotonic() + PATIENCE_S
    while _runs(pid):
        if time.monotonic() >= deadline:
            return False
        time.sleep(POLL_S)
    return True


def _runs(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False
