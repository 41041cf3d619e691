"""`HCCLGroup`: one rank's end of a collective group, behind `ray.util.collective`.

Ray makes it in the actor, calls it from the thread of the actor's method, and hands tensors over in
lists of one. Operations are queued on the current stream, as torch's are: the host may go on before
they are done, and whatever is queued behind them sees their results.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ray.util.collective.collective_group.base_collective_group import BaseGroup

from ray_ascend.collective.rendezvous import meet
from ray_ascend.errors import CollectiveError, InstallationError, UnsupportedTensorError
from ray_ascend.variables import seconds

if TYPE_CHECKING:
    import torch

_RENDEZVOUS_VARIABLE = "RAY_ASCEND_HCCL_RENDEZVOUS_S"
_RENDEZVOUS_SECONDS = 30.0


class HCCLGroup(BaseGroup):
    """A group of `world_size` actors; made by Ray in the actor that is its `rank`.

    The actor needs an NPU of its own, since two ranks of HCCL may not share one. Making a group
    waits until all ranks are there, `RAY_ASCEND_HCCL_RENDEZVOUS_S` seconds at most (30 by default).

    Raises InstallationError without torch_npu, CollectiveError when a rank does not come.
    """

    def __init__(self, world_size: int, rank: int, group_name: str) -> None:
        super().__init__(world_size, rank, group_name)
        self._group = _process_group(meet(group_name, rank, world_size, _patience()), self)

    @classmethod
    def backend(cls) -> str:
        """Return the name under which Ray knows this kind of group."""
        return "HCCL"

    @classmethod
    def check_backend_availability(cls) -> bool:
        """Say yes: a driver without an NPU may make groups; an actor without one gets an error."""
        return True

    def destroy_group(self) -> None:
        """Let go of the communicator and of its sockets."""
        self._group.shutdown()

    def allreduce(self, tensor: list[torch.Tensor], allreduce_options: Any = None) -> None:
        """Reduce the tensors of all ranks into each of them."""
        from torch.distributed import AllreduceOptions

        options = AllreduceOptions()
        options.reduceOp = _reduction(allreduce_options)
        with self._doing("allreduce"), _in_place(self._one(tensor)) as whole:
            self._group.allreduce([whole], options).wait()

    def barrier(self, barrier_options: Any = None) -> None:
        """Return when every rank has called it, with all earlier work of this rank done."""
        import torch_npu

        with self._doing("barrier"):
            self._group.barrier().wait()
            torch_npu.npu.synchronize()

    def reduce(self, tensor: list[torch.Tensor], reduce_options: Any = None) -> None:
        """Reduce the tensors of all ranks into the root's; the others keep theirs."""
        from torch.distributed import ReduceOptions

        options, root = ReduceOptions(), _root(reduce_options)
        options.reduceOp, options.rootRank = _reduction(reduce_options), root
        with self._doing("reduce"):
            given = self._one(tensor)
            whole = given.contiguous() if self._rank == root else given.clone().contiguous()
            self._group.reduce([whole], options).wait()
            _give_back(whole, given if self._rank == root else whole)

    def broadcast(self, tensor: list[torch.Tensor], broadcast_options: Any = None) -> None:
        """Copy the root's tensor into that of each rank."""
        from torch.distributed import BroadcastOptions

        options = BroadcastOptions()
        options.rootRank = _root(broadcast_options)
        with self._doing("broadcast"), _in_place(self._one(tensor)) as whole:
            self._group.broadcast([whole], options).wait()

    def allgather(
        self,
        tensor_list: list[list[torch.Tensor]],
        tensor: list[torch.Tensor],
        allgather_options: Any = None,
    ) -> None:
        """Copy every rank's tensor into this rank's list, in the order of the ranks."""
        with self._doing("allgather"), contextlib.ExitStack() as stack:
            given, places = self._one(tensor), self._per_rank(tensor_list)
            outputs = [stack.enter_context(_in_place(place)) for place in places]
            self._group.allgather([outputs], [given.contiguous()]).wait()

    def reducescatter(
        self,
        tensor: list[torch.Tensor],
        tensor_list: list[list[torch.Tensor]],
        reducescatter_options: Any = None,
    ) -> None:
        """Reduce the ranks' lists; each rank gets the part at its own place."""
        from torch.distributed import ReduceScatterOptions

        options = ReduceScatterOptions()
        options.reduceOp = _reduction(reducescatter_options)
        with self._doing("reducescatter"), _in_place(self._one(tensor)) as output:
            parts = [part.contiguous() for part in self._per_rank(tensor_list)]
            self._group.reduce_scatter([output], [parts], options).wait()

    def send(self, tensor: list[torch.Tensor], send_options: Any) -> None:
        """Send a tensor to a rank that receives one of the same size and dtype."""
        with self._doing(f"send to rank {send_options.dst_rank}"):
            whole = self._one(tensor).contiguous()
            self._group.send([whole], send_options.dst_rank, 0).wait()

    def recv(self, tensor: list[torch.Tensor], recv_options: Any) -> None:
        """Receive into a tensor what another rank sends."""
        source = recv_options.src_rank
        with self._doing(f"receive from rank {source}"), _in_place(self._one(tensor)) as whole:
            self._group.recv([whole], source, 0).wait()

    def _one(self, tensors: list[torch.Tensor]) -> torch.Tensor:
        if len(tensors) != 1:
            raise UnsupportedTensorError(
                f"a rank of the HCCL group {self._group_name!r} has one NPU, and takes one tensor "
                f"in a call, not {len(tensors)}"
            )
        return self._checked(tensors[0])

    def _per_rank(self, tensor_lists: list[list[torch.Tensor]]) -> list[torch.Tensor]:
        return [self._checked(tensor) for tensors in tensor_lists for tensor in tensors]

    def _checked(self, tensor: Any) -> torch.Tensor:
        import torch

        if not isinstance(tensor, torch.Tensor) or tensor.device.type != "npu":
            place = tensor.device if isinstance(tensor, torch.Tensor) else type(tensor).__name__
            raise UnsupportedTensorError(
                f"HCCL moves tensors on NPUs, and rank {self._rank} of the group "
                f"{self._group_name!r} gave one on {place}: move it with .npu(), or use a group "
                "with the backend 'GLOO' for the CPU"
            )
        return tensor

    @contextlib.contextmanager
    def _doing(self, what: str) -> Iterator[None]:
        try:
            yield
        except RuntimeError as error:
            raise CollectiveError(
                f"{what} of rank {self._rank} in the HCCL group {self._group_name!r} "
                f"({self._world_size} ranks) failed: {error}"
            ) from error


