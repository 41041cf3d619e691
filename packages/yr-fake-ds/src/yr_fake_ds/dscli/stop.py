"""`dscli stop`: find the worker by its command line, end it, wait until it is gone."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import re
import signal
import socket
import time
from typing import Final

from yr_fake_ds.addresses import MAX_PORT, bare
from yr_fake_ds.dscli import console
from yr_fake_ds.dscli.console import StopError
from yr_fake_ds.profile import active

POLL_S: Final = 0.005
PATIENCE_S: Final = 180.0
_STATE: Final = 0
_THREADS: Final = 17
"""Places in `/proc/PID/stat` behind the name (proc(5))."""


def stop(options: argparse.Namespace) -> None:
    """Stop a worker; StopError when there is none."""
    address = options.worker_address or _address_in(options.worker_config_path)
    _check_address(address)
    pid = _find(address)
    if pid is None:
        raise StopError(f"No matching process found for {re.escape('-worker_address=' + address)}")
    _end(pid, address)


def _address_in(path: str) -> str:
    try:
        with open(path, encoding="utf-8") as file:
            entry = json.load(file).get("worker_address")
    except OSError as error:
        raise StopError(str(error)) from error
    except (ValueError, AttributeError) as error:
        raise StopError("The configuration file format is incorrect.") from error
    if entry is None:
        raise StopError(active().stop_without_address)
    address = entry.get("value") or entry.get("default") if isinstance(entry, dict) else entry
    if not address:
        raise StopError("Invalid worker_address value")
    return str(address)


def _check_address(address: str) -> None:
    colon = address.rfind(":")
    host, port = address[:colon], address[colon + 1 :]
    inner = bare(host)
    try:
        socket.inet_pton(socket.AF_INET if inner == host else socket.AF_INET6, inner)
    except OSError as error:
        raise StopError(f"Invalid address {host}") from error
    if not port.isdecimal():
        raise StopError(f"invalid literal for int() with base 10: '{port}'")
    if int(port) > MAX_PORT:
        raise StopError(f"port {port} is not in valid range")


def _end(pid: int, address: str) -> None:
    _signal(pid, signal.SIGTERM)
    if _gone(pid):
        console.info(f"[  OK  ] Stop worker service @ {address} normally, PID: {pid}")
        return
    _signal(pid, signal.SIGKILL)
    if not _gone(pid):
        raise StopError(f"[  FAILED  ] Force stop worker failed @ {address}, PID: {pid}")
    console.info(f"[  OK  ] Force stop worker service @ {address}, PID: {pid}")


def _signal(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError as error:
        raise StopError("The process no longer exists") from error
    except PermissionError as error:
        raise StopError("Insufficient permissions to operate the process") from error


def _find(address: str) -> int | None:
    wanted = f"--worker_address={address}".encode()
    for entry in os.listdir("/proc"):
        if entry.isdigit() and _has_argument(int(entry), wanted):
            return int(entry)
    return None


def _has_argument(pid: int, wanted: bytes) -> bool:
    with contextlib.suppress(OSError), open(f"/proc/{pid}/cmdline", "rb") as file:
        arguments = file.read().split(b"\0")
        return b"yr_fake_ds.daemon" in arguments and wanted in arguments
    return False


def _gone(pid: int) -> bool:
    deadline = time.monotonic() + PATIENCE_S
    while _runs(pid):
        if time.monotonic() >= deadline:
            return False
        time.sleep(POLL_S)
    return True


def _runs(pid: int) -> bool:
    """Tell whether a process has not ended; one whose first thread alone has is still there."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            fields = file.read().rsplit(")", 1)[1].split()
    except OSError:
        return False
    return fields[_STATE] != "Z" or int(fields[_THREADS]) > 1
