"""What travels with an RDT object inside Ray: the tensors' descriptions and the datasystem key.

Ray pickles it in the source actor, unpickles it in the owner inside a C++ callback that must not
fail, and again in every receiver and borrower. So it imports nothing heavy when unpickled.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from ray.experimental import TensorTransportMetadata

from ray_ascend.objects.specs import Specs, TensorSpec

if TYPE_CHECKING:
    import torch


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
        self.specs = Specs.of(specs)
        self.tensor_device = tensor_device
        self.key = key
        self.total = total
        self.origin = origin

    @property
    def tensor_meta(self) -> list[tuple[torch.Size, torch.dtype]]:
        """Shape and dtype of each tensor, in the form that Ray reads; imports torch."""
        import torch

        kinds = [(torch.Size(kind.shape), kind.torch_dtype) for kind in self.specs.kinds]
        return [kinds[number] for number in self.specs.numbers]

    __eq__ = object.__eq__
    __hash__ = object.__hash__

    def __repr__(self) -> str:
        return (
            f"YRTransportMetadata(tensors={len(self.specs)}, device={self.tensor_device!r}, "
            f"key={self.key!r}, total={self.total})"
        )

    def __reduce__(self) -> tuple[object, ...]:
        specs = self.specs
        packed = (specs.numbers.typecode, specs.numbers.tobytes())
        table = tuple(tuple(kind) for kind in specs.kinds)
        origin = None if self.origin is None else tuple(self.origin)
        return _unpickle, (table, packed, self.tensor_device, self.key, self.total, origin)


def _unpickle(
    table: tuple[tuple[str, tuple[int, ...], bool], ...],
    packed: tuple[str, bytes],
    device: str | None,
    key: str,
    total: int,
    origin: tuple[str, int, bytes, tuple[int, ...], str] | None = None,
) -> YRTransportMetadata:
    specs = Specs((TensorSpec(*row) for row in table), array(*packed))
    source = None if origin is None else NpuOrigin(*origin)
    return YRTransportMetadata(specs, device, key, total, source)
