"""The process that starts a node's datasystem worker and outlives whoever asked for it.

    supervisor (Ray actor) --stdin: command, lifeline, "stop"--> reaper --dscli start--> worker
                           <--stdout: JSON events--

It is a daemon in a session of its own, so that nothing that ends the supervisor (kill -9, a Ray
node going down, `ray stop`) ends it too. When its stdin closes, for any reason, it kills the
worker and removes the worker's directory. It imports neither Ray nor torch.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import select
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass

import psutil

from ray_ascend.backend.cpu_share import make_room_beside
from ray_ascend.backend.keeper import Keeper, is_running, wait_gone
from ray_ascend.backend.worker_log import explain, has_given_up

_POLL_S = 0.5
_GRACE_S = 5.0
"""A released worker leaves its cluster in 3 s; all is to be gone in 10 s."""
_PID = re.compile(r"PID: (\d+)\b.*\n")


@dataclass
class Reaper:
    """One worker's life; `graceful` lets a stopping worker leave its cluster first."""

    command: Sequence[str]
    home: str
    environment: dict[str, str]
    graceful: bool = False
    output: str = ""
    worker: psutil.Process | None = None

    def run(self) -> None:
        """Start the worker, watch it until told to stop or orphaned, then leave nothing behind."""
        os.mkdir(self.home, 0o700)
        Keeper.here().note(self.home)
        try:
            if self._start() and self._watch():
                self._end_worker(self.graceful)
        finally:
            self._end_worker(graceful=False)
            shutil.rmtree(self.home, ignore_errors=True)
            tell(event="stopped")

    def _start(self) -> bool:
        child = subprocess.Popen(
            self.command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=self.home,
            env={**os.environ, **self.environment},
        )
        try:
            wanted = self._follow(child)
        finally:
            _end_tree(child)
        if wanted and child.returncode == 0 and self.worker is not None:
            tell(event="started", pid=self.worker.pid)
            return True
        if wanted:
            tell(event="failed", reason=explain(self.output, self.home))
        return False

    def _follow(self, child: subprocess.Popen[bytes]) -> bool:
        """Read what dscli says until it ends; False when nobody wants the worker any more."""
        if child.stdout is None:
            return True
        with child.stdout as out:
            while True:
                readable, _, _ = select.select([out, sys.stdin], [], [], _POLL_S)
                if sys.stdin in readable:
                    return False
                if out in readable and not self._hear(out.fileno()):
                    child.wait()
                    return True
                if has_given_up(self.output, self.home):
                    return True

    def _hear(self, descriptor: int) -> bool:
        chunk = os.read(descriptor, 65536)
        self.output += chunk.decode(errors="replace")
        self._note_pid()
        return bool(chunk)

    def _note_pid(self) -> None:
        match = _PID.search(self.output)
        if match and self.worker is None:
            with contextlib.suppress(psutil.NoSuchProcess):
                self.worker = psutil.Process(int(match.group(1)))
                Keeper.here(self.worker.pid).note(self.home)
                make_room_beside(self.worker.pid)

    def _watch(self) -> bool:
        """Wait for the end; True when it was asked for and not forced by the parent's death."""
        alive = True
        while True:
            readable, _, _ = select.select([sys.stdin], [], [], _POLL_S)
            if readable:
                return bool(sys.stdin.readline())
            if alive and not is_running(self.worker):
                alive = False
                tell(event="exited")

    def _end_worker(self, graceful: bool) -> None:
        if self.worker is None or not is_running(self.worker):
            return
        with contextlib.suppress(psutil.NoSuchProcess):
            if graceful:
                self.worker.terminate()
                wait_gone(self.worker, _GRACE_S)
            self.worker.kill()
            wait_gone(self.worker, _GRACE_S)


def tell(**event: object) -> None:
    """Send one event to the supervisor, which may have gone."""
    with contextlib.suppress(BrokenPipeError):
        sys.stdout.write(json.dumps(event) + "\n")
        sys.stdout.flush()


def _end_tree(child: subprocess.Popen[bytes]) -> None:
    """Kill dscli with the worker that it may have started but not yet named."""
    if child.poll() is None:
        with contextlib.suppress(psutil.NoSuchProcess):
            for process in psutil.Process(child.pid).children(recursive=True):
                process.kill()
        child.kill()
    child.wait()


def main() -> None:
    """Entry point: the home directory, and as JSON in the first line of the input all the rest."""
    rest = json.loads(sys.stdin.readline())
    if os.fork():
        os._exit(0)
    os.chdir("/")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    Reaper(home=sys.argv[1], **rest).run()


if __name__ == "__main__":
    main()
