"""What ranks do with their tensors: Ray's `ReduceOp`, or torch's, which has the average too."""

from __future__ import annotations

from typing import Any, Final

from ray_ascend.errors import ConfigurationError

_KNOWN: Final = ("SUM", "PRODUCT", "MIN", "MAX", "AVG")


def reduction_of(options: Any) -> str:
    """Give the name of the reduction that Ray's options carry; a sum without options.

    Ray passes on what the user gave as `op`: `ray.util.collective.types.ReduceOp` has no average,
    `torch.distributed.ReduceOp.AVG` is one. Raises ConfigurationError for any other.
    """
    wanted = options.reduceOp if options else None
    name = getattr(wanted, "name", "SUM" if wanted is None else repr(wanted))
    if name not in _KNOWN:
        raise ConfigurationError(f"HCCL has no reduction {name}: give one of {', '.join(_KNOWN)}")
    return str(name)


def torch_reduction(name: str) -> Any:
    """Give torch's own operator of that name."""
    from torch.distributed import ReduceOp

    return getattr(ReduceOp, name)
