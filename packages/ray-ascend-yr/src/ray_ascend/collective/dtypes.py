"""Which dtypes HCCL takes, as torch_npu's ProcessGroupHCCL passes them on.

Measured on torch_npu 2.13.0; what HCCL itself reduces is in its documentation of HcclAllReduce.
torch_npu ends the process by a SIGSEGV when it is given uint16 (2.13.0), so that what is not known
is refused here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ray_ascend.errors import UnsupportedTensorError

if TYPE_CHECKING:
    import torch

_INTEGERS: Final = frozenset({"int8", "int16", "int32", "int64"})
_FLOATS: Final = frozenset({"float16", "bfloat16", "float32"})
_AS_INT32: Final = frozenset({"bool", "uint8"})
"""torch_npu has them reduced as int32, but not in reducescatter."""
_MOVED_ONLY: Final = frozenset({"float64", "float8_e4m3fn", "float8_e5m2"})

MOVED: Final = _INTEGERS | _FLOATS | _AS_INT32 | _MOVED_ONLY
"""What can be sent, received, broadcast and gathered."""


def reduced(operation: str, reduction: str) -> frozenset[str]:
    """Give the names of the dtypes that an operation takes with a reduction such as "SUM"."""
    if reduction == "AVG":
        return _FLOATS
    known = _INTEGERS | _FLOATS if operation == "reducescatter" else MOVED - _MOVED_ONLY
    return known - {"int16", "bfloat16"} if reduction == "PRODUCT" else known


def check_dtype(tensor: torch.Tensor, what: str, taken: frozenset[str]) -> None:
    """Raise UnsupportedTensorError, with what could be given instead, unless HCCL takes it."""
    name = name_of(tensor)
    if name not in taken:
        raise UnsupportedTensorError(
            f"{what} over HCCL does not take {name}: convert the tensor to one of "
            f"{', '.join(sorted(taken))}"
        )


def name_of(tensor: torch.Tensor) -> str:
    """Give the name of a tensor's dtype without the module."""
    return str(tensor.dtype).removeprefix("torch.")
