"""Memory of a device: statistics, limits, sharing and reuse, as torch_npu reports them."""

import pytest
import torch
from isolation import run_python
from torch_npu import npu

MEBIBYTE = 1 << 20
PADDING = 512  # torch_npu rounds every allocation up and adds 32 bytes


def test_allocations_are_counted(device: torch.device) -> None:
    """What a tensor takes is allocated, and is not any more when it is gone."""
    before = npu.memory_allocated(device)

    tensor = torch.empty(4 * MEBIBYTE, dtype=torch.uint8, device=device)
    during = npu.memory_allocated(device)
    del tensor

    assert 0 <= during - before - 4 * MEBIBYTE <= PADDING
    assert npu.memory_allocated(device) == before


def test_the_peak_is_remembered(device: torch.device) -> None:
    """The maximum stays until it is reset."""
    npu.reset_peak_memory_stats(device)
    before = npu.max_memory_allocated(device)

    del_me = torch.empty(8 * MEBIBYTE, dtype=torch.uint8, device=device)
    del del_me

    assert npu.max_memory_allocated(device) >= before + 8 * MEBIBYTE


def test_results_are_device_memory(device: torch.device) -> None:
    """The result of an operator is in the device's memory too."""
    source = torch.ones(MEBIBYTE, device=device)
    before = npu.memory_allocated(device)

    result = source + 1

    assert 0 <= npu.memory_allocated(device) - before - result.nbytes <= PADDING


def test_the_cache_is_given_back(device: torch.device) -> None:
    """``empty_cache`` returns cached blocks to the device."""
    npu.set_device(device)
    tensor = torch.empty(64 * MEBIBYTE, dtype=torch.uint8, device=device)
    free = npu.mem_get_info(device)[0]
    del tensor

    npu.empty_cache()

    assert npu.mem_get_info(device)[0] >= free + 64 * MEBIBYTE


def test_too_much_memory_raises_torchs_error(device: torch.device) -> None:
    """A request beyond the device's memory is torch's out-of-memory error."""
    with pytest.raises(torch.OutOfMemoryError, match="NPU out of memory"):
        torch.empty(1 << 45, dtype=torch.uint8, device=device)


def test_the_size_of_the_memory_is_configurable() -> None:
    """A device of 64 MB holds 32 MB and refuses 128 MB."""
    script = """
import torch
torch.empty(32 << 20, dtype=torch.uint8, device="npu")
try:
    torch.empty(128 << 20, dtype=torch.uint8, device="npu")
except torch.OutOfMemoryError as error:
    print("refused", torch.npu.mem_get_info()[1] >> 20)
"""
    assert run_python(script, YR_FAKE_CANN_MEMORY_MB="64").splitlines()[-1] == "refused 64"


def test_another_process_sees_shared_memory() -> None:
    """A tensor sent to a child through torch.multiprocessing is the same memory."""
    script = """
import torch, torch_npu
import torch.multiprocessing as mp

def child(queue, done):
    queue.get().add_(1)
    torch.npu.synchronize()
    done.set()

if __name__ == "__main__":
    context = mp.get_context("spawn")
    queue, done = context.Queue(), context.Event()
    process = context.Process(target=child, args=(queue, done))
    process.start()
    tensor = torch.arange(3.0, device="npu:1")
    queue.put(tensor)
    assert done.wait(120)
    print(tensor.tolist())
    process.join()
"""
    assert run_python(script).splitlines()[-1] == "[1.0, 2.0, 3.0]"


def test_strict_memory_computes_and_moves() -> None:
    """With device addresses that the host may not touch, tensors work all the same."""
    script = """
import torch
x = torch.arange(12.0, device="npu:1").view(3, 4)
y = (x.t() @ x).to(torch.float16).npu(0)
print(y.sum().item(), x.cpu()[1].tolist())
"""
    printed = run_python(script, YR_FAKE_CANN_STRICT="1")

    assert printed.splitlines()[-1] == "1964.0 [4.0, 5.0, 6.0, 7.0]"
