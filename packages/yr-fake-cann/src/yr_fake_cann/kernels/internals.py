"""The private names of torch and torch_npu that the kernels need, all of them in one place.

They exist in torch 2.13.0 with torch_npu 2.13.0; another pair of versions is checked here first.
"""
# ruff: noqa: SLF001 - that is what this module is for

from typing import Any, TypeAlias

import torch
import torch_npu

OpOverload: TypeAlias = torch._ops.OpOverload

names_with_kernel = torch._C._dispatch_get_registrations_for_dispatch_key
set_conj = torch._C._set_conj
set_neg = torch._C._set_neg

current_device = torch_npu._C._npu_getDevice
exchange_device = torch_npu._C._npu_maybeExchangeDevice
current_raw_stream = torch_npu._C._npu_getCurrentRawStream

HOST_KEYS = torch._C.DispatchKeySet(torch._C.DispatchKey.CPU)
DEVICE_KEYS = torch._C.DispatchKeySet(torch._C.DispatchKey.PrivateUse1)


def storage_at(address: int, size: int) -> torch.UntypedStorage:
    """Return a CPU storage over memory that somebody else owns."""
    make: Any = torch._C._construct_storage_from_data_pointer
    storage: torch.UntypedStorage = make(address, torch.device("cpu"), size)
    return storage


def view_of(
    storage: torch.UntypedStorage, dtype: torch.dtype, offset: Any, size: Any, stride: Any
) -> torch.Tensor:
    """Return a CPU tensor over a storage."""
    view = torch.empty(0, dtype=dtype, device="cpu")
    view.set_(storage, offset, size, stride)
    return view


def library(namespace: str) -> Any:
    """Return a handle to register kernels of a namespace; its kernels live as long as it does."""
    return torch._C._dispatch_library("IMPL", namespace, "")


def operator(name: str) -> OpOverload:
    """Return the operator of a qualified name such as ``aten::add.Tensor``."""
    namespace, _, rest = name.partition("::")
    base, _, overload = rest.partition(".")
    packet = getattr(getattr(torch.ops, namespace), base)
    found: OpOverload = getattr(packet, overload or "default")
    return found


def exists(name: str) -> bool:
    """Return whether an operator of this name is defined, not only kernels for it."""
    base, _, overload = name.partition(".")
    try:
        torch._C._dispatch_find_schema_or_throw(base, overload)
    except RuntimeError:
        return False
    return True


def schema(of: OpOverload) -> torch.FunctionSchema:
    """Return the schema of an operator."""
    found: torch.FunctionSchema = of._schema
    return found
