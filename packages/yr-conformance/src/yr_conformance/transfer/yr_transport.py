"""The adapter of the transport `YR`, by the names that every package called ray_ascend has."""

from __future__ import annotations

from typing import Final

NAME: Final = "YR"


def register(devices: list[str]) -> None:
    """Register it."""
    from ray_ascend import register_yr_tensor_transport

    register_yr_tensor_transport(devices)


def cleanup() -> None:
    """End its backend."""
    from ray_ascend.utils import cleanup_yr_resources

    cleanup_yr_resources()
