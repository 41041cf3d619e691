"""Packing: tensors to bytes and back."""

from __future__ import annotations

import pytest
import torch

from ray_ascend.cpu import packing
from ray_ascend.cpu.packing import in_order, layout_of, pack, unpack
from ray_ascend.objects.specs import describe

DTYPES = [
    *(torch.bool, torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64),
    *(torch.uint16, torch.uint32, torch.uint64, torch.float16, torch.bfloat16),
    *(torch.float32, torch.float64, torch.complex64, torch.complex128),
    *(torch.float8_e4m3fn, torch.float8_e5m2, torch.float8_e4m3fnuz, torch.float8_e5m2fnuz),
]


def round_trip(tensors: list[torch.Tensor]) -> list[torch.Tensor]:
    """Pack tensors into a buffer and unpack them from a read-only view of it."""
    layout = layout_of(describe(tensors))
    if not layout.total:
        return unpack(None, layout)
    memory = bytearray(layout.total)
    pack(tensors, layout, memory)
    return unpack(memoryview(memory).toreadonly(), layout)


def bits(tensor: torch.Tensor) -> bytes:
    """Return a tensor's values as bytes, in order."""
    flat = tensor.detach().resolve_conj().resolve_neg().contiguous().reshape(-1)
    return bytes(flat.view(torch.uint8).numpy().tobytes())


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("shape", [(), (1,), (3, 5), (0,), (2, 0, 3)], ids=str)
def test_every_dtype_and_shape(dtype: torch.dtype, shape: tuple[int, ...]) -> None:
    """Dtype, shape and every bit come back."""
    count = torch.Size(shape).numel() * dtype.itemsize
    raw = torch.arange(count, dtype=torch.int64).remainder(2 if dtype is torch.bool else 251)
    tensor = raw.to(torch.uint8).view(dtype).reshape(shape)

    (back,) = round_trip([tensor])

    assert (back.dtype, back.shape) == (dtype, tensor.shape)
    assert bits(back) == bits(tensor)


@pytest.mark.parametrize(
    "view",
    [
        lambda t: t.t(),
        lambda t: t[::2],
        lambda t: t[1:, 2:],
        lambda t: t[:1].expand(4, 6),
        lambda t: t.flip(0),
    ],
    ids=["transposed", "strided", "offset", "expanded", "flipped"],
)
def test_views_travel_by_value(view: object) -> None:
    """A view arrives as its values, whatever its strides are."""
    base = torch.arange(24, dtype=torch.float32).reshape(4, 6)
    tensor = view(base)  # type: ignore[operator]

    (back,) = round_trip([tensor])

    assert torch.equal(back, tensor)
    assert back.is_contiguous()


def test_lazy_views_are_resolved() -> None:
    """Conjugated and negated views arrive as plain values."""
    base = torch.tensor([1 + 2j, 3 - 4j])

    conjugate, negative = round_trip([base.conj(), base.conj().imag])

    assert not conjugate.is_conj()
    assert torch.equal(conjugate, torch.tensor([1 - 2j, 3 + 4j]))
    assert torch.equal(negative, torch.tensor([-2.0, 4.0]))


def test_nan_payloads_survive() -> None:
    """A copy moves bit patterns: NaNs keep their payload."""
    tensor = torch.tensor([0x7FC00001, -0x3FFFFE], dtype=torch.int32).view(torch.float32)

    (back,) = round_trip([tensor])

    assert torch.equal(back.view(torch.int32), tensor.view(torch.int32))


def test_requires_grad_is_kept() -> None:
    """Tensors that required a gradient do so again, as leaves."""
    leaf = torch.ones(2, requires_grad=True)

    back, other = round_trip([leaf * 2, torch.ones(2)])

    assert (back.requires_grad, back.is_leaf, other.requires_grad) == (True, True, False)


def test_received_tensors_own_their_memory() -> None:
    """Each tensor has a storage of its own, aligned to 64 bytes."""
    first, second = round_trip([torch.ones(3), torch.ones(3)])

    assert first.untyped_storage().data_ptr() != second.untyped_storage().data_ptr()
    assert first.untyped_storage().nbytes() == 12
    assert first.data_ptr() % 64 == second.data_ptr() % 64 == 0


def test_targets_are_filled_in_place() -> None:
    """Target buffers are returned themselves, holding the values; strides are respected."""
    tensors = [torch.arange(6.0).reshape(2, 3), torch.tensor(7)]
    targets = [torch.full((3, 2), -1.0).t(), torch.tensor(-1)]
    layout = layout_of(describe(tensors))
    memory = bytearray(layout.total)
    pack(tensors, layout, memory)

    back = unpack(memory, layout, targets)

    assert all(one is other for one, other in zip(back, targets, strict=True))
    assert torch.equal(targets[0], tensors[0])
    assert int(targets[1]) == 7


@pytest.mark.parametrize(
    ("tensor", "cloned"),
    [
        (torch.ones(1, dtype=torch.uint8), True),
        (torch.ones(1 << 20, dtype=torch.uint8), True),
        (torch.ones((1 << 20) + 1, dtype=torch.uint8), False),
        (torch.ones(3, dtype=torch.float8_e5m2), False),
        (torch.ones(0), False),
    ],
    ids=["a byte", "a MiB", "more", "a dtype that torch clones by value", "nothing"],
)
def test_small_tensors_are_cloned(
    monkeypatch: pytest.MonkeyPatch, tensor: torch.Tensor, *, cloned: bool
) -> None:
    """Large ones and those of odd dtypes are copied into memory that is made for each of them."""
    made: list[torch.Tensor] = []

    def empty(shape: tuple[int, ...], dtype: torch.dtype) -> torch.Tensor:
        made.append(torch.empty(shape, dtype=dtype))
        return made[-1]

    monkeypatch.setattr(packing, "empty", empty)

    assert torch.equal(round_trip([tensor])[0].view(torch.uint8), tensor.view(torch.uint8))
    assert bool(made) is not cloned


class Elsewhere(torch.Tensor):
    """A tensor that says that it is not in host memory."""

    is_cpu = False


@pytest.mark.parametrize(("kind", "calls"), [(torch.Tensor, [2]), (Elsewhere, [])])
def test_tensors_in_host_memory_are_copied_in_one_call(
    monkeypatch: pytest.MonkeyPatch, kind: type[torch.Tensor], calls: list[int]
) -> None:
    """Those elsewhere one by one."""
    tensors = [torch.ones(3), torch.zeros(3)]
    targets = [torch.full((3,), 7.0).as_subclass(kind) for _ in tensors]
    layout = layout_of(describe(tensors))
    memory = bytearray(layout.total)
    pack(tensors, layout, memory)
    copied: list[int] = []
    copy = torch._foreach_copy_

    def counted(some: list[torch.Tensor], others: list[torch.Tensor]) -> None:
        copied.append(len(some))
        copy(some, others)

    monkeypatch.setattr(torch, "_foreach_copy_", counted)

    back = unpack(memory, layout, targets)

    assert [one.tolist() for one in back] == [one.tolist() for one in tensors]
    assert copied == calls


@pytest.mark.parametrize("made", [[], [[]], [[torch.ones(1)], []]], ids=str)
def test_no_tensor_gets_lost_on_its_way_into_order(made: list[list[torch.Tensor]]) -> None:
    """Each block has one for each of its members, and each tensor belongs to a block."""
    layout = layout_of(describe([torch.ones(1)]))

    with pytest.raises(ValueError, match="argument 2 is"):
        in_order(layout, made)
