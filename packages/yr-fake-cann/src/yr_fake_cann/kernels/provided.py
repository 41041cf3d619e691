"""The kernel of an operator that is provided by its definition: what is the same for all of them.

Its tensors must be on one npu, as with every kernel; the definition is computed on it, without the
autocast of the caller, and an error from inside it names the operator.
"""

import inspect
from collections.abc import Callable, Iterable
from itertools import zip_longest
from typing import Any, Final

import torch

from yr_fake_cann.errors import OperatorArgumentError
from yr_fake_cann.kernels import streams
from yr_fake_cann.kernels.placement import Placement

# Tensors that these take from the host by definition: lengths, and seeds and offsets of graphs.
_HOST_ARGUMENTS: Final = frozenset(
    {"actual_seq_qlen", "actual_seq_kvlen", "seed", "offset", "seq_len", "context_lens"}
)
_FROM_THE_HOST: Final = (
    "npu::npu_fusion_attention",
    "npu::npu_ring_attention_update",
    "torch_npu._npu_",
)
# What a definition raises when its arguments do not fit each other.
_MISFITS: Final = (RuntimeError, IndexError, KeyError, TypeError, ValueError)
_OWN_KINDS: Final = (NotImplementedError, OperatorArgumentError, torch.OutOfMemoryError)


class ProvidedKernel:
    """Called by torch's dispatcher, in the thread of the operator's caller."""

    __slots__ = ("definition", "exempt", "name", "names")

    def __init__(self, name: str, definition: Callable[..., Any]) -> None:
        self.name = name
        self.definition = definition
        self.exempt = _HOST_ARGUMENTS if name.startswith(_FROM_THE_HOST) else frozenset()
        self.names = list(inspect.signature(definition).parameters)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Compute on the npu of the arguments."""
        placement = Placement(self.name)
        named = [*zip_longest(self.names[: len(args)], args), *kwargs.items()]
        _note(placement, (value for name, value in named if name not in self.exempt))
        device = placement.device
        if device is None or device.type != "npu":
            raise OperatorArgumentError(_public(self.name), "needs tensors of an npu")
        if device.index == streams.current_device():
            return self._compute(args, kwargs)
        return streams.on_device(device.index, lambda: self._compute(args, kwargs))

    def _compute(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        try:
            if not torch.is_autocast_enabled("npu"):
                return self.definition(*args, **kwargs)
            with torch.autocast("npu", enabled=False):
                return self.definition(*args, **kwargs)
        except _MISFITS as error:
            if isinstance(error, _OWN_KINDS) or type(error).__module__ != "builtins":
                raise
            reason = f"{type(error).__name__}: {error}"
            raise OperatorArgumentError(_public(self.name), reason) from error


def _public(name: str) -> str:
    return name.replace("npu::", "torch_npu.")


def _note(placement: Placement, values: Iterable[Any]) -> None:
    for value in values:
        if isinstance(value, torch.Tensor):
            placement.note(value)
        elif isinstance(value, (list, tuple)):
            _note(placement, value)
