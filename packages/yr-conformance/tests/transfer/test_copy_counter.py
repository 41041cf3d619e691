"""The counter of copies sees every way in which torch copies several tensors at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch

from yr_conformance.transfer.copy_counter import CopyCounter

BYTES = 3 * 40


@pytest.mark.parametrize(
    "copy",
    [
        lambda all_, one: one.copy_(all_),
        lambda all_, _: all_.clone(),
        lambda all_, _: torch.unbind_copy(all_),
        lambda all_, one: torch._foreach_copy_(list(one), list(all_)),
        lambda all_, _: torch.cat(list(all_)),
    ],
    ids=["copy_", "clone", "unbind_copy", "_foreach_copy_", "cat"],
)
def test_each_byte_counts_once(copy: Callable[[torch.Tensor, torch.Tensor], Any]) -> None:
    """However many tensors a call is about, it has written their bytes."""
    tensors, others = torch.ones(3, 10), torch.zeros(3, 10)
    counter = CopyCounter()
    counter.start()
    copy(tensors, others)
    counter.stop()

    assert counter.copied_bytes == BYTES


def test_a_view_is_no_copy() -> None:
    """What only looks at memory counts nothing."""
    counter = CopyCounter()
    counter.start()
    list(torch.ones(3, 10).unbind())
    counter.stop()

    assert counter.copied_bytes == 0
