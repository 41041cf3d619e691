"""A latch with many readers or one writer, for buffers whose memory is this process's own."""

import threading


class HeldLatches:
    """What one buffer has of its memory's latches: it gives back nothing that another one took.

    Two buffers of one client on one object are strangers (measured on openyuanrong-datasystem
    0.8.1). Used from any thread.
    """

    def __init__(self) -> None:
        self._held: list[bool] = []

    def note(self, *, exclusive: bool) -> None:
        """Count a latch that was taken."""
        self._held.append(exclusive)

    def forget(self, *, exclusive: bool) -> bool:
        """Count one that is given back; False if there is none."""
        try:
            self._held.remove(exclusive)
        except ValueError:
            return False
        return True


class LocalLatch:
    """Not reentrant: a thread that holds it for writing waits for itself, as with the real one.

    Unlatching what is not latched does nothing (measured on openyuanrong-datasystem 0.8.1).
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._readers = 0
        self._writer = False

    def acquire(self, *, exclusive: bool, timeout_s: float) -> bool:
        """Take the latch, waiting at most `timeout_s`; return whether it was taken."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._is_free(exclusive), timeout_s):
                return False
            if exclusive:
                self._writer = True
            else:
                self._readers += 1
            return True

    def release(self, *, exclusive: bool) -> None:
        """Give the latch back."""
        with self._changed:
            if exclusive:
                self._writer = False
            else:
                self._readers = max(0, self._readers - 1)
            self._changed.notify_all()

    def _is_free(self, exclusive: bool) -> bool:
        return not self._writer and not (exclusive and self._readers)
