"""Refuses arguments on different devices, as torch's own kernels do.

A CPU tensor without dimensions counts as a number. Some operators take CPU tensors by definition,
as indices or lengths; `rules` names those arguments and they are not noted here.
"""

import torch


class Placement:
    """The devices seen in one call, and what to raise when there are two."""

    __slots__ = ("device", "operator")

    def __init__(self, operator: str) -> None:
        self.operator = operator
        self.device: torch.device | None = None

    def note(self, tensor: torch.Tensor) -> None:
        """Take a tensor into account; raise RuntimeError when it is on another device."""
        if tensor.is_cpu and tensor.dim() == 0:
            return
        if self.device is None:
            self.device = tensor.device
        elif self.device != tensor.device:
            raise RuntimeError(
                "Expected all tensors to be on the same device, but found at least two devices, "
                f"{self.device} and {tensor.device}! (when checking arguments of {self.operator})"
            )
