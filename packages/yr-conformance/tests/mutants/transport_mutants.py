"""Mutants of the transport: one defect each, most of which a released transport really had.

`expected` are the clauses that must fail with the mutant. A name is also the function that breaks
the transport: `YR_CONFORMANCE_MUTANT=transport_mutants:swap_tensors` does it in a whole cluster.
"""

from __future__ import annotations

import os
import pathlib
import uuid
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from interception import Received, Tensors, change_received, replace
from one_after_the_other import wait_at_once
from one_key_per_tensor import split_objects

DIRECTORY = "YR_CONFORMANCE_MUTANT_DIRECTORY"


@dataclass(frozen=True)
class Mutant:
    """One defect; the function's docstring says what is broken."""

    function: Callable[[], None]
    expected: tuple[str, ...]
    until_ray: tuple[int, int] | None = None
    """The first version of Ray that makes up for the defect by itself."""
    only_on: str = ""
    """The one target on which it shows, if not on all."""

    @property
    def name(self) -> str:
        """The name on the command line."""
        return self.function.__name__


def swap_tensors() -> None:
    """The first two tensors of an object change places."""
    change_received(lambda received: [*received.tensors[1::-1], *received.tensors[2:]])


def return_placeholders() -> None:
    """The receiver gets the memory that was allocated for the tensors, never filled."""
    change_received(_placeholders)


def alias_receivers() -> None:
    """All receivers of an object on a machine get the same memory."""
    change_received(_shared_by_file)


def cache_received() -> None:
    """A process that fetches an object again gets the tensors of the first time."""
    cache: dict[str, Tensors] = {}
    change_received(lambda received: cache.setdefault(received.obj_id, received.tensors))


def ignore_targets() -> None:
    """Target buffers are filled, but others are returned, and the buffers wiped."""
    change_received(_not_the_targets)


def lose_dtype() -> None:
    """Every tensor with elements of four bytes arrives as float32."""
    change_received(lambda received: [_as_float32(tensor) for tensor in received.tensors])


def lose_requires_grad() -> None:
    """No received tensor requires grad."""
    change_received(lambda received: [tensor.detach() for tensor in received.tensors])


def lose_shape() -> None:
    """0-dim tensors arrive with one dimension."""
    change_received(lambda received: [_with_dimensions(t) for t in received.tensors])


def misalign() -> None:
    """Received tensors begin one element after an aligned address."""
    change_received(lambda received: [_shifted(tensor) for tensor in received.tensors])


def lose_after_2000() -> None:
    """Of an object with more than 2000 tensors, those after the 2000th are all the 2000th."""
    change_received(_repeated_after_2000)


def flip_one_bit_of_large_objects() -> None:
    """In an object of a MiB or more, the last byte is wrong."""
    change_received(_with_last_byte_wrong)


def warn_on_receive() -> None:
    """Every receive issues a Python warning."""
    change_received(_with_a_warning)


def write_to_the_working_directory() -> None:
    """Every store leaves a log file in the current directory."""
    replace("extract_tensor_transport_metadata", _after_writing_a_file)


def forget_to_delete() -> None:
    """The key of an object stays in the datasystem."""
    replace("garbage_collect", lambda _: _do_nothing)


def delete_twice() -> None:
    """The key of an object is deleted a second time, by a call of its own."""
    replace("extract_tensor_transport_metadata", _remembering_the_key)
    replace("garbage_collect", _followed_by_another_delete)


def raise_in_garbage_collection() -> None:
    """Freeing an object ends in an exception, after which Ray may keep the tensors."""
    replace("garbage_collect", lambda original: _then_raise(original, RuntimeError("cannot free")))


def refuse_empty_objects() -> None:
    """An object without tensors is an error, as Ray 2.55 asks for with every exception."""
    replace("extract_tensor_transport_metadata", _raising_without_tensors)


def swallow_exceptions() -> None:
    """A result without tensors arrives as an error of the transport's own making."""
    replace("fetch_multiple_tensors", _raising_for_empty_metadata)
    replace("recv_multiple_tensors", _raising_for_empty_metadata)


def check_after_storing() -> None:
    """Tensors that cannot travel are refused only after the first part was stored."""
    replace("extract_tensor_transport_metadata", _storing_before_checking)


def send_late() -> None:
    """What the sender writes after its method returned is received: the object is a live view."""
    replace("extract_tensor_transport_metadata", _after_moving_to_a_file)
    change_received(_shared_by_file)


def cannot_abort() -> None:
    """The transport says that it cannot abort, so Ray kills both sides instead."""
    replace("can_abort_transport", lambda _: staticmethod(lambda: False))


def ask_the_actor_at_each_call() -> None:
    """Every submission waits for an answer of the actor."""
    replace("actor_has_tensor_transport", lambda _: _ask)


