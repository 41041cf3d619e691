"""What a process of a datasystem test does on emulated NPUs; started by `processes`.

    python program.py ROLE ADDRESS PREFIX

It prints one JSON object a line: progress, then its result. Whatever it holds for others it keeps
until its standard input is closed.
"""

import json
import os
import sys
from typing import Any, Final

import torch
import torch_npu
from contents import (
    LAYERS,
    MOVED_BLOCKS,
    NPU,
    block_lists,
    empty_pages,
    equal,
    expected,
    moved,
    on_npu,
    written_pages,
    zeros_like,
)
from yr.datasystem import Blob, DeviceBlobList, DsTensorClient, HeteroClient
from yr.datasystem.ds_tensor_client import CopyRange

TIMEOUT_MS: Final = 60_000
PLACE: Final = 128  # bytes into the tensor that an object is fetched into


def to_host_and_back(client: DsTensorClient, prefix: str) -> dict[str, bool]:
    """Store tensors in the host memory of the datasystem and get them into other tensors."""
    wanted, names = expected(), keys(prefix, len(expected()))
    targets, later = zeros_like(wanted), zeros_like(wanted)
    client.mset_d2h(names, on_npu(wanted))
    missing = client.mget_h2d(names, targets, TIMEOUT_MS)
    client.async_mget_h2d(names, later, TIMEOUT_MS).get()
    pages, back = written_pages(), empty_pages()
    page_keys = keys(f"{prefix}-page", len(MOVED_BLOCKS))
    client.mset_page_attn_blockwise_d2h(page_keys, pages, MOVED_BLOCKS).get()
    client.mget_page_attn_blockwise_h2d(page_keys, back, MOVED_BLOCKS, TIMEOUT_MS).get()
    client.delete(names + page_keys)
    return {
        "nothing missing": missing == [],
        "tensors": equal(targets, wanted),
        "asynchronous": equal(later, wanted),
        "page attention": moved(back, pages),
        "gone": client.exist(names) == [False] * len(names),
    }


def provide(client: DsTensorClient, prefix: str) -> dict[str, bool]:
    """Hold tensors for other processes, send some and publish pages."""
    tensors, pages, publisher = on_npu(expected()), written_pages(), hetero()
    count = len(tensors)
    failed = client.dev_mset(keys(f"{prefix}-held", count), tensors)
    failed += client.dev_mset([f"{prefix}-placed"], tensors[-1:])
    sent = client.dev_send(keys(f"{prefix}-sent", count), tensors)
    sent += publisher.dev_publish(keys(f"{prefix}-layer", LAYERS), block_lists(pages))
    futures = all(future.get() == [] for future in sent)
    sys.stdin.read()
    deleted = client.dev_delete(keys(f"{prefix}-held", count))
    return {"held": failed == [], "sent": futures, "deleted": deleted == []}


def fetch(client: DsTensorClient, prefix: str) -> dict[str, bool]:
    """Get what another process holds, receive what it sends and subscribe to its pages."""
    wanted, pages, subscriber = expected(), empty_pages(), hetero()
    got, received = zeros_like(wanted), zeros_like(wanted)
    large = torch.zeros(wanted[-1].nbytes + PLACE, dtype=torch.uint8, device="npu")
    count = len(wanted)
    failed = client.dev_mget(keys(f"{prefix}-held", count), got, TIMEOUT_MS)
    # A range of less than the object does not arrive over HCCL: all of it is sent (0.8.1).
    whole = CopyRange(src_offset=0, dst_offset=PLACE, length=wanted[-1].nbytes)
    failed += client.dev_mget_into_tensor([f"{prefix}-placed"], large, [whole], TIMEOUT_MS)
    futures = client.dev_recv(keys(f"{prefix}-sent", count), received)
    futures += subscriber.dev_subscribe(keys(f"{prefix}-layer", LAYERS), block_lists(pages))
    complete = all(future.get() == [] for future in futures)
    return {
        "nothing failed": failed == [],
        "held": equal(got, wanted),
        "placed": equal([large[PLACE:]], [wanted[-1].view(torch.uint8)]),
        "futures": complete,
        "received": equal(received, wanted),
        "pages": moved(pages, written_pages()),
    }


def hold(client: DsTensorClient, prefix: str) -> dict[str, bool]:
    """Hold one tensor for another process."""
    tensors = on_npu(expected()[:1])
    report({"ready": client.dev_mset(keys(f"{prefix}-held", 1), tensors) == []})
    sys.stdin.read()
    return {}


def refused(client: DsTensorClient, prefix: str) -> dict[str, str]:
    """Get from a process on the same NPU; return the error."""
    target = zeros_like(expected()[:1])
    try:
        client.dev_mget(keys(f"{prefix}-held", 1), target, TIMEOUT_MS)
    except RuntimeError as error:
        return {"error": str(error)}
    return {"error": ""}


def from_host_memory(_: DsTensorClient, prefix: str) -> dict[str, str]:
    """Store blobs that a mistaken caller placed in host memory; return the error."""
    host = torch.ones(64)
    blobs = DeviceBlobList(NPU, [Blob(host.data_ptr(), host.nbytes)])
    try:
        hetero().mset_d2h([prefix], [blobs])
    except RuntimeError as error:
        return {"error": str(error)}
    return {"error": ""}


def hetero() -> HeteroClient:
    """Return a client for blobs, connected."""
    client = HeteroClient(*address())
    client.init()
    return client


def keys(prefix: str, count: int) -> list[str]:
    """Return as many keys."""
    return [f"{prefix}-{index}" for index in range(count)]


def report(result: dict[str, Any]) -> None:
    """Tell the test one thing."""
    print(json.dumps(result), flush=True)  # noqa: T201


def address() -> tuple[str, int]:
    """Return host and port of the worker."""
    host, port = sys.argv[2].split(":")
    return host, int(port)


if __name__ == "__main__":
    torch_npu.npu.set_device(NPU)
    device_client = DsTensorClient(*address(), NPU)
    device_client.init()
    report(globals()[sys.argv[1]](device_client, sys.argv[3]))
    del device_client
    # A destructor of the released client waits for 30 s once mget_h2d has been used (0.8.1).
    os._exit(0)
