"""What a receiver needs to know of an object's tensors, each different kind written down once.

    kinds = ((dtype, shape, requires_grad), ...)      numbers = one small number per tensor

A model has thousands of tensors of a few kinds, and whatever is done once for each kind costs
nothing. Imports nothing heavy: it is unpickled where no error may happen.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple, overload

if TYPE_CHECKING:
    import torch


class TensorSpec(NamedTuple):
    """One tensor: `dtype` is torch's name without the `torch.` prefix, for example `"float32"`."""

    dtype: str
    shape: tuple[int, ...]
    requires_grad: bool = False

    @property
    def torch_dtype(self) -> torch.dtype:
        """Torch's dtype of that name; imports torch."""
        import torch

        found: torch.dtype = getattr(torch, self.dtype)
        return found


class Specs(Sequence[TensorSpec]):
    """One TensorSpec for each tensor, in order; `numbers[i]` says of which of `kinds` it is."""

    __slots__ = ("kinds", "numbers")

    def __init__(self, kinds: Iterable[TensorSpec], numbers: array[int]) -> None:
        self.kinds, self.numbers = tuple(kinds), numbers

    @classmethod
    def of(cls, specs: Iterable[TensorSpec]) -> Specs:
        """Sort single descriptions into kinds."""
        if isinstance(specs, Specs):
            return specs
        kinds: dict[TensorSpec, int] = {}
        numbers = [kinds.setdefault(spec, len(kinds)) for spec in specs]
        return cls(kinds, array(_typecode(len(kinds)), numbers))

    @overload
    def __getitem__(self, index: int) -> TensorSpec: ...

    @overload
    def __getitem__(self, index: slice) -> list[TensorSpec]: ...

    def __getitem__(self, index: int | slice) -> TensorSpec | list[TensorSpec]:
        if isinstance(index, slice):
            return [self.kinds[number] for number in self.numbers[index]]
        return self.kinds[self.numbers[index]]

    def __iter__(self) -> Iterator[TensorSpec]:
        kinds = self.kinds
        return (kinds[number] for number in self.numbers)

    def __len__(self) -> int:
        return len(self.numbers)


def describe(tensors: Iterable[torch.Tensor]) -> Specs:
    """Write down what a receiver needs to rebuild each tensor."""
    kinds: dict[tuple[torch.dtype, torch.Size, bool], int] = {}
    numbers = [kinds.setdefault((t.dtype, t.shape, t.requires_grad), len(kinds)) for t in tensors]
    return Specs(
        (
            TensorSpec(str(dtype).removeprefix("torch."), tuple(shape), requires_grad)
            for dtype, shape, requires_grad in kinds
        ),
        array(_typecode(len(kinds)), numbers),
    )


def _typecode(kinds: int) -> str:
    return "B" if kinds <= 1 << 8 else "H" if kinds <= 1 << 16 else "L"
