"""The worker's share of the CPUs on a machine with few of them.

After a client has gone, I/O threads of the released worker spin for seconds. Linux shares CPUs
between sessions first (autogroups), and the worker has a session of its own: on two CPUs two such
threads kept every other program of the machine waiting, for up to 23 s (measured on
openyuanrong-datasystem 0.8.1 and Linux 6.18; not with autogroups switched off).
"""

from __future__ import annotations

import contextlib
import os
import pathlib

_IO_THREADS = 8
"""As many CPUs as I/O threads of a worker: with more, spinning threads leave some to others."""
_SESSION_NICE = 10
"""Nice value of the worker's session; with 5 others still waited for 1.5 s, with 10 not at all."""


def make_room_beside(worker_pid: int) -> None:
    """Let other sessions go first when CPUs are few; called by the reaper when the worker starts.

    Does nothing where the kernel has no autogroups or does not let this user change them.
    """
    if (os.cpu_count() or 1) > _IO_THREADS:
        return
    with contextlib.suppress(OSError):
        pathlib.Path(f"/proc/{worker_pid}/autogroup").write_text(str(_SESSION_NICE))
