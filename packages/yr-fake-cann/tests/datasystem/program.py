"""What a process of a datasystem test does on emulated NPUs; started by `processes`.

    python program.py ROLE ADDRESS PREFIX

It prints one JSON object a line: progress, then its result. Whatever it holds for others it keeps
until its standard input is closed.
"""

import json
import os
import sys
from collections.abc import Callable
from typing import Any, Final

import torch
import torch_npu
from yr.datasystem import DsTensorClient, HeteroClient

NPU: Final = 0
TIMEOUT_MS: Final = 20_000
DTYPES: Final = (torch.float32, torch.bfloat16, torch.int64, torch.bool, torch.uint8)
LAYERS, BLOCKS, BLOCK_ELEMENTS = 3, 4, 64


def expected() -> list[torch.Tensor]:
    """Return the tensors that all processes agree on, on the CPU."""
    counted = [torch.arange(1000).remainder(113).to(dtype) for dtype in DTYPES]
    return [*counted, torch.arange(1 << 18, dtype=torch.float32)]


def paged(fill: Callable[[int], torch.Tensor]) -> list[torch.Tensor]:
    """Return the layers of a paged attention cache."""
    return [fill(layer).reshape(BLOCKS, BLOCK_ELEMENTS).to("npu") for layer in range(LAYERS)]


def written_pages() -> list[torch.Tensor]:
    """Return layers with a different number in each element."""
    count = BLOCKS * BLOCK_ELEMENTS
    return paged(lambda layer: torch.arange(count, dtype=torch.float32) + 1000 * layer)


def empty_pages() -> list[torch.Tensor]:
    """Return layers of zeros."""
    return paged(lambda _: torch.zeros(BLOCKS * BLOCK_ELEMENTS))


def equal(found: list[torch.Tensor], wanted: list[torch.Tensor]) -> bool:
    """Return whether all tensors agree, byte for byte, once the device is done."""
    torch_npu.npu.synchronize()
    return all(
        torch.equal(left.cpu(), right.cpu()) for left, right in zip(found, wanted, strict=True)
    )


def keys(prefix: str, count: int) -> list[str]:
    """Return as many keys."""
    return [f"{prefix}-{index}" for index in range(count)]


def empty_like(tensors: list[torch.Tensor]) -> list[torch.Tensor]:
    """Return zeros on the device in the shapes and dtypes of tensors."""
    return [torch.zeros_like(tensor, device="npu") for tensor in tensors]


def to_host_and_back(client: DsTensorClient, prefix: str) -> dict[str, bool]:
    """Store tensors in the host memory of the datasystem and get them into other tensors."""
    wanted, names = expected(), keys(prefix, len(expected()))
    sources, targets, later = (
        [tensor.to("npu") for tensor in wanted],
        empty_like(wanted),
        empty_like(wanted),
    )
    torch_npu.npu.synchronize()
    client.mset_d2h(names, sources)
    missing = client.mget_h2d(names, targets, TIMEOUT_MS)
    client.async_mget_h2d(names, later, TIMEOUT_MS).get()
    pages, blocks = written_pages(), [0, 2]
    page_keys = keys(f"{prefix}-page", len(blocks))
    client.mset_page_attn_blockwise_d2h(page_keys, pages, blocks).get()
    back = empty_pages()
    client.mget_page_attn_blockwise_h2d(page_keys, back, blocks, TIMEOUT_MS).get()
    client.delete(names + page_keys)
    return {
        "nothing missing": missing == [],
        "tensors": equal(targets, wanted),
        "asynchronous": equal(later, wanted),
        "page attention": equal([page[blocks] for page in back], [page[blocks] for page in pages]),
        "other pages untouched": all(not page[[1, 3]].any() for page in back),
        "gone": client.exist(names) == [False] * len(names),
    }


def provide(client: DsTensorClient, prefix: str) -> dict[str, bool]:
    """Hold tensors for other processes, and send some."""
    wanted = expected()
    tensors = [tensor.to("npu") for tensor in wanted]
    torch_npu.npu.synchronize()
    failed = client.dev_mset(keys(f"{prefix}-held", len(wanted)), tensors)
    sent = client.dev_send(keys(f"{prefix}-sent", len(wanted)), tensors)
    report({"ready": failed == []})
    futures = all(future.get() == [] for future in sent)
    sys.stdin.read()
    deleted = client.dev_delete(keys(f"{prefix}-held", len(wanted)))
    return {"sent": futures, "deleted": deleted == []}


def fetch(client: DsTensorClient, prefix: str) -> dict[str, bool]:
    """Get what another process holds, and receive what it sends."""
    wanted = expected()
    got, received = empty_like(wanted), empty_like(wanted)
    torch_npu.npu.synchronize()
    failed = client.dev_mget(keys(f"{prefix}-held", len(wanted)), got, TIMEOUT_MS)
    futures = client.dev_recv(keys(f"{prefix}-sent", len(wanted)), received)
    complete = all(future.get() == [] for future in futures)
    return {
        "nothing failed": failed == [],
        "held": equal(got, wanted),
        "futures": complete,
        "received": equal(received, wanted),
    }


def hold(client: DsTensorClient, prefix: str) -> dict[str, bool]:
    """Hold one tensor for another process."""
    tensor = expected()[0].to("npu")
    torch_npu.npu.synchronize()
    report({"ready": client.dev_mset(keys(f"{prefix}-held", 1), [tensor]) == []})
    sys.stdin.read()
    return {}


def refused(client: DsTensorClient, prefix: str) -> dict[str, Any]:
    """Get from a process on the same NPU; return the error."""
    wanted = expected()[:1]
    try:
        client.dev_mget(keys(f"{prefix}-held", 1), empty_like(wanted), TIMEOUT_MS)
    except RuntimeError as error:
        return {"error": str(error)}
    return {"error": ""}


def from_host_memory(_: DsTensorClient, prefix: str) -> dict[str, Any]:
    """Store blobs that a mistaken caller placed in host memory; return the error."""
    from yr.datasystem import Blob, DeviceBlobList

    host = torch.ones(64)
    hetero = HeteroClient(*address())
    hetero.init()
    blobs = DeviceBlobList(NPU, [Blob(host.data_ptr(), host.nbytes)])
    try:
        hetero.mset_d2h([prefix], [blobs])
    except RuntimeError as error:
        return {"error": str(error)}
    return {"error": ""}


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
