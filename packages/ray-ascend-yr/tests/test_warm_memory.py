"""Memory of tensors that nobody uses any more, reused by those that arrive next."""

from __future__ import annotations

import gc
import mmap
import pathlib
from collections.abc import Callable
from typing import Any

import pytest
import torch
from conftest import wait_until
from torch.utils.dlpack import to_dlpack  # type: ignore[attr-defined]  # public, not in __all__

from ray_ascend.cpu import fresh_memory, warm_memory
from ray_ascend.cpu.fresh_memory import empty
from ray_ascend.cpu.warm_memory import WarmMemory

COUNT = 1 << 20


@pytest.fixture
def warm(monkeypatch: pytest.MonkeyPatch) -> WarmMemory:
    """What this process keeps, which is nothing yet."""
    memory = WarmMemory()
    monkeypatch.setattr(fresh_memory, "of_process", {WarmMemory: memory}.__getitem__)
    return memory


def test_dropped_memory_is_used_again(warm: WarmMemory) -> None:
    """Of the same size, for any shape and dtype; the tensor is one like any other."""
    first = empty((4, COUNT // 4), torch.float32)
    address = first.data_ptr()
    del first

    second = empty((COUNT // 2,), torch.float64)

    assert second.data_ptr() == address
    assert (second._is_view(), second.is_contiguous(), warm.kept()) == (False, True, 0)
    second.resize_(COUNT)


def test_another_size_gets_memory_of_its_own(warm: WarmMemory) -> None:
    """A storage is as large as its tensor."""
    first = empty((COUNT,), torch.float32)
    del first

    second = empty((COUNT + 1,), torch.float32)

    assert second.untyped_storage().nbytes() == 4 * COUNT + 4
    assert warm.kept() == 4 * COUNT


@pytest.mark.parametrize(
    "use",
    [
        lambda tensor: tensor[3:],
        lambda tensor: tensor.untyped_storage(),
        lambda tensor: tensor.numpy(),
        lambda tensor: memoryview(tensor.numpy()),
        to_dlpack,
        lambda tensor: torch.ones(COUNT, requires_grad=True) * tensor,
        torch.nn.Parameter,
    ],
    ids=["view", "storage", "numpy", "memoryview", "dlpack", "autograd", "parameter"],
)
def test_what_is_used_in_any_way_is_not_given_again(
    warm: WarmMemory, use: Callable[[torch.Tensor], Any]
) -> None:
    """Whoever has something that shows the memory keeps it."""
    first = empty((COUNT,), torch.float32)
    address, used = first.data_ptr(), use(first)
    del first

    second = empty((COUNT,), torch.float32)

    assert second.data_ptr() != address
    del used
    gc.collect()
    assert warm.kept() == 4 * COUNT


def test_shared_memory_is_not_given_again(warm: WarmMemory) -> None:
    """Another process may look at it."""
    first = empty((COUNT,), torch.float32).share_memory_()  # type: ignore[no-untyped-call]
    address = first.data_ptr()
    del first

    second = empty((COUNT,), torch.float32)

    assert not second.untyped_storage().is_shared()
    assert second.data_ptr() != address


def test_memory_that_nobody_wants_is_given_back(
    warm: WarmMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a short while, and the thread that looks after it ends."""
    monkeypatch.setattr(warm_memory, "KEPT_S", 0.0)
    monkeypatch.setattr(warm_memory, "_LOOK_S", 0.01)
    tensor = empty((COUNT,), torch.float32)
    looker = warm._looker
    assert looker is not None
    del tensor

    wait_until(lambda: not looker.is_alive())

    assert warm.kept() == 0


def test_no_more_than_the_limit_is_remembered(
    warm: WarmMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What came first goes first, and what is larger than the limit is not remembered at all."""
    monkeypatch.setattr(warm_memory, "LIMIT", 10 * COUNT)
    tensors = [empty((COUNT,), torch.float32) for _ in range(3)]
    tensors.append(empty((3 * COUNT,), torch.float32))

    del tensors

    assert warm.kept() == 0
    del [empty((COUNT,), torch.float32) for _ in range(3)][:]
    assert warm.kept() == 8 * COUNT


def test_large_memory_gets_huge_pages_unless_a_host_takes_free_ones(
    tmp_path: pathlib.Path,
) -> None:
    """The kernel says -1, as an unsigned number, where no balloon asks for free pages."""
    order = tmp_path / "order"
    answers = [fresh_memory._are_huge_pages_good(order)]
    for text in ("9\n", "4294967295\n"):
        order.write_text(text)
        answers.append(fresh_memory._are_huge_pages_good(order))

    assert answers == [True, False, True]


def test_huge_pages_are_asked_for(warm: WarmMemory, monkeypatch: pytest.MonkeyPatch) -> None:
    """For large memory, before it is filled."""
    asked: list[tuple[int, int, int]] = []
    monkeypatch.setattr(fresh_memory, "_are_huge_pages_good", lambda _: True)
    monkeypatch.setattr(fresh_memory, "advise", lambda *call: asked.append(call))

    tensor = empty((32 << 20,), torch.uint8)

    assert asked == [(tensor.data_ptr(), tensor.nbytes, mmap.MADV_HUGEPAGE)]


def test_the_kernel_may_take_what_nobody_uses(
    warm: WarmMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Memory counts as free for the system soon after its tensor was dropped, and is kept."""
    monkeypatch.setattr(warm_memory, "_LOOK_S", 0.01)
    tensor = empty((8 * COUNT,), torch.uint8)
    tensor.fill_(1)
    before = lazily_free()
    del tensor

    wait_until(lambda: lazily_free() > before + 7 * COUNT)

    assert warm.kept() == 8 * COUNT


def lazily_free() -> int:
    """Bytes of this process that the kernel may take."""
    (line,) = [
        line
        for line in pathlib.Path("/proc/self/smaps_rollup").read_text().splitlines()
        if line.startswith("LazyFree:")
    ]
    return int(line.split()[1]) << 10
