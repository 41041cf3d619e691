"""Registers the kernels in torch's dispatcher, in place of torch_npu's.

Registration is by name and does no work per operator; the kernel behind a name is made at its first
call. 1,500 names take about 15 ms.
"""

import functools
import warnings
from collections.abc import Callable, Iterable
from typing import Any

import torch

from yr_fake_cann.errors import NotEmulatedError
from yr_fake_cann.kernels import fused, internals, rules, streams
from yr_fake_cann.kernels.copies import CopyKernel
from yr_fake_cann.kernels.dropout import native_dropout
from yr_fake_cann.kernels.hostkernel import HostKernel

Kernel = Callable[..., Any]

_libraries: list[Any] = []


def install_kernels() -> None:
    """Replace torch_npu's kernels; called once a process, right after ``import torch_npu``."""
    if _libraries:
        return
    aten = internals.library("aten")
    npu = internals.library("npu")
    _libraries.extend((aten, npu))
    device, autograd = (
        internals.names_with_kernel("PrivateUse1"),
        internals.names_with_kernel("AutogradPrivateUse1"),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        _install_device_kernels(aten, _aten(device))
        _install_autograd_kernels(aten, _aten(autograd))
        _install_fused(npu, [name for name in device if name.startswith("npu::")])


def kernels_made() -> int:
    """Return how many operators of this process have been called, and so have a kernel."""
    return _Deferred.made


def refuse(operator: str, *_args: Any, **_kwargs: Any) -> Any:
    """Raise NotEmulatedError for an operator; registered for those that need an Ascend kernel."""
    raise NotEmulatedError(operator)


def _install_device_kernels(library: Any, names: Iterable[str]) -> None:
    own: dict[str, Kernel] = {
        "aten::copy_": CopyKernel(torch.library.get_kernel("aten::copy_", "PrivateUse1")),
        "aten::native_dropout": native_dropout,
    }
    for name in names:
        base = name[6:].partition(".")[0]
        if base not in rules.KEPT:
            library.impl(name, "PrivateUse1", own.get(name) or _device_kernel(name, base))


def _device_kernel(name: str, base: str) -> Kernel:
    if base in rules.DEVICE_INDEPENDENT:
        return _Deferred(name, _device_independent)
    if internals.has_kernel(name, "CompositeImplicitAutograd"):
        return _Deferred(name, _decomposed)
    if internals.has_kernel(name, "CPU") or _is_composite(name):
        return _Deferred(name, HostKernel)
    return functools.partial(refuse, name)


def _install_autograd_kernels(library: Any, names: Iterable[str]) -> None:
    # torch_npu has formulas of its own, which call fused operators; torch's are put back.
    for name in names:
        if internals.has_kernel(name, "CompositeImplicitAutograd"):
            library.impl(name, "AutogradPrivateUse1", _Deferred(name, _decomposed))
        elif internals.has_kernel(name, "CPU") or _is_composite(name):
            library.impl(name, "AutogradPrivateUse1", _Deferred(name, _torch_autograd), True)


def _install_fused(library: Any, names: Iterable[str]) -> None:
    for name in names:
        provided = fused.PROVIDED.get(name)
        if provided is not None:
            library.impl(name, "PrivateUse1", provided)
            library.impl(name, "AutogradPrivateUse1", provided)
        elif name[5:].partition(".")[0] not in rules.KEPT:
            library.impl(name, "PrivateUse1", functools.partial(refuse, _public_name(name)))


def _public_name(name: str) -> str:
    # What users call: torch_npu.npu_swiglu is torch.ops.npu.npu_swiglu.
    return f"torch_npu.{name[5:]}"


def _is_composite(name: str) -> bool:
    return internals.has_kernel(name, "CompositeExplicitAutograd") or internals.has_kernel(
        name, "CompositeExplicitAutogradNonFunctional"
    )


def _aten(names: Iterable[str]) -> list[str]:
    # Kernels under aten::npu_... belong to no operator; these are defined in the namespace npu.
    return [n for n in names if n.startswith("aten::") and not n.startswith(_ORPHANS)]


_ORPHANS = ("aten::npu_", "aten::_npu_")


class _Deferred:
    """A kernel that is made when it is called for the first time."""

    __slots__ = ("kernel", "make", "name")
    made = 0

    def __init__(self, name: str, make: Callable[[str], Kernel]) -> None:
        self.name = name
        self.make = make
        self.kernel: Kernel | None = None

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self.kernel is None:
            self.kernel = self.make(self.name)
            _Deferred.made += 1
        return self.kernel(*args, **kwargs)


def _decomposed(name: str) -> Kernel:
    kernel: Kernel = internals.operator(name).decompose
    return kernel


def _device_independent(name: str) -> Kernel:
    operator = internals.operator(name)
    keys = internals.HOST_KEYS

    def kernel(*args: Any, **kwargs: Any) -> Any:
        device = _target(args, kwargs)
        if device == streams.current_device():
            return operator.redispatch(keys, *args, **kwargs)
        return streams.on_device(device, lambda: operator.redispatch(keys, *args, **kwargs))

    return kernel


def _target(args: tuple[Any, ...], kwargs: dict[str, Any]) -> int:
    device = kwargs.get("device")
    if device is not None and device.type == "npu" and device.index is not None:
        index: int = device.index
        return index
    if device is None and args and isinstance(args[0], torch.Tensor) and not args[0].is_cpu:
        return args[0].get_device()
    return streams.current_device()


def _torch_autograd(name: str) -> Kernel:
    formula: Kernel = torch.library.get_kernel(name, "AutogradCPU").call_boxed
    return formula
