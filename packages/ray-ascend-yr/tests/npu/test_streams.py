"""`set_yr_npu_stream`: which work of an NPU is waited for before a tensor is read."""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import torch

from ray_ascend import set_yr_npu_stream
from ray_ascend.errors import ConfigurationError
from ray_ascend.npu import device_wait
from ray_ascend.npu.identity import npu_module
from ray_ascend.npu.streams import wait_for_work

_HOST_FUNCTION = ctypes.CFUNCTYPE(None, ctypes.c_void_p)
_PATIENCE_S = 60.0
_BEGUN_S = 0.2
"""By then a wait called before has begun; where it has not, a test passes and proves less."""


def acl() -> Any:
    """Give CANN's runtime library."""
    return ctypes.CDLL("libascendcl.so")


@dataclass
class Held:
    """A stream that a host function holds up until `gate` is set, by CANN's aclrtLaunchHostFunc."""

    address: int
    stream: Any = None
    gate: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        """Queue the function that waits."""
        self.over = threading.Event()
        self.function = _HOST_FUNCTION(self._wait)
        stream = ctypes.c_void_p(self.address)
        assert acl().aclrtLaunchHostFunc(stream, self.function, None) == 0

    def _wait(self, _: object) -> None:
        self.gate.wait(_PATIENCE_S)
        self.over.set()

    def let_go_soon(self) -> None:
        """Set the gate when the caller waits for this stream."""
        threading.Timer(_BEGUN_S, self.gate.set).start()


@pytest.fixture(autouse=True)
def nothing_named() -> Iterator[None]:
    """Every test begins and ends without a named stream."""
    yield
    set_yr_npu_stream(None)


@pytest.fixture
def held() -> Iterator[Held]:
    """A stream of npu:0 that does not go on before its gate is set."""
    stream = npu_module().Stream(0)
    held = Held(stream.npu_stream, stream)
    yield held
    held.gate.set()
    stream.synchronize()


@pytest.fixture
def unknown() -> Iterator[Held]:
    """A stream of npu:0 that torch knows nothing of, as the datasystem's are."""
    stream = ctypes.c_void_p()
    with npu_module().device(0):
        assert acl().aclrtCreateStream(ctypes.byref(stream)) == 0
    held = Held(int(stream.value or 0))
    yield held
    held.gate.set()
    assert acl().aclrtSynchronizeStream(stream) == 0
    assert acl().aclrtDestroyStream(stream) == 0


@pytest.mark.parametrize("wrong", [0, "npu:0", torch.device("cpu")], ids=repr)
def test_anything_but_a_stream_is_refused(wrong: Any) -> None:
    """The error names the call and what it takes."""
    with pytest.raises(ConfigurationError, match=r"takes a torch\.npu\.Stream or None"):
        set_yr_npu_stream(wrong)


def test_all_streams_are_waited_for(held: Held) -> None:
    """Without a named stream nothing is under way afterwards."""
    held.let_go_soon()

    wait_for_work(0)

    assert held.stream.query()


def test_a_named_stream_is_waited_for(held: Held) -> None:
    """What was queued on it is done afterwards."""
    held.let_go_soon()
    set_yr_npu_stream(held.stream)

    wait_for_work(0)

    assert held.stream.query()


def test_only_a_named_stream_is_waited_for(held: Held) -> None:
    """An idle one says that the user has waited; others go on."""
    set_yr_npu_stream(npu_module().Stream(0))

    wait_for_work(0)

    assert not held.stream.query()


def test_a_stream_of_another_npu_says_nothing_of_this_one(held: Held) -> None:
    """All streams of an NPU are waited for if the named one is another's."""
    held.let_go_soon()
    set_yr_npu_stream(npu_module().Stream(1))

    wait_for_work(0)

    assert held.stream.query()


def test_the_datasystem_s_streams_are_not_waited_for_long(unknown: Held, held: Held) -> None:
    """A transfer whose other side hangs keeps nobody; what torch has queued is waited for."""
    threading.Timer(2 * device_wait._GRACE_S, held.gate.set).start()

    wait_for_work(0)

    assert held.stream.query()
    assert not unknown.over.is_set()
