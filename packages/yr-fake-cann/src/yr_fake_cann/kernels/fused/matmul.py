"""Matrix products: of int8 with scales, one for each group of rows, and of permuted batches."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Any, Final

import torch
from torch import Tensor
from torch.nn import functional

from yr_fake_cann.errors import NotEmulatedError, OperatorArgumentError
from yr_fake_cann.kernels.fused import scalar_types
from yr_fake_cann.kernels.fused.elementwise import fast_gelu
from yr_fake_cann.kernels.fused.quantization import scales_of, to_int8

_GROUPED: Final = "torch_npu.npu_grouped_matmul"
Tensors = Sequence[Tensor]


def quant_matmul(
    x1: Tensor,
    x2: Tensor,
    scale: Tensor,
    *,
    offset: Tensor | None = None,
    pertoken_scale: Tensor | None = None,
    bias: Tensor | None = None,
    output_dtype: Any = None,
    group_sizes: list[int] | None = None,
    y_scale: Tensor | None = None,
    **_dtypes: Any,
) -> Tensor:
    """``npu_quant_matmul``: an exact product of int8, scaled by channel and by token.

    The result is int8 unless another dtype is asked for; int32 is the product, not scaled.
    """
    if (
        x1.dtype is not torch.int8
        or x2.dtype is not torch.int8
        or group_sizes
        or y_scale is not None
    ):
        raise NotEmulatedError("torch_npu.npu_quant_matmul of other types than int8, or by groups")
    scaling = Scaling(bias, scale, pertoken_scale, offset)
    return scaling.applied(product(x1, x2), scalar_types.dtype(output_dtype) or torch.int8)


def transpose_batchmatmul(
    x: Tensor,
    weight: Tensor,
    *,
    bias: Tensor | None = None,
    scale: Tensor | None = None,
    perm_x1: list[int] | None = None,
    perm_x2: list[int] | None = None,
    perm_y: list[int] | None = None,
    batch_split_factor: int | None = 1,
) -> Tensor:
    """``npu_transpose_batchmatmul``: the product of permuted batches, [M, B, N] by default."""
    if bias is not None or scale is not None:
        raise NotEmulatedError("torch_npu.npu_transpose_batchmatmul with bias or scale")
    first, second = x.permute(perm_x1 or (0, 1, 2)), weight.permute(perm_x2 or (0, 1, 2))
    result = torch.bmm(first, second).permute(perm_y or (1, 0, 2)).contiguous()
    factor = batch_split_factor or 1
    if factor == 1:
        return result
    rows = result.view(result.size(0), factor, -1)
    return rows.transpose(0, 1).contiguous()


def grouped_matmul(
    x: Tensors,
    weight: Tensors,
    *,
    bias: Tensors | None = None,
    scale: Tensors | None = None,
    antiquant_scale: Tensors | None = None,
    antiquant_offset: Tensors | None = None,
    per_token_scale: Tensors | None = None,
    group_list: Tensor | Sequence[int] | None = None,
    split_item: int | None = 0,
    group_type: int | None = None,
    group_list_type: int | None = 0,
    act_type: int | None = 0,
    output_dtype: Any = None,
    **reserved: Any,
) -> list[Tensor]:
    """``npu_grouped_matmul``: a product for each group of rows, or for each pair of tensors.

    ``split_item`` 2 and 3 give one tensor, in which rows behind the last group are zeros, 0 and 1
    one for each group. ``group_type`` 2 cuts what is summed over and gives [groups, K, N].
    """
    _refuse_reserved(reserved, x, weight)
    groups = _groups(group_list, group_list_type or 0)
    if group_type == 2:
        return [torch.stack([x[0][:, rows] @ weight[0][rows] for rows in groups])]
    columns = list(weight[0].unbind(0)) if weight[0].dim() == 3 else list(weight)
    rows = [x[0][group] for group in groups] if len(x) == 1 and groups else list(x)
    if len(rows) != len(columns):
        raise OperatorArgumentError(_GROUPED, f"{len(rows)} groups of x, {len(columns)} of weight")
    dtype = scalar_types.dtype(output_dtype) or x[0].dtype
    results = []
    for index, (left, right) in enumerate(zip(rows, columns, strict=True)):
        by_token = _of_rows(per_token_scale, groups, index)
        scaling = Scaling(_of_group(bias, index), _of_group(scale, index), by_token)
        restored = _restored(right, antiquant_scale, antiquant_offset, index)
        results.append(scaling.applied(product(left, restored), dtype, _activation(act_type)))
    return [_stacked(results, x)] if split_item in {2, 3} else results


def product(left: Tensor, right: Tensor) -> Tensor:
    """Return a product, of integers in float64, which is exact for int8."""
    if left.is_floating_point():
        return left.float() @ right.float()
    return left.double() @ right.double()


@dataclass(frozen=True)
class Scaling:
    """What becomes of a product: an int32 bias before the scales, another one after them."""

    bias: Tensor | None = None
    scale: Tensor | None = None
    by_token: Tensor | None = None
    offset: Tensor | None = None

    def applied(
        self,
        sums: Tensor,
        dtype: torch.dtype,
        activation: Callable[[Tensor], Tensor] = lambda x: x,
    ) -> Tensor:
        """Return the result in a dtype; int32 is the sum itself."""
        early = self.bias is not None and self.bias.dtype is torch.int32
        total = sums + self.bias if early and self.bias is not None else sums
        if dtype is torch.int32:
            return total.to(torch.int32)
        scaled = total.float()
        if self.scale is not None:
            scaled = scaled * scales_of(self.scale)
        if self.by_token is not None:
            scaled = scaled * self.by_token.float().unsqueeze(-1)
        if self.bias is not None and not early:
            scaled = scaled + self.bias.float()
        result = activation(scaled if self.offset is None else scaled + self.offset.float())
        return to_int8(result) if dtype is torch.int8 else result.to(dtype)


def _groups(given: Tensor | Sequence[int] | None, kind: int) -> list[slice]:
    if given is None:
        return []
    if kind not in {0, 1}:
        raise NotEmulatedError(f"{_GROUPED} with group_list_type={kind}")
    values = given.tolist() if isinstance(given, Tensor) else list(given)
    ends = accumulate(values) if kind == 1 else values
    return [slice(start, end) for start, end in pairwise((0, *ends))]


def _of_group(given: Tensors | None, index: int) -> Tensor | None:
    if not given:
        return None
    if len(given) > 1:
        return given[index]
    return given[0][index] if given[0].dim() > 1 else given[0]


def _of_rows(given: Tensors | None, groups: list[slice], index: int) -> Tensor | None:
    if not given:
        return None
    return given[0][groups[index]] if len(given) == 1 and groups else given[index]


def _restored(weight: Tensor, scale: Tensors | None, offset: Tensors | None, index: int) -> Tensor:
    of_scale, of_offset = _of_group(scale, index), _of_group(offset, index)
    if of_scale is None:
        return weight
    shifted = weight.float() if of_offset is None else weight.float() + of_offset.float()
    return shifted * of_scale.float()


def _stacked(results: list[Tensor], x: Tensors) -> Tensor:
    stacked = torch.cat(results)
    behind = x[0].size(0) - stacked.size(0) if len(x) == 1 else 0
    return functional.pad(stacked, (0, 0, 0, behind)) if behind else stacked


def _activation(kind: int | None) -> Callable[[Tensor], Tensor]:
    found = _ACTIVATIONS.get(kind or 0)
    if found is None:
        raise OperatorArgumentError(_GROUPED, f"act_type is none of 0, 1, 2, 4 and 5: {kind}")
    return found


def _refuse_reserved(reserved: dict[str, Any], x: Tensors, weight: Tensors) -> None:
    given = sorted(name for name, value in reserved.items() if value)
    if given:
        raise NotEmulatedError(f"{_GROUPED} with {', '.join(given)}")
    packed = {torch.int32, torch.uint8} & {tensor.dtype for tensor in (*x, *weight)}
    if packed:
        raise NotEmulatedError(f"{_GROUPED} of packed numbers in {packed.pop()}")


_ACTIVATIONS: Final[dict[int, Callable[[Tensor], Tensor]]] = {
    0: lambda x: x,
    1: functional.relu,
    2: lambda x: functional.gelu(x, approximate="tanh"),
    4: fast_gelu,
    5: functional.silu,
}

PROVIDED: Final[dict[str, Callable[..., Any]]] = {
    "npu::npu_grouped_matmul": grouped_matmul,
    "npu::npu_grouped_matmul.List": grouped_matmul,
    "npu::npu_quant_matmul": quant_matmul,
    "npu::npu_transpose_batchmatmul": transpose_batchmatmul,
}
