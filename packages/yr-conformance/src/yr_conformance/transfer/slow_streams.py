"""Memory that another stream still writes, in processes whose device works late.

How late is up to the device: half a second where that can be arranged (yr-fake-cann).
"""

from __future__ import annotations

from typing import Any

import torch

from yr_conformance.transfer.fingerprint import fingerprint
from yr_conformance.transfer.payloads import SENTINEL

_BUSY_ROUNDS = 25


def device_module() -> Any:
    """Give `torch.npu`, or what the default device's module is."""
    return torch.get_device_module(torch.get_default_device())


def write_later(tensor: torch.Tensor, value: float = SENTINEL) -> list[torch.Tensor]:
    """Queue a write behind much other work, by copies; gives the memory that these still use.

    The stream is one of the current device, on which the tensor has to be.
    """
    size = tensor.numel()
    values, source, target = torch.full((size,), value), *torch.zeros(2, 16 * size)
    device_module().synchronize()
    with device_module().stream(device_module().Stream()):
        for _ in range(_BUSY_ROUNDS):
            target.copy_(source)
        tensor.copy_(values)
    return [values, source, target]


def after_all_work(tensor: torch.Tensor, in_use: list[torch.Tensor]) -> Any:
    """Give what is in a tensor when nothing is written any more, and let the memory go."""
    device_module().synchronize()
    in_use.clear()
    return fingerprint(tensor)