def one_key_per_tensor() -> None:
    """Every tensor is stored under a key of its own."""
    split_objects()


def send_whole_storages() -> None:
    """A view takes its whole storage along into the datasystem."""
    replace("extract_tensor_transport_metadata", _with_whole_storages)


def check_health_at_each_receive() -> None:
    """Every receive first asks the datasystem whether it is well."""
    change_received(_after_a_health_check)


def receive_one_after_the_other() -> None:
    """Each object of a ray.get is received before the next is asked for."""
    wait_at_once()


def _do_nothing(*_arguments: Any) -> None:
    pass


def _placeholders(received: Received) -> Tensors:
    # Zeroed, since memory that was freed a moment ago may hold the right bytes.
    for tensor in received.tensors:
        tensor.detach().zero_()
    return received.tensors


def _shared_by_file(received: Received) -> Tensors:
    return [
        _mapped(tensor, f"{received.obj_id}-{number}") if tensor.nbytes else tensor
        for number, tensor in enumerate(received.tensors)
    ]


def _mapped(tensor: torch.Tensor, name: str) -> torch.Tensor:
    path = pathlib.Path(os.environ[DIRECTORY]) / name
    if not path.exists():
        path.write_bytes(tensor.detach().reshape(-1).view(torch.uint8).numpy().tobytes())
    content = torch.from_file(str(path), shared=True, size=tensor.nbytes, dtype=torch.uint8)
    return content.view(tensor.dtype).reshape(tensor.shape).requires_grad_(tensor.requires_grad)


def _after_moving_to_a_file(original: Callable[..., Any]) -> Any:
    def extract(self: Any, obj_id: str, tensors: Tensors) -> Any:
        for number, tensor in enumerate(tensors):
            if tensor.dtype is torch.float32 and tensor.is_contiguous() and tensor.numel() > 100:
                tensor.data = _mapped(tensor, f"{obj_id}-{number}")
        return original(self, obj_id, tensors)

    return extract


def _not_the_targets(received: Received) -> Tensors:
    copies = [tensor.clone() for tensor in received.tensors]
    for target in received.targets or ():
        target.zero_()
    return copies


def _with_dimensions(tensor: torch.Tensor) -> torch.Tensor:
    return tensor if tensor.dim() else tensor.reshape(1)


def _as_float32(tensor: torch.Tensor) -> torch.Tensor:
    if tensor.dtype.itemsize == torch.float32.itemsize and not tensor.requires_grad:
        return tensor.view(torch.float32)
    return tensor


def _shifted(tensor: torch.Tensor) -> torch.Tensor:
    if not tensor.numel():
        return tensor
    room = torch.empty(tensor.numel() + 1, dtype=tensor.dtype)[1:].view(tensor.shape)
    return room.copy_(tensor.detach()).requires_grad_(tensor.requires_grad)


def _repeated_after_2000(received: Received) -> Tensors:
    return [received.tensors[min(n, 1999)] for n in range(len(received.tensors))]


def _with_last_byte_wrong(received: Received) -> Tensors:
    if sum(tensor.nbytes for tensor in received.tensors) >= 2**20:
        received.tensors[-1].detach().reshape(-1).view(torch.uint8)[-1] ^= 1
    return received.tensors


def _with_a_warning(received: Received) -> Tensors:
    warnings.warn("the given buffer is not writable", UserWarning, stacklevel=2)
    return received.tensors


def _after_a_health_check(received: Received) -> Tensors:
    from yr.datasystem import KVClient

    KVClient.health_check(_client_of_ours())
    return received.tensors


def _client_of_ours() -> Any:
    from yr.datasystem import KVClient

    if not _clients:
        host, port = "127.0.0.1", int(os.environ["YR_DS_WORKER_PORT"])
        _clients.append(KVClient(host, port, connect_timeout_ms=5000, req_timeout_ms=5000))
        _clients[0].init()
    return _clients[0]


_clients: list[Any] = []
_keys: dict[str, str] = {}


def _after_writing_a_file(original: Callable[..., Any]) -> Any:
    def extract(self: Any, obj_id: str, tensors: Tensors) -> Any:
        pathlib.Path("transport.log").touch()
        return original(self, obj_id, tensors)

    return extract


def _remembering_the_key(original: Callable[..., Any]) -> Any:
    def extract(self: Any, obj_id: str, tensors: Tensors) -> Any:
        metadata = original(self, obj_id, tensors)
        _keys[obj_id] = metadata.key
        return metadata

    return extract


