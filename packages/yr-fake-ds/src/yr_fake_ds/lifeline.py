"""Workers of a test or a script end with it, also when it is killed.

    who started the workers --pipe--> this process, its child: waits for a word, or for its end
                                      a byte: all went well
                                      nothing: kill the workers, remove their directory

Run as a file of its own by an isolated interpreter, for speed; imports the standard library only.
"""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Final

_WELL: Final = b"."
_POLL_S: Final = 0.5
_QUIET_S: Final = 1.0
"""So long nothing may be found: a dscli that was just killed may have started a worker."""
_PROGRAMS: Final = frozenset({b"yr_fake_ds.daemon", b"yr_fake_ds.dscli"})


@contextlib.contextmanager
def tied_to_this_process(directory: str) -> Iterator[None]:
    """End the workers whose homes are below a directory, and remove it, if the block does not.

    After an error of the block too, whatever it has cleaned up itself.
    """
    starter = os.getpid()
    watcher = subprocess.Popen(
        [sys.executable, "-I", "-S", __file__, directory],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    word = b""
    try:
        yield
        word = _WELL
    finally:
        # A forked child that leaves the block says nothing of its parent's workers.
        if os.getpid() == starter:
            watcher.communicate(word)


def main(directory: str) -> None:
    """Wait, in the process of its own, and clean up unless that has been done."""
    starter = os.getppid()
    # What ends the group of whoever started it must not end this.
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    # Its forks may hold the pipe open when the starter has gone.
    while not select.select([sys.stdin], [], [], _POLL_S)[0] and os.getppid() == starter:
        pass
    if os.getppid() == starter and sys.stdin.buffer.read(1) == _WELL:
        return
    _kill_all_below(os.fsencode(directory))
    shutil.rmtree(directory, ignore_errors=True)


def _kill_all_below(directory: bytes) -> None:
    seen = time.monotonic()
    while time.monotonic() - seen < _QUIET_S:
        for pid in _programs_below(directory):
            seen = time.monotonic()
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(_POLL_S / 10)


def _programs_below(directory: bytes) -> Iterator[int]:
    for name in filter(str.isdecimal, os.listdir("/proc")):
        with contextlib.suppress(OSError), open(f"/proc/{name}/cmdline", "rb") as file:
            arguments = file.read().split(b"\0")
            if _PROGRAMS & {*arguments} and any(directory + b"/" in one for one in arguments):
                yield int(name)


if __name__ == "__main__":
    main(sys.argv[1])
