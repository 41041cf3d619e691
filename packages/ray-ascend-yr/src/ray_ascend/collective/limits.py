"""How long an operation of a group may take: of one group, or of all in this process."""

from __future__ import annotations

import os
from typing import Final

from ray_ascend.errors import ConfigurationError
from ray_ascend.variables import seconds

OPERATION_VARIABLE: Final = "RAY_ASCEND_HCCL_OPERATION_S"
_OPERATION_SECONDS: Final = 1800.0
_RENDEZVOUS_VARIABLE: Final = "RAY_ASCEND_HCCL_RENDEZVOUS_S"
_RENDEZVOUS_SECONDS: Final = 30.0

_of_groups: Final[dict[str, float]] = {}


def operation_seconds(group_name: str) -> float:
    """Seconds that an operation may take; 0 when nobody watches it, and it is only queued.

    Raises ConfigurationError when the variable is not a number of seconds.
    """
    known = _of_groups.get(group_name)
    return seconds(os.environ, OPERATION_VARIABLE, _OPERATION_SECONDS) if known is None else known


def set_operation_seconds(group_name: str, limit: float | None) -> None:
    """Set it for the next group of that name in this process; None: as the variable says."""
    if limit is None:
        _of_groups.pop(group_name, None)
    else:
        _of_groups[group_name] = limit


def check_operation_seconds(limit: float) -> None:
    """Raise ConfigurationError unless the limit is a number of seconds, 0 or more."""
    if not 0 <= limit < float("inf"):
        raise ConfigurationError(
            f"operation_s={limit!r}: must be a number of seconds, 0 or more", "operation_s"
        )


def rendezvous_seconds() -> float:
    """Seconds that a rank waits for the others when a group is made."""
    return seconds(os.environ, _RENDEZVOUS_VARIABLE, _RENDEZVOUS_SECONDS)
