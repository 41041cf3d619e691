"""A process on one emulated NPU, told by JSON lines what to do (see `npu_driver`)."""

import json
import os
import signal
import subprocess
import sys
from typing import IO, Any

from yr_fake_ds import activation

_HERE = os.path.dirname(os.path.abspath(__file__))
DRIVER = os.path.join(_HERE, "npu_driver.py")
TRANSFER_DRIVER = os.path.join(_HERE, "transfer_driver.py")


class NpuProcess:
    """A process with a client, whose current device is `npu`; `settings` go to its environment.

    The client is one of the worker at `port`; with `TRANSFER_DRIVER` an engine that listens there.
    """

    def __init__(self, port: int, npu: int, driver: str = DRIVER, **settings: str) -> None:
        from yr_fake_cann.activation import Machine, variables

        environ = {**os.environ, **activation.variables(os.environ)}
        environ.update(variables(environ, Machine(npus=4)))
        environ.update(settings)
        self.npu = npu
        self._process = subprocess.Popen(
            [sys.executable, driver, str(port), str(npu)],
            env=environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, name: str, *arguments: Any) -> Any:
        """Do one thing and return its result, or the text of its error as ``error: ...``."""
        self.begin(name, *arguments)
        return self.answer()

    def begin(self, name: str, *arguments: Any) -> None:
        """Begin to do it."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps([name, *arguments]) + "\n")
        self._process.stdin.flush()

    def answer(self) -> Any:
        """Return the result of what began."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the process is gone"
        return json.loads(line)

    @property
    def output(self) -> IO[str]:
        """Where its answers come, to be waited for."""
        assert self._process.stdout is not None
        return self._process.stdout

    def stop(self) -> None:
        """Stop it as a debugger would; it lives, and does nothing."""
        self._process.send_signal(signal.SIGSTOP)

    def kill(self) -> None:
        """Kill it and wait until it is gone."""
        self._process.kill()
        self._process.wait()

    def end(self) -> None:
        """Let it end in order, unless it is gone."""
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()
        self._process.wait(30)
