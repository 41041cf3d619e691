"""A worker and a driver process of one SDK, real or fake."""

import json
import os
import re
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path
from typing import IO, Any

DRIVER = str(Path(__file__).with_name("driver.py"))

VARYING = [
    (re.compile(r"Thread ID \d+ "), ""),
    (re.compile(r"\nLine of code : \d+\nFile         : [^\n]*\n(traceId      : [^\]\s.]*)?"), ""),
    (re.compile(r", traceId: [0-9a-f-]+(;[0-9a-f]+)?"), ""),
    (re.compile(r"\.? RPC Retry detail: \[.*?\] with \d+ times in \d+ ms\.", re.DOTALL), ""),
    (re.compile(r"\n\nInvoked with: .*", re.DOTALL), ""),
]


def free_port() -> int:
    """Return a port that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def fixed_text(text: str) -> str:
    """Return an error's text without what varies between two identical calls."""
    for pattern, replacement in VARYING:
        text = pattern.sub(replacement, text)
    return text


class SdkProcess:
    """Starts a worker by this SDK's dscli and a driver on its python; a context manager."""

    def __init__(self, python: str, dscli: str, environ: dict[str, str]) -> None:
        self._python = python
        self._dscli = dscli
        self._environ = environ
        self._home = tempfile.mkdtemp(prefix="yrd")
        self._port = free_port()
        self._started = False
        self._driver: subprocess.Popen[str] | None = None

    def __enter__(self) -> "SdkProcess":  # noqa: PYI034 - typing.Self came with 3.11
        try:
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_exc: object) -> None:
        if self._driver is not None:
            _pipe(self._driver.stdin).close()
            self._driver.wait(30)
            _pipe(self._driver.stdout).close()
        try:
            if self._started:
                self._run_dscli("stop", "-w", self._address)
        finally:
            shutil.rmtree(self._home, ignore_errors=True)

    def do(self, *call: Any) -> dict[str, Any]:
        """Make one call in the driver and return its outcome with only the fixed text."""
        if self._driver is None:
            raise RuntimeError("not started")
        stdin = _pipe(self._driver.stdin)
        stdin.write(json.dumps(call) + "\n")
        stdin.flush()
        outcome: dict[str, Any] = json.loads(_pipe(self._driver.stdout).readline())
        if "text" in outcome:
            outcome["text"] = fixed_text(outcome["text"])
        return outcome

    @property
    def _address(self) -> str:
        return f"127.0.0.1:{self._port}"

    def _start(self) -> None:
        metastore = f"127.0.0.1:{free_port()}"
        worker = ["--worker_address", self._address, "--metastore_address", metastore]
        options = ["--start_metastore_service", "true", "--shared_memory_size_mb", "128"]
        self._run_dscli("start", "-d", self._home, "-w", *worker, *options)
        self._started = True
        self._driver = subprocess.Popen(
            [self._python, DRIVER, str(self._port)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=self._environ,
        )
        if json.loads(_pipe(self._driver.stdout).readline() or "null") != "ready":
            raise RuntimeError(f"the driver on {self._python} did not start")

    def _run_dscli(self, *arguments: str) -> None:
        done = subprocess.run(
            [self._dscli, *arguments],
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
            env=self._environ,
            cwd=self._home if os.path.isdir(self._home) else None,
        )
        if done.returncode:
            raise RuntimeError(f"{self._dscli} {arguments[0]}: {done.stdout}{done.stderr}")


def _pipe(pipe: IO[str] | None) -> IO[str]:
    if pipe is None:
        raise RuntimeError("the driver has no pipes")
    return pipe
