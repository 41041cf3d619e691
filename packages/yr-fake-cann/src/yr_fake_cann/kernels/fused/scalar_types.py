"""dtypes as torch_npu's schemas carry them: a torch dtype, or the number of its ScalarType."""

from typing import Any, Final

import torch

_BY_NUMBER: Final = {
    0: torch.uint8,
    1: torch.int8,
    2: torch.int16,
    3: torch.int32,
    4: torch.int64,
    5: torch.float16,
    6: torch.float32,
    7: torch.float64,
    9: torch.complex64,
    10: torch.complex128,
    11: torch.bool,
    # Quantised types: what holds their values.
    12: torch.int8,
    13: torch.uint8,
    14: torch.int32,
    15: torch.bfloat16,
}


def dtype(code: Any) -> torch.dtype | None:
    """Return the dtype of a code; None for None, and for Ascend's own that torch does not have."""
    return code if isinstance(code, torch.dtype) else _BY_NUMBER.get(code)
