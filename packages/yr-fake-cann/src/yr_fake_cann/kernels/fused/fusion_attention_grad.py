"""``npu_fusion_attention_grad`` and its versions 2 and 3, for those who call them themselves.

Ring attention does: it computes the softmax over the keys of all ranks, and asks each for the share
of its own keys. Statistics and the result are those over all keys.
"""

from collections.abc import Callable
from typing import Any, Final

import torch
from torch import Tensor

from yr_fake_cann.kernels.fused.attention_call import AttentionCall, attention_call
from yr_fake_cann.kernels.fused.attention_formula import Gradients, attention_gradients
from yr_fake_cann.kernels.fused.attention_layout import join_heads, split_heads
from yr_fake_cann.kernels.fused.attention_part import Part, keep_masks, parts


def fusion_attention_grad(*args: Any, **kwargs: Any) -> tuple[Tensor, ...]:
    """``npu_fusion_attention_grad``: of query, key, value, pse and sink."""
    query, key, value, pse, _, _, sink = _compute("npu_fusion_attention_grad", args, kwargs)
    return query, key, value, pse, sink


def fusion_attention_grad_v2(*args: Any, **kwargs: Any) -> tuple[Tensor, ...]:
    """``npu_fusion_attention_grad_v2``: of query, key, value, pse, both rotary parts and sink."""
    return _compute("npu_fusion_attention_grad_v2", args, kwargs)


def fusion_attention_grad_v3(*args: Any, **kwargs: Any) -> tuple[Tensor, ...]:
    """``npu_fusion_attention_grad_v3``: as the first, with lengths and seeds as tensors."""
    query, key, value, pse, _, _, sink = _compute("npu_fusion_attention_grad_v3", args, kwargs)
    return query, key, value, pse, sink


def _compute(operator: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Tensor, ...]:
    call = attention_call(operator, args, kwargs)
    with torch.no_grad():
        chosen = list(parts(call))
        masks = keep_masks(call, chosen, call.seed, call.offset)
        computed = [_gradients(call, part, kept) for part, kept in zip(chosen, masks, strict=True)]
        return _packed(call, chosen, computed)


def _gradients(call: AttentionCall, part: Part, kept: Tensor | None) -> Gradients:
    if call.dy is None or call.attention_in is None:
        raise call.wrong("dy and attention_in, the result of the forward pass, are needed")
    grad, result = (
        split_heads(x[part.queries], call.layout, call.head_num).float()
        for x in (call.dy, call.attention_in)
    )
    inputs = (part.query, part.key, part.value)
    statistics = _statistics(call, part, "softmax_max"), _statistics(call, part, "softmax_sum")
    return attention_gradients(inputs, part.scoring, statistics, result, grad, kept)


def _statistics(call: AttentionCall, part: Part, name: str) -> Tensor:
    packed: Tensor | None = getattr(call, name)
    if packed is None:
        raise call.wrong(f"{name} of the forward pass is needed")
    if not call.varlen:
        return packed[..., :1]
    rows = packed[part.queries, :, :1]
    if call.softmax_layout == "TND":
        return rows.transpose(0, 1).unsqueeze(0)
    return rows.reshape(1, call.head_num, -1, 1)


def _packed(
    call: AttentionCall, chosen: list[Part], computed: list[Gradients]
) -> tuple[Tensor, ...]:
    queries = [part.queries for part in chosen]
    keys = [part.keys for part in chosen]
    of_query = [g.query for g in computed]
    of_key = [_of_group(g.key, p.group) for g, p in zip(computed, chosen, strict=True)]
    of_value = [_of_group(g.value, p.group) for g, p in zip(computed, chosen, strict=True)]
    width = call.query.size(-1) if call.query_rope is not None else None
    return (
        _joined(call, call.query, queries, [g[..., :width] for g in of_query]),
        _joined(call, call.key, keys, [g[..., :width] for g in of_key]),
        _joined(call, call.value, keys, of_value),
        _of_bias(call, computed),
        _of_rope(call, call.query_rope, queries, of_query),
        _of_rope(call, call.key_rope, keys, of_key),
        _of_sink(call, computed),
    )


def _joined(
    call: AttentionCall, like: Tensor, where: list[slice], of_parts: list[Tensor]
) -> Tensor:
    whole = torch.zeros_like(like, memory_format=torch.contiguous_format)
    for place, part in zip(where, of_parts, strict=True):
        whole[place] = join_heads(part, call.layout).to(like.dtype)
    return whole


def _of_rope(
    call: AttentionCall, rope: Tensor | None, where: list[slice], of_parts: list[Tensor]
) -> Tensor:
    if rope is None:
        return call.query.new_empty(0)
    return _joined(call, rope, where, [part[..., -rope.size(-1) :] for part in of_parts])


def _of_bias(call: AttentionCall, computed: list[Gradients]) -> Tensor:
    if call.pse is None or call.pse_type > 1:
        return call.query.new_empty(0)
    total = torch.zeros_like(call.pse, dtype=torch.float32)
    for gradients in computed:
        total = total + gradients.bias.sum_to_size(call.pse.shape)
    return total.to(call.pse.dtype)


def _of_sink(call: AttentionCall, computed: list[Gradients]) -> Tensor:
    found = [gradients.sink for gradients in computed if gradients.sink is not None]
    if call.sink is None or not found:
        return call.query.new_empty(0)
    return torch.stack(found).sum(0).to(call.sink.dtype)


def _of_group(of_heads: Tensor, group: int) -> Tensor:
    # Several heads of queries share one of keys.
    batch, heads = of_heads.shape[:2]
    return of_heads.reshape(batch, heads // group, group, *of_heads.shape[2:]).sum(2)


PROVIDED: Final[dict[str, Callable[..., Any]]] = {
    "npu::npu_fusion_attention_grad": fusion_attention_grad,
    "npu::npu_fusion_attention_grad_v2": fusion_attention_grad_v2,
    "npu::npu_fusion_attention_grad_v3": fusion_attention_grad_v3,
}
