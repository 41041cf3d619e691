"""DEV: host copies in the background, and blocks of paged attention."""

from __future__ import annotations

from typing import Any

import pytest

from yr_conformance.datasystem.clients import Keys
from yr_conformance.datasystem.statuses import raises_status
from yr_conformance.device.clauses import EMULATED, MUST, clause
from yr_conformance.device.station_process import StationProcess

LAYERS = ["layer0", "layer1", "layer2"]


@clause("DEV-FUT-01", MUST, source=EMULATED)
def test_asynchronous_copies(
    client: Any, npu0: StationProcess, npu1: StationProcess, own_keys: Keys
) -> None:
    """The futures of both directions give no failed keys, as often as they are asked."""
    npu0.ask("make", "x", 4)
    npu1.ask("make", "r", 0)
    npu0.ask("later", "set", "async_mset_d2h", [own_keys()], ["x"])
    assert npu0.ask("wait", "set") == npu0.ask("wait", "set") == [[]]

    npu1.ask("later", "get", "async_mget_h2d", [own_keys()], ["r"])

    assert npu1.ask("wait", "get") == npu1.ask("wait", "get") == [[]]
    assert npu1.ask("values", "r") == [4]


@clause("DEV-FUT-02", MUST, source=EMULATED)
def test_failures_are_told_by_the_future(client: Any, npu0: StationProcess, own_keys: Keys) -> None:
    """Missing keys among others are returned by the future; if all are missing, it raises."""
    npu0.ask("make", "x", 4)
    npu0.ask("make", "r", 0)
    npu0.ask("mset_d2h", [own_keys()], ["x"])

    npu0.ask("later", "some", "async_mget_h2d", [own_keys(), own_keys("no")], ["r", "x"])
    npu0.ask("later", "none", "async_mget_h2d", [own_keys("no")], ["r"])

    assert npu0.ask("wait", "some") == [[own_keys("no")]]
    for _ in range(2):
        with raises_status("Key not found", "Cannot get objects from worker"):
            npu0.ask("wait", "none")


@clause("DEV-FUT-03", MUST, source=EMULATED)
def test_wrong_arguments_are_told_by_the_future(
    client: Any, npu0: StationProcess, own_keys: Keys
) -> None:
    """Lists of different lengths do not fail the call but its future."""
    npu0.ask("make", "x", 4)

    npu0.ask("later", "f", "async_mset_d2h", [own_keys("a"), own_keys("b")], ["x"])

    with raises_status("Invalid parameter", "The size of objKeys(2) and devBlobList(1)"):
        npu0.ask("wait", "f")


@clause("DEV-FUT-04", MUST, source=EMULATED)
def test_a_future_that_is_not_done(
    client: Any, npu0: StationProcess, npu1: StationProcess, own_keys: Keys
) -> None:
    """Asked too early, the future raises a RuntimeError without a status; later it succeeds."""
    npu0.ask("make", "x", 4)
    npu1.ask("make", "r", 0)
    npu1.ask("later", "f", "async_mget_h2d", [own_keys()], ["r"], 30_000)
    with pytest.raises(RuntimeError, match=r"^Future get timeout, timeoutMs: 50"):
        npu1.ask("wait", "f", 50)

    npu0.ask("mset_d2h", [own_keys()], ["x"])

    assert npu1.ask("wait", "f") == [[]]
    assert npu1.ask("values", "r") == [4]


@clause("DEV-PAGE-01", MUST, source=EMULATED)
def test_blocks_of_all_layers_are_stored_and_loaded(
    client: Any, npu0: StationProcess, npu1: StationProcess, own_keys: Keys
) -> None:
    """Each block number is one key with a blob a layer; other blocks are left alone."""
    for number, name in enumerate(LAYERS):
        npu0.ask("count_up", name, 4, 8)
        npu0.ask("add", name, 100 * number)
        npu1.ask("count_up", name, 4, 8)
        npu1.ask("fill", name, -1)
    keys = [own_keys("a"), own_keys("b")]

    assert npu0.ask("pages", "mset_page_attn_blockwise_d2h", keys, LAYERS, [0, 2]) == []
    assert npu1.ask("pages", "mget_page_attn_blockwise_h2d", keys, LAYERS, [3, 1]) == []

    for number, name in enumerate(LAYERS):
        found = npu1.ask("at", name, (3, 0), (3, 7), (1, 0), (1, 7), (0, 0), (2, 7))
        first = 100 * number
        assert found == [first, first + 7, first + 16, first + 23, -1, -1]
    assert npu0.ask("sizes", keys, of_devices=False) == ([], [[32] * 3] * 2)


@clause("DEV-PAGE-02", MUST, source=EMULATED)
@pytest.mark.parametrize("call", ["put_page_attn_layerwise_d2d", "get_page_attn_layerwise_d2d"])
def test_layerwise_calls_are_broken(npu0: StationProcess, own_keys: Keys, call: str) -> None:
    """The calls by layer raise TypeError, whatever they are given."""
    for name in LAYERS:
        npu0.ask("count_up", name, 4, 8)

    with pytest.raises(TypeError, match="missing 1 required positional argument: 'device_id'"):
        npu0.ask("pages", call, [own_keys("a"), own_keys("b")], LAYERS, [0])


@clause("DEV-PAGE-03", MUST, source=EMULATED)
def test_layers_have_blocks(npu0: StationProcess, own_keys: Keys) -> None:
    """No layers, no blocks, or layers of one dimension are refused."""
    npu0.ask("make", "flat", 1)
    call = "mset_page_attn_blockwise_d2h"

    with pytest.raises(ValueError, match=r"^No layer tensor"):
        npu0.ask("pages", call, [own_keys()], [], [0])
    with pytest.raises(ValueError, match=r"^No block id"):
        npu0.ask("pages", call, [own_keys()], ["flat"], [])
    with raises_status("Invalid parameter", "LayerTensorShape out of expected range 2-4"):
        npu0.ask("pages", call, [own_keys()], ["flat"], [0])
