"""What travels with an RDT object inside Ray: shapes, dtypes, flags and the datasystem key.

Ray pickles it in the source actor, unpickles it in the owner inside a C++ callback that must not
fail, and again in every receiver and borrower. So it imports nothing heavy when unpickled, and
describes each different kind of tensor once:

    specs = ((dtype, shape, requires_grad), ...)      kinds = one small number per tensor
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from ray.experimental import TensorTransportMetadata

if TYPE_CHECKING:
    import torch


class TensorSpec(NamedTuple):
    """One tensor: `dtype` is torch's name without the `torch.` prefix, for example `"float32"`."""

    dtype: str
    shape: tuple[int, ...]
    requires_grad: bool = False


def describe(tensors: Iterable[torch.Tensor]) -> list[TensorSpec]:
    """Write down what a receiver needs to rebuild each tensor."""
    return [
        TensorSpec(str(t.dtype).removeprefix("torch."), tuple(t.shape), t.requires_grad)
        for t in tensors
    ]


class NpuOrigin(NamedTuple):
    """Where the tensors of an object lie, for receivers on NPUs.

    `npu` is the number on `host`, whatever a process calls it. `actor` is the pickled handle of the
    source, empty when a driver is the source; only a receiver that must ask it for a copy reads it.
    `places` has each tensor's NPU, as the source calls it, where they were on several NPUs. `copy`
    is the key of a copy in host memory that was made beforehand.
    """

    host: str
    npu: int
    actor: bytes
    places: tuple[int, ...] = ()
    copy: str = ""


class YRTransportMetadata(TensorTransportMetadata):
    """Metadata of one RDT object; made by the source, read by Ray and by every receiver.

    `key` is the datasystem key of the object's bytes and `total` their number; an object without
    any byte (no tensors, or only empty ones) has `key == ""` and `total == 0` and stores nothing.
    """

    def __init__(
        self,
        specs: Iterable[TensorSpec],
        tensor_device: str | None = None,
        key: str = "",
        total: int = 0,
        origin: NpuOrigin | None = None,
    ) -> None:
        self.specs = tuple(specs)
        self.tensor_device = tensor_device
        self.key = key
        self.total = total
        self.origin = origin

    @property
    def tensor_meta(self) -> list[tuple[torch.Size, torch.dtype]]:
        """Shape and dtype of each tensor, in the form that Ray reads; imports torch."""
        import torch

        return [(torch.Size(spec.shape), getattr(torch, spec.dtype)) for spec in self.specs]

    __eq__ = object.__eq__
    __hash__ = object.__hash__

    def __repr__(self) -> str:
        return (
            f"YRTransportMetadata(tensors={len(self.specs)}, device={self.tensor_device!r}, "
            f"key={self.key!r}, total={self.total})"
        )

    def __reduce__(self) -> tuple[object, ...]:
        kinds = {spec: index for index, spec in enumerate(dict.fromkeys(self.specs))}
        numbers = array(_typecode(len(kinds)), (kinds[spec] for spec in self.specs))
        packed = (numbers.typecode, numbers.tobytes())
        table = tuple(tuple(spec) for spec in kinds)
        origin = None if self.origin is None else tuple(self.origin)
        return _unpickle, (table, packed, self.tensor_device, self.key, self.total, origin)


def _typecode(kinds: int) -> str:
    return "B" if kinds <= 1 << 8 else "H" if kinds <= 1 << 16 else "L"


def _unpickle(
    table: tuple[tuple[str, tuple[int, ...], bool], ...],
    packed: tuple[str, bytes],
    device: str | None,
    key: str,
    total: int,
    origin: tuple[str, int, bytes, tuple[int, ...], str] | None = None,
) -> YRTransportMetadata:
    kinds = [TensorSpec(*row) for row in table]
    numbers = array(packed[0], packed[1])
    source = None if origin is None else NpuOrigin(*origin)
    return YRTransportMetadata((kinds[number] for number in numbers), device, key, total, source)
