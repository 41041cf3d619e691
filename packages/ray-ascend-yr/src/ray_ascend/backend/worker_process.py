"""A node's datasystem worker, seen from its supervisor: start it, know it, stop it.

The worker itself belongs to a reaper process (see `reaper.py`); this is the other end.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import threading
import uuid
from typing import IO, Any

import psutil

from ray_ascend.backend.config import CLUSTER_NAME, BackendConfig
from ray_ascend.backend.etcd_check import check_etcd
from ray_ascend.backend.keeper import HOME_PREFIX, end_abandoned, end_worker, is_running
from ray_ascend.backend.placement import Placement
from ray_ascend.backend.worker_command import (
    check_ports,
    start_command,
    worker_environment,
)
from ray_ascend.errors import BackendStartError
from ray_ascend.store.endpoint import address_of
from ray_ascend.store.worker_start import WORKER_START_S

_STOP_TIMEOUT_S = 30.0
_LONGEST_HOME = 60
"""The worker's socket path is 36 longer than its home and may have 108 characters."""
_SHORT_PARENT = "/tmp"  # noqa: S108 - the directory made in it has a random name and mode 0700


class WorkerProcess:
    """One worker of one node; made, used and stopped by the supervisor actor of that node."""

    def __init__(self, config: BackendConfig, placement: Placement, host: str) -> None:
        self.host, self.port = host, placement.port
        self.home = _new_home()
        self.pid = 0
        self._process: psutil.Process | None = None
        self._reason = ""
        self._ended = threading.Event()
        self._decided = threading.Event()
        end_abandoned((tempfile.gettempdir(), _SHORT_PARENT))
        check_etcd(config, placement.cluster)
        check_ports(config, placement, host)
        command = start_command(config, placement, host, self.home)
        self._lifeline, events = _launch_reaper(config, command, self.home)
        self._listener = threading.Thread(target=self._listen, args=(events,), daemon=True)
        self._listener.start()

    def wait_started(self) -> None:
        """Wait until the worker is ready; BackendStartError with its log's reason if it is not."""
        self._decided.wait(WORKER_START_S + 10)
        if self.alive:
            return
        self.stop()
        reason = self._reason or "the worker did not become ready"
        raise BackendStartError(
            f"the datasystem worker on {address_of(self.host, self.port)} could not be started: "
            f"{reason}",
            reason,
        )

    @property
    def alive(self) -> bool:
        """Whether the worker runs, asked of the system and not remembered."""
        return not self._ended.is_set() and is_running(self._process)

    def stop(self) -> None:
        """End the worker and remove its directory; idempotent, returns when all is gone."""
        with contextlib.suppress(OSError, ValueError):
            self._lifeline.write("stop\n")
            self._lifeline.close()
        self._listener.join(_STOP_TIMEOUT_S)

    def _listen(self, events: IO[str]) -> None:
        with events:
            for line in events:
                self._take(json.loads(line))
        self._end_without_reaper()
        self._ended.set()
        self._decided.set()

    def _take(self, event: dict[str, Any]) -> None:
        if "pid" in event:
            self.pid = event["pid"]
            with contextlib.suppress(psutil.NoSuchProcess):
                self._process = psutil.Process(self.pid)
        self._reason = event.get("reason", self._reason)
        if event["event"] != "started":
            self._ended.set()
        self._decided.set()

    def _end_without_reaper(self) -> None:
        """Do what a reaper that was itself killed can no longer do."""
        if os.path.exists(self.home):
            end_worker(self.home, self.pid)


def _new_home() -> str:
    parent = tempfile.gettempdir()
    name = f"{HOME_PREFIX}{uuid.uuid4().hex[:8]}"
    return os.path.join(parent if len(parent) + len(name) < _LONGEST_HOME else _SHORT_PARENT, name)


def _launch_reaper(config: BackendConfig, command: list[str], home: str) -> tuple[IO[str], IO[str]]:
    """Start the reaper; gives its lifeline and its events. It is not a child of this process."""
    spec = {
        "command": command,
        "environment": worker_environment(config),
        # A cluster of the backend's own ends with it; in one that the user has named others stay.
        "graceful": config.mode == "etcd" and CLUSTER_NAME in dict(config.worker_args),
    }
    launcher = subprocess.Popen(
        [sys.executable, "-m", "ray_ascend.backend.reaper", home],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    # Everybody may read a command line; flags and environment of the user may hold a secret.
    with contextlib.suppress(BrokenPipeError):
        print(json.dumps(spec), file=launcher.stdin, flush=True)
    launcher.wait()
    if launcher.stdin is None or launcher.stdout is None or launcher.returncode:
        raise BackendStartError("the process that keeps the datasystem worker could not be started")
    return launcher.stdin, launcher.stdout
