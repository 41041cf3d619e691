"""Workers and a driver process of one SDK, real or fake."""

import json
import os
import re
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

DRIVER = str(Path(__file__).with_name("driver.py"))

PLACE = re.compile(r"\nLine of code : (\d+)\nFile         : ([^\n]*)\n(traceId      : [^\]\s.]*)?")
VARYING = [
    (re.compile(r"not found shm: [0-9a-f-]+"), "not found shm"),
    (re.compile(r"Thread ID \d+ "), ""),
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
    return without_varying(PLACE.sub("", text))


def placed_text(text: str) -> str:
    """Return the same with the line of the sources that says so, where the SDK tells it."""
    return without_varying(PLACE.sub(r" (\2:\1)", text))


def without_varying(text: str) -> str:
    """Remove threads, traces, retries and arguments."""
    for pattern, replacement in VARYING:
        text = pattern.sub(replacement, text)
    return text


class SdkProcess:
    """Starts a cluster by this SDK's dscli and a driver on its python; a context manager."""

    def __init__(
        self,
        python: str,
        dscli: str,
        environ: dict[str, str],
        *,
        driver: str = DRIVER,
        workers: int = 1,
        shown: Callable[[str], str] = fixed_text,
    ) -> None:
        self._python = python
        self._dscli = dscli
        self._environ = environ
        self._script = driver
        self._shown = shown
        self._home = tempfile.mkdtemp(prefix="yrd")
        self._metastore = f"127.0.0.1:{free_port()}"
        self._ports = [free_port() for _number in range(workers)]
        self._started: list[int] = []
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
            while self._started:
                _check(self.stop_worker(self._started.pop()))
        finally:
            shutil.rmtree(self._home, ignore_errors=True)

    @property
    def ports(self) -> list[int]:
        """The ports of the workers."""
        return list(self._ports)

    @property
    def environ(self) -> dict[str, str]:
        """The environment in which this SDK is imported."""
        return dict(self._environ)

    def do(self, *call: Any) -> dict[str, Any]:
        """Make one call in the driver and return its outcome with only the fixed text."""
        self.begin(*call)
        return self.end()

    def begin(self, *call: Any) -> None:
        """Send a call to the driver; `end` gives its outcome."""
        if self._driver is None:
            raise RuntimeError("not started")
        stdin = _pipe(self._driver.stdin)
        stdin.write(json.dumps(call) + "\n")
        stdin.flush()

    def end(self) -> dict[str, Any]:
        """Wait for the outcome of the call that was begun, with only the fixed text."""
        if self._driver is None:
            raise RuntimeError("not started")
        line = _pipe(self._driver.stdout).readline()
        if not line:
            return {"error": "the driver", "text": f"ended with {self._driver.wait()}"}
        outcome: dict[str, Any] = json.loads(line)
        if "text" in outcome:
            outcome["text"] = self._shown(outcome["text"])
        return outcome

    def start_worker(self, number: int, home: str = "") -> subprocess.CompletedProcess[str]:
        """Start a worker by dscli, in a home of its own unless one is named."""
        address = f"127.0.0.1:{self._ports[number]}"
        where = ["--worker_address", address, "--metastore_address", self._metastore]
        head = ["--start_metastore_service", "true"] if number == 0 else []
        directory = os.path.join(self._home, home or str(number))
        os.makedirs(directory, exist_ok=True)
        options = [*where, *head, "--shared_memory_size_mb", "128"]
        return self._run_dscli("start", "-d", directory, "-w", *options)

    def stop_worker(self, number: int) -> subprocess.CompletedProcess[str]:
        """Stop a worker by dscli."""
        return self._run_dscli("stop", "-w", f"127.0.0.1:{self._ports[number]}")

    def _start(self) -> None:
        for number in range(len(self._ports)):
            _check(self.start_worker(number))
            self._started.append(number)
        self._driver = subprocess.Popen(
            [self._python, self._script, *map(str, self._ports)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=self._environ,
        )
        if json.loads(_pipe(self._driver.stdout).readline() or "null") != "ready":
            raise RuntimeError(f"the driver on {self._python} did not start")

    def _run_dscli(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self._dscli, *arguments],
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
            env=self._environ,
            cwd=self._home if os.path.isdir(self._home) else None,
        )


def _check(done: subprocess.CompletedProcess[str]) -> None:
    if done.returncode:
        raise RuntimeError(f"{done.args[:2]}: {done.stdout}{done.stderr}")


def _pipe(pipe: IO[str] | None) -> IO[str]:
    if pipe is None:
        raise RuntimeError("the driver has no pipes")
    return pipe
