"""How the ranks of a group find each other: a `TCPStore` of rank 0, announced in Ray's GCS.

rank 0:  TCPStore on a free port ──► GCS key "ray_ascend:hccl:<group>" = "host:port"
others:  poll the key ──► connect     all: count themselves in; rank 0 then deletes the key
"""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING

import ray

from ray_ascend import ray_internals
from ray_ascend.collective.roster import sign_in
from ray_ascend.errors import CollectiveError

if TYPE_CHECKING:
    from torch._C._distributed_c10d import TCPStore

_POLL_SECONDS = 0.05
_CONNECT_SECONDS = 2.0
_JOINED = "joined"


def meet(group_name: str, rank: int, world_size: int, patience: float) -> TCPStore:
    """Return the group's store once all ranks are there; called by each rank in its own actor.

    Raises CollectiveError when a rank has not come after `patience` seconds.
    """
    deadline = time.monotonic() + patience
    key = f"ray_ascend:hccl:{group_name}".encode()
    try:
        store = _opened(key, world_size) if rank == 0 else _joined(key, world_size, deadline)
        # torch_npu waits in it for the rank that begins to connect.
        store.set_timeout(timedelta(seconds=patience))
        sign_in(store, rank)
        store.add(_JOINED, 1)
        _wait_for_all(store, world_size, deadline)
    except TimeoutError as error:
        raise CollectiveError(
            f"rank {rank} of the HCCL group {group_name!r} waited {patience:g} s in vain: {error}; "
            f"every one of the {world_size} actors must join the group, in methods that can run at "
            "the same time"
        ) from error
    finally:
        if rank == 0:
            ray_internals.delete_key(key)
    return store


def _opened(key: bytes, world_size: int) -> TCPStore:
    from torch._C._distributed_c10d import TCPStore

    host = ray.util.get_node_ip_address()
    store = TCPStore(host, 0, world_size, is_master=True, wait_for_workers=False)
    ray_internals.write_key(key, f"{host} {store.port}".encode())
    return store


def _joined(key: bytes, world_size: int, deadline: float) -> TCPStore:
    while time.monotonic() < deadline:
        announced = ray_internals.read_key(key)
        store = _connected(announced.decode(), world_size) if announced else None
        if store is not None:
            return store
        time.sleep(_POLL_SECONDS)
    raise TimeoutError("rank 0 did not say where it listens")


def _connected(address: str, world_size: int) -> TCPStore | None:
    """Connect, or give None: the address may be that of a rank 0 which died."""
    from torch._C._distributed_c10d import TCPStore
    from torch.distributed import DistError

    host, port = address.split()
    try:
        return TCPStore(
            host,
            int(port),
            world_size,
            is_master=False,
            timeout=timedelta(seconds=_CONNECT_SECONDS),
            wait_for_workers=False,
        )
    except DistError:
        return None


def _wait_for_all(store: TCPStore, world_size: int, deadline: float) -> None:
    while (joined := store.add(_JOINED, 0)) < world_size:
        if time.monotonic() > deadline:
            raise TimeoutError(f"only {joined} of {world_size} ranks came")
        time.sleep(_POLL_SECONDS)
