"""Attention for inference: prompts, single steps, and both, with keys in pages or not.

Lengths name how much of each sequence counts; with TND they are the cumulative ends of queries, and
of keys unless those are in pages. A page table has a row a sequence and names blocks of a cache:
[blocks, size, N D], [blocks, N, size, D] or [blocks, N, D / 16, size, 16]. Queries behind a length,
and those that see no key, have a result of 0. A bias is added after the scale.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import torch
from torch import Tensor

from yr_fake_cann.kernels.fused import attention_layout, attention_mask
from yr_fake_cann.kernels.fused.attention_formula import Scoring, attention
from yr_fake_cann.kernels.fused.attention_layout import join_heads, repeat_heads, split_heads
from yr_fake_cann.kernels.fused.attention_mask import Sparsity
from yr_fake_cann.kernels.fused.inference_call import InferenceCall, inference_call


def fused_infer_attention_score(*args: Any, **kwargs: Any) -> tuple[Tensor, Tensor]:
    """``npu_fused_infer_attention_score``: the result, and logarithms of sums if asked for."""
    return compute(inference_call("npu_fused_infer_attention_score", args, kwargs))


def fused_infer_attention_score_v2(*args: Any, **kwargs: Any) -> tuple[Tensor, Tensor]:
    """``npu_fused_infer_attention_score_v2``: the same with other names, and with sinks."""
    return compute(inference_call("npu_fused_infer_attention_score_v2", args, kwargs))


def prompt_flash_attention(*args: Any, **kwargs: Any) -> Tensor:
    """``npu_prompt_flash_attention``."""
    result, _ = compute(inference_call("npu_prompt_flash_attention", args, kwargs))
    return result


def incre_flash_attention(*args: Any, **kwargs: Any) -> Tensor:
    """``npu_incre_flash_attention``: one query a sequence; the lengths are those of the keys."""
    if "actual_seq_lengths" in kwargs:
        kwargs["actual_seq_lengths_kv"] = kwargs.pop("actual_seq_lengths")
    result, _ = compute(inference_call("npu_incre_flash_attention", args, kwargs))
    return result


@dataclass(frozen=True)
class _Sequence:
    """Heads of one sequence in float32, [1, N, S, D], and where its queries lie."""

    index: int
    rows: slice
    query: Tensor
    key: Tensor
    value: Tensor


def compute(call: InferenceCall) -> tuple[Tensor, Tensor]:
    """Return the result and the logarithms of the sums, a single 0 unless they are asked for."""
    whole = split_heads(call.query, call.layout, call.num_heads)
    width = _value_width(call)
    result = whole.new_zeros((*whole.shape[:3], width))
    lse = whole.new_zeros((*whole.shape[:3], 1), dtype=torch.float32)
    for one in _sequences(call):
        batch = 0 if call.varlen else one.index
        found, maximum, total = attention(one.query, one.key, one.value, _scoring(call, one))
        result[batch, :, one.rows] = found[0].to(result.dtype)
        lse[batch, :, one.rows] = (maximum + total.log())[0]
    joined = join_heads(result, call.result_layout).contiguous()
    if not call.softmax_lse_flag:
        return joined, lse.new_zeros(1)
    return joined, join_heads(lse, "TND").contiguous() if call.varlen else lse


def _sequences(call: InferenceCall) -> Iterator[_Sequence]:
    queries = split_heads(call.query, call.layout, call.num_heads).float()
    if call.query_rope is not None:
        rope = split_heads(call.query_rope, call.layout, call.num_heads).float()
        queries = torch.cat((queries, rope), -1)
    group = call.num_heads // call.key_heads
    for index, rows in enumerate(_rows(call, queries)):
        batch = 0 if call.varlen else index
        yield _Sequence(
            index,
            rows,
            queries[batch : batch + 1, :, rows],
            repeat_heads(_keys(call, index), group),
            repeat_heads(_heads(call, call.value, index), group),
        )


def _rows(call: InferenceCall, queries: Tensor) -> list[slice]:
    if call.varlen:
        return attention_layout.sequences(call.actual_seq_lengths or ())
    batch, _, length, _ = queries.shape
    lengths = None if length == 1 else call.actual_seq_lengths
    return [slice(0, _length(lengths, index, length)) for index in range(batch)]


def _keys(call: InferenceCall, index: int) -> Tensor:
    keys = _heads(call, call.key, index)
    if call.key_rope is None:
        return keys
    return torch.cat((keys, _heads(call, call.key_rope, index)), -1)


def _heads(call: InferenceCall, tensor: Tensor, index: int) -> Tensor:
    """Return the keys or values of one sequence, [1, N, S, D]."""
    if call.block_table is not None:
        length = _length(call.actual_seq_lengths_kv, index, 0)
        return _from_pages(call, tensor, call.block_table[index], length)
    heads = split_heads(tensor, call.layout, call.key_heads)
    if call.varlen:
        ends = call.actual_seq_lengths_kv or call.actual_seq_lengths or ()
        return heads[:, :, attention_layout.sequences(ends)[index]]
    return heads[index : index + 1, :, : _length(call.actual_seq_lengths_kv, index, heads.size(2))]


def _from_pages(call: InferenceCall, cache: Tensor, table: Tensor, length: int) -> Tensor:
    size = cache.size({3: 1, 4: 2, 5: 3}[cache.dim()])
    if call.block_size not in {0, size}:
        raise call.wrong(f"block_size is {call.block_size}, the blocks of the cache hold {size}")
    blocks = cache[table[: -(-length // size)].long()]
    if cache.dim() == 3:
        heads = blocks.reshape(-1, call.key_heads, cache.size(2) // call.key_heads).transpose(0, 1)
    elif cache.dim() == 4:
        heads = blocks.transpose(0, 1).flatten(1, 2)
    else:
        heads = blocks.permute(1, 0, 3, 2, 4).flatten(3).flatten(1, 2)
    return heads[:, :length].unsqueeze(0)


def _scoring(call: InferenceCall, one: _Sequence) -> Scoring:
    queries, keys = one.query.size(2), one.key.size(2)
    return Scoring(
        scale=call.scale,
        bias=_of_sequence(call.pse_shift, one.index, queries, keys),
        bias_is_scaled=False,
        hidden=_hidden(call, one.index, queries, keys),
        sink=None if call.sink is None else call.sink.float(),
    )


def _of_sequence(bias: Tensor | None, index: int, queries: int, keys: int) -> Tensor | None:
    if bias is None:
        return None
    at = index if bias.size(0) > 1 else 0
    return bias[at : at + 1, :, :queries, :keys].float()


def _hidden(call: InferenceCall, index: int, queries: int, keys: int) -> Tensor | None:
    mask = call.atten_mask
    if mask is None:
        return None
    single = queries == 1 and not call.varlen and call.query_rope is None
    if single and tuple(mask.shape[-2:]) == attention_mask.CONSTANT:
        return None  # no mode has an effect there, and the mask holds nothing of this call
    if call.sparse_mode in {2, 3, 4}:
        fault = attention_mask.shape_fault(mask, call.sparse_mode, queries, keys)
        if fault:
            raise call.wrong(fault)
        of_sequence = mask
    else:
        of_sequence = _mask_of(call, mask, index)
    of_all = Sparsity(call.sparse_mode, call.pre_tokens, call.next_tokens)
    return attention_mask.hidden(of_sequence, Sparsity(1) if single else of_all, queries, keys)


def _mask_of(call: InferenceCall, mask: Tensor, index: int) -> Tensor:
    """Return the [queries, keys] mask of a sequence; a mask may be one for all."""
    if mask.dim() == 2:
        single = call.layout in {"BSND", "BNSD", "BSH"} and _query_length(call) == 1
        return mask[index : index + 1] if single else mask
    rows = mask.flatten(0, -3)
    return rows[index if rows.size(0) > 1 else 0]


def _query_length(call: InferenceCall) -> int:
    return split_heads(call.query, call.layout, call.num_heads).size(2)


def _value_width(call: InferenceCall) -> int:
    value = call.value
    if call.block_table is not None and value.dim() == 5:
        return value.size(2) * value.size(4)
    by_heads = value.dim() == 3 and (call.block_table is not None or call.layout == "BSH")
    return value.size(-1) // call.key_heads if by_heads else value.size(-1)


def _length(lengths: Any, index: int, otherwise: int) -> int:
    if not lengths:
        return otherwise
    return int(lengths[index] if len(lengths) > 1 else lengths[0])


PROVIDED: Final[dict[str, Callable[..., Any]]] = {
    "npu::npu_fused_infer_attention_score": fused_infer_attention_score,
    "npu::npu_fused_infer_attention_score_v2": fused_infer_attention_score_v2,
    "npu::npu_incre_flash_attention": incre_flash_attention,
    "npu::npu_prompt_flash_attention": prompt_flash_attention,
}
