"""A fake worker for a test, started and stopped by the shim's dscli."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable

from yr_fake_ds import KVClient, activation
from yr_fake_ds.inspect import inspect_worker

DSCLI = os.path.join(activation.SHIM_ROOT, "bin", "dscli")


def wait_until(condition: Callable[[], bool], what: str, timeout_s: float = 20) -> None:
    """Wait for a condition; AssertionError with `what` if it does not come."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout_s} s: {what}")
        time.sleep(0.01)


def free_port() -> int:
    """Return a port that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class FakeWorker:
    """One worker on a port of its own, the head of its own cluster."""

    def __init__(self, *options: str) -> None:
        self.port = free_port()
        self.address = f"127.0.0.1:{self.port}"
        self._options = options
        self._metastore = f"127.0.0.1:{free_port()}"
        self._home = tempfile.mkdtemp(prefix="yrc")

    def start(self) -> None:
        """Start the worker; again after `stop` or `kill`, on the same address."""
        address = ["--worker_address", self.address, "--metastore_address", self._metastore]
        head = ["--start_metastore_service", "true", "--shared_memory_size_mb", "64"]
        self._dscli("start", "-d", self._home, "-w", *address, *head, *self._options)

    def stop(self) -> None:
        """Stop the worker in order, if it runs."""
        self._dscli("stop", "-w", self.address, check=self.answers())

    def kill(self) -> None:
        """Kill the worker and wait until it is gone."""
        pid = self.pid
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not self.answers(), "the killed worker is gone")

    def answers(self) -> bool:
        """Return whether a worker listens on the address."""
        try:
            inspect_worker(self.address)
        except OSError:
            return False
        return True

    @property
    def pid(self) -> int:
        """The process of the worker."""
        return inspect_worker(self.address).pid

    def client(self, **options: int) -> KVClient:
        """Return a new connected client with short time-outs."""
        timeouts = {"connect_timeout_ms": 3000, "req_timeout_ms": 2000, **options}
        client = KVClient("127.0.0.1", self.port, **timeouts)
        client.init()
        return client

    def remove(self) -> None:
        """Stop the worker and delete its directory."""
        self.stop()
        shutil.rmtree(self._home, ignore_errors=True)

    def _dscli(self, *arguments: str, check: bool = True) -> None:
        environ = {**os.environ, activation.PYTHON_VARIABLE: sys.executable}
        done = subprocess.run(
            [DSCLI, *arguments],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
            env=environ,
            cwd=self._home,
        )
        if check and done.returncode:
            raise RuntimeError(f"dscli {arguments[0]} failed: {done.stdout}{done.stderr}")
