"""Host views: CPU tensors over the bytes of npu tensors, without a copy.

A view is made over the whole storage, so tensors that share memory on the device still share it on
the host. It does not keep the device memory alive; it may not outlive the call it was made for.
"""

import torch

from yr_fake_cann.kernels import internals
from yr_fake_cann.native import host_address

CPU = torch.device("cpu")


def host_view(tensor: torch.Tensor) -> torch.Tensor:
    """Return a CPU tensor of the same dtype, shape and strides over the same bytes."""
    return view_of_storage(tensor, host_storage(tensor))


def host_storage(tensor: torch.Tensor) -> torch.UntypedStorage:
    """Return a CPU storage over the bytes of the tensor's storage."""
    storage = tensor.untyped_storage()
    address = storage.data_ptr()
    return internals.storage_at(host_address()(address) if address else 0, storage.nbytes())


def view_of_storage(tensor: torch.Tensor, storage: torch.UntypedStorage) -> torch.Tensor:
    """Return the tensor's view of a host storage, conjugate and negative bits included."""
    view = internals.view_of(
        storage, tensor.dtype, tensor.storage_offset(), tensor.size(), tensor.stride()
    )
    if tensor.is_conj():
        internals.set_conj(view, True)
    if tensor.is_neg():
        internals.set_neg(view, True)
    return view
