"""Host views: CPU tensors over the bytes of npu tensors, without a copy.

A view is made over the whole storage, so tensors that share memory on the device still share it on
the host. It does not keep the device memory alive; it may not outlive the call it was made for.
"""

import torch

from yr_fake_cann.native import host_address

CPU = torch.device("cpu")

_storage_at = torch._C._construct_storage_from_data_pointer


def host_view(tensor: torch.Tensor) -> torch.Tensor:
    """Return a CPU tensor of the same dtype, shape and strides over the same bytes."""
    return view_of_storage(tensor, host_storage(tensor))


def host_storage(tensor: torch.Tensor) -> torch.UntypedStorage:
    """Return a CPU storage over the bytes of the tensor's storage."""
    storage = tensor.untyped_storage()
    address = storage.data_ptr()
    return _storage_at(host_address()(address) if address else 0, CPU, storage.nbytes())


def view_of_storage(tensor: torch.Tensor, storage: torch.UntypedStorage) -> torch.Tensor:
    """Return the tensor's view of a host storage, conjugate and negative bits included."""
    view = torch.empty(0, dtype=tensor.dtype, device=CPU)
    view.set_(storage, tensor.storage_offset(), tensor.size(), tensor.stride())  # type: ignore[arg-type]
    if tensor.is_conj():
        torch._C._set_conj(view, True)
    if tensor.is_neg():
        torch._C._set_neg(view, True)
    return view
