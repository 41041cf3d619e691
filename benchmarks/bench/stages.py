"""The stages as the harness sees them: processes that are started together and asked in turns."""

from __future__ import annotations

import contextlib
import json
import os
import pathlib
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from multiprocessing.connection import Connection, Listener
from typing import Any, Final

_START_S: Final = 180.0
_LOOK_S: Final = 0.2
_TURN_S: Final = 240.0
_END_S: Final = 60.0
_ACTIVATIONS: Final = {"fake": ("yr-fake-ds", "run", "--")}
_ENVIRONMENT: Final = {
    "RAY_AUTH_MODE": "disabled",
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_DEDUP_LOGS": "0",
    # torch would load torch_npu by itself, where it is installed.
    "TORCH_DEVICE_BACKEND_AUTOLOAD": "0",
    "GLOO_SOCKET_IFNAME": "lo",
    "PYTHONUNBUFFERED": "1",
    # Ray would end actors when the machine, whoever else uses it, has little memory left; works
    # that need much look before they begin.
    "RAY_memory_monitor_refresh_ms": "0",
}


class Stage:
    """One process; `ask` gives a figure or a reason, also when the process is no more."""

    def __init__(self, name: str, python: str, logs: pathlib.Path) -> None:
        self.name = name
        self._room = tempfile.TemporaryDirectory(prefix="yrb-")
        self._address = os.path.join(self._room.name, "s")
        self._listener = Listener(self._address, "AF_UNIX")
        self._log = logs / f"stage-{name}.log"
        self._harness: Connection | None = None
        self._why_not = ""
        self._process = self._started(python)

    def _started(self, python: str) -> subprocess.Popen[bytes]:
        command = [*_ACTIVATIONS.get(self.name, ()), python, "-W", "ignore", "-m", "bench.stage"]
        with self._log.open("wb") as log:
            return subprocess.Popen(
                [*command, self._address, self.name],
                env=environment(self.name, python),
                # The published package's worker leaves logs where it is started.
                cwd=self._room.name,
                # An interruption of the harness is none of the stages, which end in order.
                start_new_session=True,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def meet(self) -> None:
        """Wait until the stage has its Ray cluster."""
        accepted = threading.Thread(target=self._accept, daemon=True)
        accepted.start()
        deadline = time.monotonic() + _START_S
        while accepted.is_alive() and self._process.poll() is None and time.monotonic() < deadline:
            accepted.join(_LOOK_S)
        if self._harness is None:
            ended = self._process.poll() is not None
            self._give_up("ended" if ended else f"did not start in {_START_S:.0f} s")
        else:
            self._receive(_START_S)

    def _accept(self) -> None:
        with contextlib.suppress(OSError, EOFError):
            self._harness = self._listener.accept()

    def ask(self, question: Mapping[str, str]) -> dict[str, Any]:
        """Put one question; {"figure": ...} or {"reason": ...}, or {} where nothing is to say."""
        if self._harness is None:
            return {"reason": self._why_not}
        with contextlib.suppress(OSError):
            self._harness.send_bytes(json.dumps(question).encode())
        return self._receive(_TURN_S)

    def _receive(self, patience_s: float) -> dict[str, Any]:
        if self._harness is None:
            return {"reason": self._why_not}
        try:
            if self._harness.poll(patience_s):
                reply: dict[str, Any] = json.loads(self._harness.recv_bytes())
                return reply
        except (OSError, EOFError):
            self._give_up("ended")
        else:
            self._give_up(f"did not answer in {patience_s:.0f} s")
        return {"reason": self._why_not}

    def _give_up(self, what: str) -> None:
        self._why_not = f"the process of stage {self.name} {what}: {_last_words(self._log)}"
        if self._harness is not None:
            self._harness.close()
        self._harness = None

    def close(self) -> None:
        """Let it end in order, and by force if it does not."""
        if self._harness is not None:
            self._harness.close()
        self._listener.close()
        try:
            self._process.wait(_END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._room.cleanup()


@contextlib.contextmanager
def started(pythons: Mapping[str, str], logs: pathlib.Path) -> Iterator[dict[str, Stage]]:
    """Start a stage for each name and interpreter, all at once; they end with the block."""
    with contextlib.ExitStack() as stack:
        stages = {name: Stage(name, python, logs) for name, python in pythons.items()}
        for stage in stages.values():
            stack.callback(stage.close)
        for stage in stages.values():
            stage.meet()
        yield stages


def environment(stage: str, python: str) -> dict[str, str]:
    """Give the variables of a stage's process, whose interpreter has its programs beside it."""
    path = os.pathsep.join((os.path.dirname(python), os.environ.get("PATH", "")))
    own = str(pathlib.Path(__file__).resolve().parents[1])
    more = os.environ.get(f"BENCH_PATH_{stage.upper()}", "")
    sources = os.pathsep.join(part for part in (own, more) if part)
    return {**os.environ, **_ENVIRONMENT, "PATH": path, "PYTHONPATH": sources}


def _last_words(log: pathlib.Path) -> str:
    lines = [line.strip() for line in log.read_text(errors="replace").splitlines() if line.strip()]
    return lines[-1][:200] if lines else "it said nothing"
