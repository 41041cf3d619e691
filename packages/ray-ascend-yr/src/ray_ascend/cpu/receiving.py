"""How this process receives tensors in host memory: copied, or mapped where that is possible.

RAY_ASCEND_RECEIVE     copy   or map: what `receive=` of the registration does not say
RAY_ASCEND_MAP_FROM    bytes  smaller objects are copied
"""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, cast, get_args

import torch

from ray_ascend.cpu.layout import Layout
from ray_ascend.cpu.mapping import mapped
from ray_ascend.cpu.packing import unpack
from ray_ascend.errors import ConfigurationError
from ray_ascend.store.process_state import of_process
from ray_ascend.store.worker_memory import NotMappableError
from ray_ascend.variables import text_of

logger = logging.getLogger(__name__)

Receive = Literal["copy", "map"]
VARIABLE: Final = "RAY_ASCEND_RECEIVE"
SIZE_VARIABLE: Final = "RAY_ASCEND_MAP_FROM"
WORTH_MAPPING: Final = 4 << 20
"""Bytes; smaller objects are copied in the time that it takes to find and map their memory."""


@dataclass(frozen=True)
class Choice:
    """What this process has chosen, `from_bytes` for mapping only."""

    receive: Receive
    from_bytes: int


class _Chosen:
    """The choice, and whether the process was told that it cannot have it."""

    def __init__(self) -> None:
        self.choice = chosen(None, os.environ)
        self.is_told = False


def choose(choice: Choice) -> None:
    """Receive so from now on, in this process."""
    of_process(_Chosen).choice = choice


def chosen(receive: object, variables: Mapping[str, str]) -> Choice:
    """Read the argument, or its variable where that is None; ConfigurationError for a bad value."""
    name = "receive" if receive is not None else VARIABLE
    value = receive if receive is not None else text_of(variables, VARIABLE) or "copy"
    if value not in get_args(Receive):
        raise ConfigurationError(f"{name}={value!r}: must be 'copy' or 'map'", name)
    size = text_of(variables, SIZE_VARIABLE) or str(WORTH_MAPPING)
    if not size.isdecimal():
        message = f"{SIZE_VARIABLE}={size!r}: must be a number of bytes"
        raise ConfigurationError(message, SIZE_VARIABLE)
    return Choice(cast(Receive, value), int(size))


def received(value: Any, layout: Layout, worker_pid: int) -> list[torch.Tensor]:
    """Give an object's tensors, from the SDK's read-only buffer over their bytes."""
    state = of_process(_Chosen)
    if state.choice.receive == "map" and layout.total >= state.choice.from_bytes:
        try:
            return mapped(value, layout, worker_pid)
        except NotMappableError as error:
            if not state.is_told:
                state.is_told = True
                logger.warning("objects are copied, not mapped, in this process: %s", error)
    return unpack(value, layout)
