"""Device calls in the other modes of the emulated NPU."""

from collections.abc import Callable

from npu_process import NpuProcess

SIZE = 4000
STRICT = {"YR_FAKE_CANN_STRICT": "1", "YR_FAKE_CANN_STREAMS": "async"}


def test_memory_that_the_host_cannot_touch(
    sender: NpuProcess, extra: Callable[..., NpuProcess], key: str
) -> None:
    """In strict mode, on one side or on both, the same bytes arrive."""
    strict, other = extra(3, **STRICT), extra(2, **STRICT)
    strict.ask("fill", "x", 7, SIZE)
    strict.ask("dev_mset", [key], ["x"])
    for process in (sender, other):
        process.ask("fill", "r", 0, SIZE)
        assert process.ask("dev_mget", [key], ["r"], 0) == []
        assert process.ask("look", "r") == [7, 7, SIZE]

    strict.ask("mset_d2h", [key], ["x"])

    assert other.ask("mget_h2d", [key], ["r"], 0) == []
    assert other.ask("delete", [key]) == []
    assert other.ask("dev_delete", [key]) == []
