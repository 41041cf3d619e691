"""Registers the kernels in torch's dispatcher, in place of torch_npu's.

Registration is by name and does no work per operator; the kernel behind a name is made at its first
call. 1,900 names take about 25 ms.
"""

import functools
import sys
import warnings
from collections.abc import Callable
from typing import Any

import torch

from yr_fake_cann.errors import NotEmulatedError
from yr_fake_cann.kernels import (
    autograd_threads,
    fused,
    internals,
    streams,
    transformer_boost,
)
from yr_fake_cann.kernels.copies import CopyKernel
from yr_fake_cann.kernels.dropout import native_dropout
from yr_fake_cann.kernels.hostkernel import HostKernel
from yr_fake_cann.kernels.provided import ProvidedKernel
from yr_fake_cann.kernels.treatment import Treatment, treated, treatment

Kernel = Callable[..., Any]

DEVICE, AUTOGRAD = "PrivateUse1", "AutogradPrivateUse1"
_libraries: dict[str, Any] = {}


def install_kernels() -> None:
    """Replace torch_npu's kernels; called once a process, right after ``import torch_npu``."""
    if _libraries:
        return
    _libraries.update({namespace: internals.library(namespace) for namespace in ("aten", "npu")})
    own: dict[str, Kernel] = {
        "aten::copy_": CopyKernel(torch.library.get_kernel("aten::copy_", DEVICE)),
        "aten::native_dropout": native_dropout,
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that a kernel is replaced
        _install_autograd_kernels()
        _install_device_kernels(own)
    _refuse_graphs()
    transformer_boost.install()
    autograd_threads.await_rest_at_exit()


def kernels_made() -> int:
    """Return how many operators of this process have been called, and so have a kernel."""
    return Deferred.made


def refuse(operator: str, *_args: Any, **_kwargs: Any) -> Any:
    """Raise NotEmulatedError for an operator; registered for those that need an Ascend kernel."""
    raise NotEmulatedError(operator)


class Deferred:
    """A kernel that is made when it is called for the first time."""

    __slots__ = ("kernel", "make", "name")
    made = 0

    def __init__(self, name: str, make: Callable[[str], Kernel]) -> None:
        self.name = name
        self.make = make
        self.kernel: Kernel | None = None

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the kernel; torch's dispatcher does, in the thread of the operator's caller."""
        if self.kernel is None:
            self.kernel = self.make(self.name)
            Deferred.made += 1
        return self.kernel(*args, **kwargs)


def _refuse_graphs() -> None:
    # torch_npu would say only which function of CANN has failed.
    graphs: Any = sys.modules["torch_npu"].npu.graphs
    graphs.NPUGraph.capture_begin = lambda *_args, **_kwargs: refuse("torch.npu.NPUGraph")


def _install_device_kernels(own: dict[str, Kernel]) -> None:
    for name in treated(DEVICE):
        how = treatment(name)
        if how is Treatment.OWN:
            _register(name, DEVICE, own[name])
        elif how is Treatment.PROVIDED:
            # Above autograd too: its gradient is that of its definition.
            kernel = ProvidedKernel(name, fused.PROVIDED[name])
            _register(name, DEVICE, kernel)
            _register(name, AUTOGRAD, kernel)
        elif how is Treatment.REFUSED:
            _register(name, DEVICE, functools.partial(refuse, _public_name(name)))
        elif how is not Treatment.KEPT:
            _register(name, DEVICE, Deferred(name, _MAKERS[how]))


def _install_autograd_kernels() -> None:
    # torch_npu has formulas of its own, which call fused operators; torch's are put back.
    for name in treated(AUTOGRAD):
        how = treatment(name)
        if how is Treatment.DECOMPOSED:
            _register(name, AUTOGRAD, Deferred(name, _decomposed))
        elif how in {Treatment.HOST, Treatment.OWN}:
            _register(name, AUTOGRAD, Deferred(name, _torch_autograd), with_keys=True)


def _register(name: str, key: str, kernel: Kernel, with_keys: bool = False) -> None:
    _libraries[name.partition("::")[0]].impl(name, key, kernel, with_keys)


def _public_name(name: str) -> str:
    # What users call: torch_npu.npu_swiglu is torch.ops.npu.npu_swiglu.
    return f"torch_npu.{name[5:]}" if name.startswith("npu::") else name


def _decomposed(name: str) -> Kernel:
    kernel: Kernel = internals.operator(name).decompose
    return kernel


def _device_independent(name: str) -> Kernel:
    operator = internals.operator(name)

    def kernel(*args: Any, **kwargs: Any) -> Any:
        device = _target(args, kwargs)
        if device == streams.current_device():
            return operator.redispatch(internals.HOST_KEYS, *args, **kwargs)
        return streams.on_device(
            device, lambda: operator.redispatch(internals.HOST_KEYS, *args, **kwargs)
        )

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


_MAKERS: dict[Treatment, Callable[[str], Kernel]] = {
    Treatment.HOST: HostKernel,
    Treatment.DECOMPOSED: _decomposed,
    Treatment.DEVICE_INDEPENDENT: _device_independent,
}
