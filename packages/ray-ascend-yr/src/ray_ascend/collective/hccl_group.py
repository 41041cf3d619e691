"""`HCCLGroup`: one rank's end of a collective group, behind `ray.util.collective`.

Ray makes it in the actor, calls it from the thread of the actor's method, and hands tensors over in
lists of one. Before HCCL is asked, the ranks agree about the operation; then the host waits for its
end, for as long as the group's limit says (`limits.py`). What a rank gives may be of any layout.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from ray.util.collective.collective_group.base_collective_group import BaseGroup

from ray_ascend.collective.dtypes import MOVED, check_dtype, name_of, reduced
from ray_ascend.collective.limits import operation_seconds, rendezvous_seconds
from ray_ascend.collective.operation import Operation, Operations
from ray_ascend.collective.process_group import current_npu, make_process_group
from ray_ascend.collective.reduction import reduction_of, torch_reduction
from ray_ascend.collective.rendezvous import meet
from ray_ascend.collective.roster import Roster
from ray_ascend.collective.transfers import Transfers
from ray_ascend.errors import UnsupportedTensorError

if TYPE_CHECKING:
    import torch


class HCCLGroup(BaseGroup):
    """A group of `world_size` actors; made by Ray in the actor that is its `rank`.

    The actor needs an NPU of its own, since two ranks of HCCL may not share one. Making a group
    waits until all ranks are there, `RAY_ASCEND_HCCL_RENDEZVOUS_S` seconds at most (30 by default).

    Every operation raises UnsupportedTensorError for what HCCL cannot move, and CollectiveError,
    which names this rank and those that are to blame, when ranks do not come, disagree, die, or
    take longer than the limit (`RAY_ASCEND_HCCL_OPERATION_S`). After such an error, unless nothing
    had begun, the group is broken: destroy it and make it again.
    """

    def __init__(self, world_size: int, rank: int, group_name: str) -> None:
        super().__init__(world_size, rank, group_name)
        limit = operation_seconds(group_name)
        store = meet(group_name, rank, world_size, rendezvous_seconds())
        self._group = make_process_group(store, rank, world_size, group_name, limit)
        roster = Roster(store, world_size)
        self._operations = Operations(rank, group_name, roster, store, limit)
        self.transfers = Transfers(store, rank, group_name, roster, current_npu())
        """What the tensor transport HCCL moves between two ranks, beside the operations."""
        if limit:
            # HCCL connects in the first operation, where nobody can call it back for as long as
            # HCCL_CONNECT_TIMEOUT; here all ranks have just been seen.
            self.barrier()

    @classmethod
    def backend(cls) -> str:
        """Return the name under which Ray knows this kind of group."""
        return "HCCL"

    @classmethod
    def check_backend_availability(cls) -> bool:
        """Say yes: a driver without an NPU may make groups; an actor without one gets an error."""
        return True

    def destroy_group(self) -> None:
        """Let go of the communicator and of its sockets; what is under way ends with an error."""
        self.transfers.close()
        self._operations.close(self._group)

    def allreduce(self, tensor: list[torch.Tensor], allreduce_options: Any = None) -> None:
        """Reduce the tensors of all ranks into each of them."""
        from torch.distributed import AllreduceOptions

        options = AllreduceOptions()
        with self._operation("allreduce") as operation:
            given, reduction = self._reduced("allreduce", tensor, allreduce_options)
            options.reduceOp = torch_reduction(reduction)
            operation.agree(f"allreduce of {_form(given)}, {reduction}")
            with _in_place(given) as whole:
                operation.finish(self._group.allreduce([whole], options))

    def barrier(self, barrier_options: Any = None) -> None:
        """Return when every rank has called it, with all earlier work of this rank done."""
        import torch_npu

        with self._operation("barrier") as operation:
            operation.agree("barrier")
            operation.finish(self._group.barrier())
            torch_npu.npu.synchronize()

    def reduce(self, tensor: list[torch.Tensor], reduce_options: Any = None) -> None:
        """Reduce the tensors of all ranks into the root's; the others keep theirs."""
        from torch.distributed import ReduceOptions

        options, root = ReduceOptions(), _root(reduce_options)
        with self._operation("reduce") as operation:
            given, reduction = self._reduced("reduce", tensor, reduce_options)
            options.reduceOp, options.rootRank = torch_reduction(reduction), root
            operation.agree(f"reduce of {_form(given)}, {reduction}, to rank {root}")
            whole = given.contiguous() if self._rank == root else given.clone().contiguous()
            operation.finish(self._group.reduce([whole], options))
            _give_back(whole, given if self._rank == root else whole)

    def broadcast(self, tensor: list[torch.Tensor], broadcast_options: Any = None) -> None:
        """Copy the root's tensor into that of each rank."""
        from torch.distributed import BroadcastOptions

        options = BroadcastOptions()
        options.rootRank = _root(broadcast_options)
        with self._operation("broadcast") as operation:
            given = self._moved("broadcast", tensor)
            operation.agree(f"broadcast of {_form(given)} from rank {options.rootRank}")
            with _in_place(given) as whole:
                operation.finish(self._group.broadcast([whole], options))

    def allgather(
        self,
        tensor_list: list[list[torch.Tensor]] | list[torch.Tensor],
        tensor: list[torch.Tensor],
        allgather_options: Any = None,
    ) -> None:
        """Copy every rank's tensor into this rank's list, in the order of the ranks."""
        with self._operation("allgather") as operation, contextlib.ExitStack() as stack:
            given = self._moved("allgather", tensor)
            places = self._per_rank("allgather", tensor_list, given)
            operation.agree(f"allgather of {_form(given)}")
            outputs = [stack.enter_context(_in_place(place)) for place in places]
            operation.finish(self._group.allgather([outputs], [given.contiguous()]))

    def reducescatter(
        self,
        tensor: list[torch.Tensor],
        tensor_list: list[list[torch.Tensor]] | list[torch.Tensor],
        reducescatter_options: Any = None,
    ) -> None:
        """Reduce the ranks' lists; each rank gets the part at its own place."""
        from torch.distributed import ReduceScatterOptions

        options = ReduceScatterOptions()
        with self._operation("reducescatter") as operation:
            given, reduction = self._reduced("reducescatter", tensor, reducescatter_options)
            options.reduceOp = torch_reduction(reduction)
            parts = self._per_rank("reducescatter", tensor_list, given)
            operation.agree(f"reducescatter of {_form(given)}, {reduction}")
            with _in_place(given) as output:
                whole = [part.contiguous() for part in parts]
                operation.finish(self._group.reduce_scatter([output], [whole], options))

    def send(self, tensor: list[torch.Tensor], send_options: Any) -> None:
        """Send a tensor to a rank that receives one of the same size and dtype."""
        receiver = int(send_options.dst_rank)
        with self._operation(f"send to rank {receiver}", receiver) as operation:
            whole = self._moved("send", tensor).contiguous()
            operation.agree(_parcel(whole))
            operation.finish(self._group.send([whole], receiver, 0))

    def recv(self, tensor: list[torch.Tensor], recv_options: Any) -> None:
        """Receive into a tensor what another rank sends."""
        source = int(recv_options.src_rank)
        with self._operation(f"receive from rank {source}", source) as operation:
            given = self._moved("receive", tensor)
            operation.agree(_parcel(given))
            with _in_place(given) as whole:
                operation.finish(self._group.recv([whole], source, 0))

    @contextlib.contextmanager
    def _operation(self, name: str, peer: int | None = None) -> Iterator[Operation]:
        ranks = range(self._world_size) if peer is None else (self._rank, peer)
        with self._operations.begin(name, ranks, self._group) as operation:
            yield operation

    def _moved(self, what: str, tensors: list[torch.Tensor]) -> torch.Tensor:
        tensor = self._one(tensors)
        check_dtype(tensor, what, MOVED)
        return tensor

    def _reduced(
        self, what: str, tensors: list[torch.Tensor], options: Any
    ) -> tuple[torch.Tensor, str]:
        tensor, reduction = self._one(tensors), reduction_of(options)
        check_dtype(tensor, f"{what} with {reduction}", reduced(what, reduction))
        return tensor, reduction

    def _one(self, tensors: list[torch.Tensor]) -> torch.Tensor:
        if len(tensors) != 1:
            raise UnsupportedTensorError(
                f"a rank of the HCCL group {self._group_name!r} has one NPU, and takes one tensor "
                f"in a call, not {len(tensors)}"
            )
        return self._checked(tensors[0])

    def _per_rank(self, what: str, given: Sequence[Any], own: torch.Tensor) -> list[torch.Tensor]:
        """Check a list with a tensor for each rank; Ray passes it in a list of one."""
        flat = given[0] if len(given) == 1 and isinstance(given[0], (list, tuple)) else given
        if len(flat) != self._world_size:
            raise UnsupportedTensorError(
                f"{what} needs a list with one tensor for each of the {self._world_size} ranks of "
                f"the HCCL group {self._group_name!r}, not {len(flat)}"
            )
        for rank, tensor in enumerate(map(self._checked, flat)):
            if _form(tensor) != _form(own):
                raise UnsupportedTensorError(
                    f"{what} of rank {self._rank} in the HCCL group {self._group_name!r}: the list "
                    f"has {_form(tensor)} for rank {rank}, the tensor beside it is {_form(own)}: "
                    "all of them must be alike"
                )
        return list(flat)

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


def _root(options: Any) -> int:
    return int(options.root_rank) if options else 0


def _form(tensor: torch.Tensor) -> str:
    return f"{name_of(tensor)} {list(tensor.shape)}"


def _parcel(tensor: torch.Tensor) -> str:
    return f"{tensor.numel()} elements of {name_of(tensor)}"


@contextlib.contextmanager
def _in_place(tensor: torch.Tensor) -> Iterator[torch.Tensor]:
    """Give a contiguous tensor to work on, and bring the result back."""
    whole = tensor.contiguous()
    yield whole
    _give_back(whole, tensor)


def _give_back(whole: torch.Tensor, tensor: torch.Tensor) -> None:
    if whole is not tensor and whole.data_ptr() != tensor.data_ptr():
        tensor.copy_(whole)
