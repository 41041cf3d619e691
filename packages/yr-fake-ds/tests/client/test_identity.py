"""Objects look like the SDK's to whoever prints or explores them."""

from collections.abc import Callable

import pytest

from yr_fake_ds import KVClient

BINDINGS = "yr.datasystem.lib.libds_client_py"


def names(thing: object) -> list[str]:
    """Return what `dir` shows of an object, but for what all objects have."""
    return [name for name in dir(thing) if not name.startswith("__")]


@pytest.mark.parametrize("size", [10, 700 * 1024])
def test_buffers_show_no_name_of_ours(kv: KVClient, key: Callable[[], str], size: int) -> None:
    """Module, `repr` and `dir` are those of openyuanrong-datasystem 0.8.1."""
    name = key()
    buffers = kv.mcreate([name], [size])
    kv.mset_buffer(buffers)
    (read,) = kv.get_buffers([name])
    shown = {
        "StateValueBuffer": (buffers[0], "GetSize ImmutableData MutableData RLatch UnRLatch"),
        "ReadOnlyMemoryViewBuffer": (read, "GetSize"),
        "Status": (kv.health_check(), "get_msg is_error is_ok to_string"),
    }

    for kind, (thing, expected) in shown.items():
        assert repr(thing).startswith(f"<{BINDINGS}.{kind} object at 0x")
        assert names(thing) == expected.split()


def test_a_client_is_the_sdk_s(kv: KVClient) -> None:
    """It names the module that user code imports it from."""
    assert repr(kv).startswith("<yr.datasystem.kv_client.KVClient object at 0x")
