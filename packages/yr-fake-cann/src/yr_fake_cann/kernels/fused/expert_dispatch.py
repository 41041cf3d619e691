"""``npu_moe_init_routing_v2``: tokens sorted by their experts, of which a range is here."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import torch
from torch import Tensor

from yr_fake_cann.errors import NotEmulatedError, OperatorArgumentError
from yr_fake_cann.kernels.fused.quantization import by_largest

_NAME: Final = "torch_npu.npu_moe_init_routing_v2"


def init_routing_v2(
    x: Tensor,
    expert_idx: Tensor,
    *,
    scale: Tensor | None = None,
    active_num: int = -1,
    expert_num: int = -1,
    drop_pad_mode: int = 0,
    expert_tokens_num_type: int = 0,
    quant_mode: int = -1,
    active_expert_range: Sequence[int] = (),
    row_idx_type: int = 0,
    **_unused: Any,
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return tokens, where each pair went, how many each expert has, and a scale for each token.

    Pairs are numbered by rows. What belongs to experts out of the range comes last and is zero, its
    place is -1. ``quant_mode`` 1 gives int8 tokens, smoothed by their expert's row of ``scale``.
    """
    if drop_pad_mode or quant_mode not in {-1, 1}:
        raise NotEmulatedError(
            f"{_NAME} with drop_pad_mode={drop_pad_mode}, quant_mode={quant_mode}"
        )
    _check_rows(x, expert_idx)
    start, end = active_expert_range or (0, expert_num)
    sorted_pairs = _sorted(expert_idx.flatten(), start, end, active_num)
    rows = sorted_pairs.taken // expert_idx.size(1)
    tokens, scales = _tokens(x[rows], rows, sorted_pairs.experts - start, scale, quant_mode)
    count = min(active_num, expert_idx.numel()) if active_num > 0 else expert_idx.numel()
    return (
        _padded(tokens, count),
        sorted_pairs.order.int() if row_idx_type else sorted_pairs.places(),
        _counted(sorted_pairs.experts_here, start, end, expert_num, expert_tokens_num_type),
        _padded(scales, count),
    )


@dataclass(frozen=True)
class _Sorted:
    """Pairs by expert: all of them, those that are taken, and the experts of both."""

    order: Tensor
    taken: Tensor
    experts: Tensor
    experts_here: Tensor

    def places(self) -> Tensor:
        """Return where each pair went, -1 for those that are not taken."""
        nowhere = torch.full_like(self.order, -1, dtype=torch.int32)
        went = torch.arange(self.taken.numel(), dtype=torch.int32, device=self.order.device)
        return nowhere.scatter(0, self.taken, went)


def _check_rows(x: Tensor, expert_idx: Tensor) -> None:
    if x.dim() != 2 or expert_idx.dim() != 2 or x.size(0) != expert_idx.size(0):
        shapes = f"x is {list(x.shape)} and expert_idx {list(expert_idx.shape)}"
        raise OperatorArgumentError(
            "npu_moe_init_routing_v2", f"{shapes}, not two matrices of as many rows"
        )


def _sorted(experts: Tensor, start: int, end: int, active_num: int) -> _Sorted:
    here = (experts >= start) & (experts < end)
    order = experts.masked_fill(~here, torch.iinfo(experts.dtype).max).sort(stable=True).indices
    count = int(here.sum())
    taken = order[: min(active_num, count) if active_num > 0 else count]
    return _Sorted(order, taken, experts[taken], experts[here])


def _tokens(
    tokens: Tensor, rows: Tensor, experts: Tensor, scale: Tensor | None, quant_mode: int
) -> tuple[Tensor, Tensor]:
    if quant_mode == -1:
        given = torch.zeros(rows.shape, device=rows.device) if scale is None else scale[rows]
        return tokens, given
    if scale is None:
        return by_largest(tokens.float())
    return by_largest(tokens.float() * scale.float()[experts.long() if scale.size(0) > 1 else 0])


def _counted(experts: Tensor, start: int, end: int, expert_num: int, kind: int) -> Tensor:
    counts = torch.bincount(experts.long() - start, minlength=end - start)
    if kind == 0:
        return counts.cumsum(0)
    if kind == 1:
        return counts
    busy = counts.nonzero().flatten()
    pairs = torch.stack((busy + start, counts[busy]), 1)
    return _padded(pairs, expert_num)


def _padded(rows: Tensor, count: int) -> Tensor:
    missing = rows.new_zeros((count - rows.size(0), *rows.shape[1:]))
    return torch.cat((rows, missing))


PROVIDED: Final[dict[str, Callable[..., Any]]] = {
    "npu::npu_moe_init_routing_v2": init_routing_v2,
}
