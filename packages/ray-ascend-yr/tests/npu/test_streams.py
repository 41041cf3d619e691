"""`set_yr_npu_stream`: which work is waited for, where NPUs work asynchronously."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
import torch

from ray_ascend import set_yr_npu_stream
from ray_ascend.errors import ConfigurationError
from ray_ascend.npu.identity import npu_module
from ray_ascend.npu.streams import wait_for_work

_STREAMS = "YR_FAKE_CANN_STREAMS"
_ROUNDS = 20
_WORDS = 16_000_000


@pytest.fixture(autouse=True)
def nothing_named() -> Iterator[None]:
    """Every test begins and ends without a named stream."""
    yield
    set_yr_npu_stream(None)


@pytest.fixture
def busy() -> Iterator[Any]:
    """A stream of npu:0 on which much has been queued."""
    stream = npu_module().Stream(0)
    source, target = torch.zeros(2, _WORDS, device="npu:0")
    npu_module().synchronize(0)
    with npu_module().stream(stream):
        for _ in range(_ROUNDS):
            target.copy_(source)
    if stream.query() and os.environ.get(_STREAMS) != "async":
        pytest.skip(f"these NPUs work at once: set {_STREAMS}=async")
    yield stream
    stream.synchronize()


@pytest.mark.parametrize("wrong", [0, "npu:0", torch.device("cpu")], ids=repr)
def test_anything_but_a_stream_is_refused(wrong: Any) -> None:
    """The error names the call and what it takes."""
    with pytest.raises(ConfigurationError, match=r"takes a torch\.npu\.Stream or None"):
        set_yr_npu_stream(wrong)


def test_all_streams_are_waited_for(busy: Any) -> None:
    """Without a named stream nothing is under way afterwards."""
    wait_for_work(0)

    assert busy.query()


def test_a_named_stream_is_waited_for(busy: Any) -> None:
    """What was queued on it is done afterwards."""
    set_yr_npu_stream(busy)

    wait_for_work(0)

    assert busy.query()


def test_only_a_named_stream_is_waited_for(busy: Any) -> None:
    """An idle one says that the user has waited; others go on."""
    set_yr_npu_stream(npu_module().Stream(0))

    wait_for_work(0)

    assert not busy.query()


def test_a_stream_of_another_npu_says_nothing_of_this_one(busy: Any) -> None:
    """All streams of an NPU are waited for if the named one is another's."""
    set_yr_npu_stream(npu_module().Stream(1))

    wait_for_work(0)

    assert busy.query()
