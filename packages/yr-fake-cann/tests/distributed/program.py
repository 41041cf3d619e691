"""One rank of a process group; started by `test_process_group`.

    python program.py BACKEND RANK WORLD STORE TARGET

It runs every collective with every reduction and dtype on the same numbers and saves what it got,
so that the files of `hccl` on emulated NPUs and of `gloo` on the CPU can be compared.
"""

import datetime
import sys
from collections.abc import Callable
from typing import Any, Final

import torch
import torch.distributed as dist

SIZE: Final = 96
FLOATS: Final = (torch.float32, torch.float16, torch.bfloat16)
INTEGERS: Final = (torch.int32, torch.int64, torch.int8)
OPERATIONS: Final = {
    "sum": dist.ReduceOp.SUM,
    "max": dist.ReduceOp.MAX,
    "min": dist.ReduceOp.MIN,
    "product": dist.ReduceOp.PRODUCT,
}
Got = torch.Tensor | list[torch.Tensor]


class Rank:
    """The tensors of one rank; all numbers are small integers, so that any order sums alike."""

    def __init__(self, rank: int, world: int, device: str) -> None:
        self.rank, self.world, self.device = rank, world, device

    def numbers(self, dtype: torch.dtype, rows: int = 1) -> torch.Tensor:
        """Numbers that no other rank has."""
        values = torch.arange(rows * SIZE).remainder(5) + self.rank % 2
        return values.to(dtype).to(self.device)

    def room(self, dtype: torch.dtype, rows: int = 1) -> torch.Tensor:
        """Zeros to receive into."""
        return torch.zeros(rows * SIZE, dtype=dtype, device=self.device)

    def rooms(self, dtype: torch.dtype) -> list[torch.Tensor]:
        """Zeros to receive something of every rank into."""
        return [self.room(dtype) for _ in range(self.world)]

    def parts(self, dtype: torch.dtype) -> list[torch.Tensor]:
        """Something for every rank."""
        return list(self.numbers(dtype, self.world).chunk(self.world))


def all_reduce(rank: Rank, dtype: torch.dtype, operation: Any) -> Got:
    """Everybody gets the reduction."""
    tensor = rank.numbers(dtype)
    dist.all_reduce(tensor, operation)
    return tensor


def reduce(rank: Rank, dtype: torch.dtype, operation: Any) -> Got:
    """Rank 1 gets the reduction."""
    tensor = rank.numbers(dtype)
    dist.reduce(tensor, 1, operation)
    return tensor if rank.rank == 1 else rank.room(dtype)


def reduce_scatter(rank: Rank, dtype: torch.dtype, operation: Any) -> Got:
    """Everybody gets its part of the reduction."""
    tensor = rank.room(dtype)
    dist.reduce_scatter_tensor(tensor, rank.numbers(dtype, rank.world), operation)
    return tensor


def broadcast(rank: Rank, dtype: torch.dtype) -> Got:
    """Everybody gets what rank 1 has."""
    tensor = rank.numbers(dtype)
    dist.broadcast(tensor, 1)
    return tensor


def all_gather(rank: Rank, dtype: torch.dtype) -> Got:
    """Everybody gets what everybody has."""
    tensors = rank.rooms(dtype)
    dist.all_gather(tensors, rank.numbers(dtype))
    return tensors


def all_gather_into_tensor(rank: Rank, dtype: torch.dtype) -> Got:
    """The same in one tensor."""
    tensor = rank.room(dtype, rank.world)
    dist.all_gather_into_tensor(tensor, rank.numbers(dtype))
    return tensor


def scatter(rank: Rank, dtype: torch.dtype) -> Got:
    """Everybody gets its part of what rank 0 has."""
    tensor = rank.room(dtype)
    dist.scatter(tensor, rank.parts(dtype) if rank.rank == 0 else None, 0)
    return tensor


def all_to_all(rank: Rank, dtype: torch.dtype) -> Got:
    """Everybody gets its part of what everybody has."""
    tensor = rank.room(dtype, rank.world)
    dist.all_to_all_single(tensor, rank.numbers(dtype, rank.world))
    return tensor


def send_and_receive(rank: Rank, dtype: torch.dtype) -> Got:
    """Around the ring, even ranks first."""
    tensor = rank.room(dtype)
    to, source = (rank.rank + 1) % rank.world, (rank.rank - 1) % rank.world
    steps: list[Callable[[], Any]] = [
        lambda: dist.send(rank.numbers(dtype), to),
        lambda: dist.recv(tensor, source),
    ]
    for step in steps if rank.rank % 2 == 0 else reversed(steps):
        step()
    return tensor


def batched_point_to_point(rank: Rank, dtype: torch.dtype) -> Got:
    """Around the ring, both directions at once."""
    tensor = rank.room(dtype)
    works = dist.batch_isend_irecv(
        [
            dist.P2POp(dist.isend, rank.numbers(dtype), (rank.rank + 1) % rank.world),
            dist.P2POp(dist.irecv, tensor, (rank.rank - 1) % rank.world),
        ]
    )
    for work in works:
        work.wait()
    return tensor


REDUCTIONS: Final = (all_reduce, reduce, reduce_scatter)
MOVES: Final = (
    broadcast,
    all_gather,
    all_gather_into_tensor,
    scatter,
    all_to_all,
    send_and_receive,
    batched_point_to_point,
)


def results(rank: Rank) -> dict[str, Got]:
    """Run everything; the keys say what it was."""
    found: dict[str, Got] = {}
    for dtype in (*FLOATS, *INTEGERS):
        for reduction in REDUCTIONS:
            for name, operation in OPERATIONS.items():
                if (name, dtype) == ("product", torch.bfloat16):
                    continue  # HCCL has none
                found[f"{reduction.__name__} {name} {dtype}"] = reduction(rank, dtype, operation)
        for move in MOVES:
            found[f"{move.__name__} {dtype}"] = move(rank, dtype)
    objects: list[Any] = [None] * rank.world
    dist.all_gather_object(objects, {"rank": rank.rank})
    found["all_gather_object"] = torch.tensor([one["rank"] for one in objects])
    return found


def two_groups(rank: Rank) -> dict[str, Got]:
    """Reduce in the group of the even and in that of the odd ranks: several communicators."""
    groups = [dist.new_group(list(range(parity, rank.world, 2))) for parity in (0, 1)]
    tensor = torch.full((SIZE,), float(rank.rank), device=rank.device)
    dist.all_reduce(tensor, group=groups[rank.rank % 2])
    dist.barrier()
    return {"two groups": tensor}


def main() -> None:
    """Run one rank to its end."""
    backend, number, count, store, target = sys.argv[1:]
    rank = Rank(int(number), int(count), f"npu:{number}" if backend == "hccl" else "cpu")
    if backend == "hccl":
        import torch_npu

        torch_npu.npu.set_device(rank.rank)
    dist.init_process_group(
        backend,
        init_method=f"file://{store}",
        rank=rank.rank,
        world_size=rank.world,
        timeout=datetime.timedelta(seconds=60),
    )
    found = {**results(rank), **two_groups(rank)}
    on_host = {name: [t.cpu() for t in _listed(got)] for name, got in found.items()}
    torch.save(on_host, target)
    dist.destroy_process_group()


def _listed(got: Got) -> list[torch.Tensor]:
    return got if isinstance(got, list) else [got]


if __name__ == "__main__":
    main()
