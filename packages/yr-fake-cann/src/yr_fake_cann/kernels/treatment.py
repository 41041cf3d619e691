"""How an operator that torch_npu registers is treated, decided from its name."""

import enum
import functools

from yr_fake_cann.kernels import fused, internals, rules


class Treatment(enum.Enum):
    """What happens when an operator is called; the values are the headings of the page."""

    HOST = "Computed by torch's CPU kernel on the same bytes"
    DECOMPOSED = "Decomposed into other operators by torch"
    DEVICE_INDEPENDENT = "torch's device-independent kernel, on the npu tensors themselves"
    OWN = "Kernels of this package"
    KEPT = "Kept: torch_npu's own kernel, which needs no Ascend kernel"
    PROVIDED = "Fused operators, provided by their definition"
    REFUSED = "Refused with NotEmulatedError"


def treatment(name: str) -> Treatment:
    """Return the treatment of a qualified name such as ``aten::add.Tensor``."""
    base = name.partition("::")[2].partition(".")[0]
    if base in rules.KEPT:
        return Treatment.KEPT
    if name in rules.OWN:
        return Treatment.OWN
    if name in fused.PROVIDED:
        return Treatment.PROVIDED
    if name.startswith("npu::"):
        return Treatment.REFUSED
    if base in rules.DEVICE_INDEPENDENT:
        return Treatment.DEVICE_INDEPENDENT
    if name in _names_with_kernel("CompositeImplicitAutograd"):
        return Treatment.DECOMPOSED
    if _runs_on_the_host(name):
        return Treatment.HOST
    return Treatment.REFUSED


def treated(key: str) -> list[str]:
    """Return the operators, sorted, for which torch_npu has a kernel under a dispatch key."""
    names = internals.names_with_kernel(key)
    # torch_npu also registers kernels under names of aten that no operator has.
    return sorted(n for n in names if n.startswith(("aten::", "npu::")) and internals.exists(n))


def _runs_on_the_host(name: str) -> bool:
    composite = ("CompositeExplicitAutograd", "CompositeExplicitAutogradNonFunctional")
    return any(name in _names_with_kernel(key) for key in ("CPU", *composite))


@functools.cache
def _names_with_kernel(key: str) -> frozenset[str]:
    return frozenset(internals.names_with_kernel(key))