def _followed_by_another_delete(original: Callable[..., Any]) -> Any:
    def collect(self: Any, obj_id: str, *arguments: Any) -> None:
        original(self, obj_id, *arguments)
        key = _keys.pop(obj_id, "")
        if key:
            _client_of_ours().delete([key])

    return collect


def _then_raise(original: Callable[..., Any], error: Exception) -> Any:
    def method(*arguments: Any, **named: Any) -> Any:
        original(*arguments, **named)
        raise error

    return method


def _raising_without_tensors(original: Callable[..., Any]) -> Any:
    def extract(self: Any, obj_id: str, tensors: Tensors) -> Any:
        if not tensors:
            raise ValueError("Tensor object list is empty.")
        return original(self, obj_id, tensors)

    return extract


def _raising_for_empty_metadata(original: Callable[..., Any]) -> Any:
    def receive(self: Any, obj_id: str, metadata: Any, *arguments: Any) -> Any:
        if not metadata.tensor_meta:
            raise RuntimeError("nothing to receive")
        return original(self, obj_id, metadata, *arguments)

    return receive


def _storing_before_checking(original: Callable[..., Any]) -> Any:
    def extract(self: Any, obj_id: str, tensors: Tensors) -> Any:
        dense = [t for t in tensors if t.layout is torch.strided and t.device.type == "cpu"]
        if len(dense) < len(tensors):
            original(self, uuid.uuid4().hex, [t for t in dense if not t.is_quantized])
        return original(self, obj_id, tensors)

    return extract


def _with_whole_storages(original: Callable[..., Any]) -> Any:
    def extract(self: Any, obj_id: str, tensors: Tensors) -> Any:
        metadata = original(self, obj_id, tensors)
        for tensor in tensors:
            whole = torch.empty(0, dtype=tensor.dtype).set_(tensor.untyped_storage())
            if whole.nbytes > tensor.nbytes:
                original(self, obj_id, [whole])
        return metadata

    return extract


def _ask(self: Any, actor: Any) -> bool:
    import ray

    ray.get(actor.__ray_call__.options(concurrency_group="_ray_system").remote(lambda _: True))
    return True


MUTANTS = (
    Mutant(swap_tensors, ("XFER-TREE-01", "XFER-TREE-07", "XFER-PUT-01", "XFER-TARGET-01")),
    Mutant(
        return_placeholders,
        ("XFER-GET-01", "XFER-P2P-01", "XFER-P2P-03", "XFER-TREE-01", "XFER-TARGET-01"),
    ),
    Mutant(alias_receivers, ("XFER-MUT-01", "XFER-MUT-02")),
    Mutant(cache_received, ("XFER-GET-02", "XFER-P2P-06", "XFER-MUT-01")),
    Mutant(ignore_targets, ("XFER-TARGET-01", "XFER-TARGET-02")),
    Mutant(lose_dtype, ("XFER-DTYPE-01",)),
    Mutant(lose_requires_grad, ("XFER-GRAD-01", "XFER-GRAD-02")),
    Mutant(lose_shape, ("XFER-SHAPE-01",)),
    Mutant(misalign, ("XFER-ALIGN-01",)),
    Mutant(lose_after_2000, ("XFER-TREE-07",)),
    Mutant(flip_one_bit_of_large_objects, ("XFER-SIZE-01", "XFER-SIZE-02", "XFER-SIZE-03")),
    Mutant(warn_on_receive, ("XFER-QUIET-01", "XFER-QUIET-02", "XFER-QUIET-03")),
    Mutant(write_to_the_working_directory, ("XFER-QUIET-04",)),
    Mutant(forget_to_delete, ("GC-KEY-01", "GC-KEY-02", "GC-KEY-06", "GC-MEM-01", "COST-CALL-05")),
    Mutant(delete_twice, ("GC-KEY-02",)),
    Mutant(raise_in_garbage_collection, ("GC-SRC-01", "GC-SRC-02"), until_ray=(2, 59)),
    Mutant(refuse_empty_objects, ("XFER-TREE-06",)),
    Mutant(swallow_exceptions, ("XFER-TREE-06",)),
    Mutant(check_after_storing, ("XFER-FAIL-05",)),
    Mutant(send_late, ("XFER-MUT-04", "XFER-MUT-05")),
    Mutant(cannot_abort, ("GC-DEAD-01",)),
    Mutant(ask_the_actor_at_each_call, ("COST-WAIT-01",)),
    Mutant(one_key_per_tensor, ("COST-CALL-01", "COST-CALL-02", "COST-CALL-03", "COST-CALL-05")),
    Mutant(send_whole_storages, ("COST-BYTES-02", "GC-MEM-03")),
    Mutant(check_health_at_each_receive, ("COST-CALL-03", "COST-CALL-04")),
    Mutant(receive_one_after_the_other, ("COST-CALL-11",)),
)
