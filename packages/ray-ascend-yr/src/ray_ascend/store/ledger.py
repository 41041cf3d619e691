"""A crash-safe list of the keys that a process holds in the datasystem.

    <home>/ledger/<process>/.lock      locked for as long as the process lives
    <home>/ledger/<process>/<key>      one empty file for each live key

The kernel releases the lock however the process ends, so the node's supervisor can tell which
keys have no owner any more. Creating or removing an entry is one system call, no fsync: the
ledger protects against the death of a process, and the data itself does not survive a machine.
A POSIX record lock is used since a forked child does not inherit it.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import uuid
from dataclasses import dataclass

_LOCK = ".lock"
_UNFINISHED = "."


class Ledger:
    """The entries of this process; used by the transport from any thread."""

    def __init__(self, root: str) -> None:
        os.makedirs(root, mode=0o700, exist_ok=True)
        name = f"{os.getpid()}-{uuid.uuid4().hex[:8]}"
        building = os.path.join(root, _UNFINISHED + name)
        os.mkdir(building, 0o700)
        lock = os.open(os.path.join(building, _LOCK), os.O_CREAT | os.O_RDWR, 0o600)
        self._lock: int | None = lock
        fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        self.path = os.path.join(root, name)
        # The supervisor never sees a directory whose lock is not held yet.
        os.rename(building, self.path)

    def add(self, key: str) -> None:
        """Record a key before it is stored; FileNotFoundError when the backend is gone."""
        os.close(os.open(os.path.join(self.path, key), os.O_CREAT | os.O_WRONLY, 0o600))

    def remove(self, key: str) -> None:
        """Forget a key that has been deleted from the datasystem."""
        with contextlib.suppress(FileNotFoundError):
            os.unlink(os.path.join(self.path, key))

    def count(self) -> int:
        """Count the keys that the process answers for; 0 when the backend is gone."""
        with contextlib.suppress(FileNotFoundError):
            return 0 if self._lock is None else len(os.listdir(self.path)) - 1
        return 0

    def close(self) -> None:
        """Give up the lock: whatever is still listed now belongs to the supervisor."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


@dataclass(frozen=True)
class Orphan:
    """The ledger of a process that has died, with the keys it left behind."""

    path: str

    def keys(self) -> list[str]:
        """List the keys that the process had not deleted."""
        with contextlib.suppress(FileNotFoundError):
            return [name for name in os.listdir(self.path) if not name.startswith(_UNFINISHED)]
        return []

    def discard(self) -> None:
        """Remove the ledger once its keys are deleted."""
        shutil.rmtree(self.path, ignore_errors=True)


def orphans(root: str) -> list[Orphan]:
    """Find the ledgers whose process has died; called by the node's supervisor."""
    try:
        names = os.listdir(root)
    except FileNotFoundError:
        return []
    paths = [os.path.join(root, name) for name in names if not name.startswith(_UNFINISHED)]
    return [Orphan(path) for path in sorted(paths) if _is_abandoned(path)]


def _is_abandoned(path: str) -> bool:
    try:
        lock = os.open(os.path.join(path, _LOCK), os.O_RDWR)
    except FileNotFoundError:
        return True
    try:
        fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    finally:
        os.close(lock)
    return True