def _process_group(store: Any, group: HCCLGroup) -> Any:
    from torch._C._distributed_c10d import PrefixStore

    try:
        from torch_npu._C._distributed_c10d import ProcessGroupHCCL
    except ImportError as error:
        raise InstallationError(
            f"HCCL groups need torch_npu in every actor: {error}; install the torch_npu that "
            "belongs to this torch"
        ) from error
    options = ProcessGroupHCCL.Options()
    options.global_ranks_in_group = list(range(group.world_size))
    options.group_id = group.group_name
    prefixed = PrefixStore(group.group_name, store)
    return ProcessGroupHCCL(prefixed, group.rank, group.world_size, options)


def _patience() -> float:
    return seconds(os.environ, _RENDEZVOUS_VARIABLE, _RENDEZVOUS_SECONDS)


def _reduction(options: Any) -> Any:
    from torch.distributed import ReduceOp

    return getattr(ReduceOp, options.reduceOp.name) if options else ReduceOp.SUM


def _root(options: Any) -> int:
    return int(options.root_rank) if options else 0


@contextlib.contextmanager
def _in_place(tensor: torch.Tensor) -> Iterator[torch.Tensor]:
    """Give a contiguous tensor to work on, and bring the result back."""
    whole = tensor.contiguous()
    yield whole
    _give_back(whole, tensor)


def _give_back(whole: torch.Tensor, tensor: torch.Tensor) -> None:
    if whole is not tensor and whole.data_ptr() != tensor.data_ptr():
        tensor.copy_(whole)
