"""`Status`: what `health_check` returns instead of raising.

The real SDK has two: the one of its bindings (`BindingStatus` here, with `get_msg`), which
`health_check` returns, and a Python wrapper called `yr.datasystem.Status` (`Status`).
"""

from yr_fake_ds import errors, texts
from yr_fake_ds.sdk.identity import BINDINGS, BindingObject, known_as


@known_as(BINDINGS, "Status")
class BindingStatus(BindingObject):
    """The status of a call; made in the calling process, immutable."""

    def __init__(self, status: str = texts.OK, message: str = "") -> None:
        self._status = status
        self._message = message

    def is_ok(self) -> bool:
        """Return whether the call succeeded."""
        return self._status == texts.OK

    def is_error(self) -> bool:
        """Return whether the call failed."""
        return not self.is_ok()

    def to_string(self) -> str:
        """Return ``code: [<status>], msg: [<message>]``."""
        return errors.status_text(self._status, self._message)

    def get_msg(self) -> str:
        """Return the message alone, empty if the status is OK."""
        return self._message


@known_as("yr.datasystem.util")
class Status:
    """Wraps a status of the bindings; `yr.datasystem.Status`."""

    def __init__(self, status: BindingStatus) -> None:
        self._status = status

    def is_ok(self) -> bool:
        """Return whether the call succeeded."""
        return self._status.is_ok()

    def is_error(self) -> bool:
        """Return whether the call failed."""
        return self._status.is_error()

    def to_string(self) -> str:
        """Return the text of the status."""
        return self._status.to_string()
