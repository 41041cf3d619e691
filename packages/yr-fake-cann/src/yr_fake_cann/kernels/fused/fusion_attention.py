"""``npu_fusion_attention`` and its versions 2 and 3: attention for training.

The softmax statistics have eight equal values for each query, as the kernels of Ascend have. A
query that sees no key has a result of 0, which hardware promises with ``inner_precise=2`` only.
Dropout is drawn from the device's generator, or from the seed and offset that are given; both are
returned, so that the gradient drops the same.
"""

from collections.abc import Callable
from typing import Any, Final

import torch
from torch import Tensor

from yr_fake_cann.kernels import randomness
from yr_fake_cann.kernels.fused.attention_call import AttentionCall, attention_call
from yr_fake_cann.kernels.fused.attention_formula import attention
from yr_fake_cann.kernels.fused.attention_layout import join_heads
from yr_fake_cann.kernels.fused.attention_part import Part, keep_masks, parts

STATISTICS: Final = 8
Result = tuple[Tensor, Tensor, Tensor, Tensor, int, int, int]


def fusion_attention(*args: Any, **kwargs: Any) -> Result:
    """``npu_fusion_attention``: result, maxima, sums, nothing; seed, offset, size of dropout."""
    return _compute(attention_call("npu_fusion_attention", args, kwargs))


def fusion_attention_v2(*args: Any, **kwargs: Any) -> Result:
    """``npu_fusion_attention_v2``: with rotary parts of queries and keys, and kinds of bias."""
    return _compute(attention_call("npu_fusion_attention_v2", args, kwargs))


def fusion_attention_v3(*args: Any, **kwargs: Any) -> tuple[Tensor, ...]:
    """``npu_fusion_attention_v3``: lengths, seed and offset are tensors of the host."""
    call = attention_call("npu_fusion_attention_v3", args, kwargs)
    *tensors, seed, offset, _ = _compute(call)
    return (*tensors, torch.tensor([seed]), torch.tensor([offset]))


def pack_statistics(call: AttentionCall, of_parts: list[Tensor]) -> Tensor:
    """Return [B, N, S, 1] statistics of all parts as the operator does.

    With TND it is [T, N, 8], in which each sequence has its N heads first and then its positions,
    unless ``softmax_layout`` is TND.
    """
    eightfold = [part.expand(*part.shape[:3], STATISTICS) for part in of_parts]
    if not call.varlen:
        return eightfold[0].contiguous()
    behind = call.query.size(0) - sum(part.size(2) for part in eightfold)
    rest = eightfold[0].new_zeros(behind, call.head_num, STATISTICS)
    if call.softmax_layout == "TND":
        return torch.cat([*(part.squeeze(0).transpose(0, 1) for part in eightfold), rest])
    flat = torch.cat([part.reshape(-1, STATISTICS) for part in eightfold])
    return torch.cat([flat.view(-1, call.head_num, STATISTICS), rest])


def _compute(call: AttentionCall) -> Result:
    seed, offset = _seed_and_offset(call)
    chosen = list(parts(call))
    masks = keep_masks(call, chosen, seed, offset)
    computed = [
        attention(part.query, part.key, part.value, part.scoring, kept)
        for part, kept in zip(chosen, masks, strict=True)
    ]
    results, maxima, sums = ([part[i] for part in computed] for i in range(3))
    pairs = sum(part.pairs.numel() for part in chosen)
    return (
        _pack_results(call, chosen, results),
        pack_statistics(call, maxima),
        pack_statistics(call, sums),
        call.query.new_empty(0),
        seed,
        offset,
        pairs,
    )


def _pack_results(call: AttentionCall, chosen: list[Part], results: list[Tensor]) -> Tensor:
    joined = [join_heads(result, call.layout) for result in results]
    if not call.varlen:
        return joined[0].to(call.query.dtype).contiguous()
    rest = call.query.size(0) - chosen[-1].queries.stop
    joined.append(joined[-1].new_zeros(rest, *joined[-1].shape[1:]))
    return torch.cat(joined).to(call.query.dtype)


def _seed_and_offset(call: AttentionCall) -> tuple[int, int]:
    if call.keep_prob == 1 or call.seed or call.offset:
        return call.seed, call.offset
    return randomness.draw(randomness.default_generator(call.query.device.index))


PROVIDED: Final[dict[str, Callable[..., Any]]] = {
    "npu::npu_fusion_attention": fusion_attention,
    "npu::npu_fusion_attention_v2": fusion_attention_v2,
    "npu::npu_fusion_attention_v3": fusion_attention_v3,
}
