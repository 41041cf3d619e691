"""The device tests run on emulated NPUs in this very process, activated before torch is imported.

Every test takes `device`, and many take `dtype`: one body proves the same for all of them, as
PyTorch's own device-generic tests do.
"""

import os
import warnings
from collections.abc import Iterator
from typing import Final

import pytest

from yr_fake_cann import activation

# The runtime's defaults: the native tests may share this process.
if os.environ.get(activation.SWITCH) != "1":
    activation.activate(activation.Machine())

with warnings.catch_warnings():
    # torch_npu's own deprecations are not what these tests are about.
    warnings.simplefilter("ignore")
    import torch
    import torch_npu

# Announcements of torch_npu, each once a process, in whichever test comes first.
ANNOUNCEMENTS: Final = (
    "ignore:Cannot create tensor with internal format",
    "ignore:The current CANN and Soc versions",
    "ignore:ComplexHalf support is experimental",
    "ignore:CAUTION. The operator",
)
DEVICES: Final = ("npu:0", "npu:1", "npu:5")
INTEGERS: Final = (torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64)
FLOATS: Final = (torch.float16, torch.bfloat16, torch.float32, torch.float64)
COMPLEX: Final = (torch.complex64, torch.complex128)
EIGHT_BIT_FLOATS: Final = (
    torch.float8_e4m3fn,
    torch.float8_e5m2,
    torch.float8_e4m3fnuz,
    torch.float8_e5m2fnuz,
)
UNSIGNED: Final = (torch.uint16, torch.uint32, torch.uint64)
NUMBERS: Final = (*INTEGERS, *FLOATS, *COMPLEX)
DENSE: Final = (torch.bool, *NUMBERS, *UNSIGNED, *EIGHT_BIT_FLOATS, torch.complex32)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let torch_npu make its announcements."""
    for item in items:
        for announcement in ANNOUNCEMENTS:
            item.add_marker(pytest.mark.filterwarnings(announcement), append=False)


@pytest.fixture(params=DEVICES)
def device(request: pytest.FixtureRequest) -> Iterator[torch.device]:
    """An npu; the current device afterwards is what it was before."""
    before = torch_npu.npu.current_device()
    yield torch.device(request.param)
    torch_npu.npu.set_device(before)


@pytest.fixture(params=DENSE, ids=str)
def dense_dtype(request: pytest.FixtureRequest) -> torch.dtype:
    """Every dtype of a plain dense tensor."""
    dtype: torch.dtype = request.param
    return dtype


@pytest.fixture(params=NUMBERS, ids=str)
def number(request: pytest.FixtureRequest) -> torch.dtype:
    """Every dtype that arithmetic is defined for."""
    dtype: torch.dtype = request.param
    return dtype


@pytest.fixture(params=FLOATS, ids=str)
def real(request: pytest.FixtureRequest) -> torch.dtype:
    """Every floating-point dtype of 16 bits and more."""
    dtype: torch.dtype = request.param
    return dtype
