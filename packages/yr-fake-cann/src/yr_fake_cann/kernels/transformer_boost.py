"""Operators of Ascend Transformer Boost, a library beside CANN that torch_npu opens at first use.

It is not there, so torch_npu's functions are replaced: those that serving code calls most by their
definition, the others by an error with their name. Definitions are those of the public tests of
Ascend's op-plugin, and of how vLLM-Ascend and dlinfer call them; results go into `out`, as there.
"""

import functools
import sys
from collections.abc import Callable, Iterable
from itertools import accumulate
from typing import Any, Final

import torch
from torch import Tensor

from yr_fake_cann.errors import NotEmulatedError
from yr_fake_cann.kernels.fused.inference_attention import compute
from yr_fake_cann.kernels.fused.inference_call import InferenceCall
from yr_fake_cann.kernels.fused.kv_cache import write_slots
from yr_fake_cann.kernels.provided import ProvidedKernel


def reshape_and_cache(
    key: Tensor, value: Tensor, key_cache: Tensor, value_cache: Tensor, slot_indices: Tensor
) -> None:
    """``_npu_reshape_and_cache``: tokens [T, N, D] into slots of [blocks, size, N, D]."""
    write_slots(key_cache, slot_indices, key)
    write_slots(value_cache, slot_indices, value)


def reshape_and_cache_one(key: Tensor, key_cache: Tensor, slot_indices: Tensor) -> None:
    """``_npu_reshape_and_cache_siso``: the same with one cache."""
    write_slots(key_cache, slot_indices, key)


def paged_attention(
    query: Tensor,
    key_cache: Tensor,
    value_cache: Tensor,
    num_kv_heads: int,
    num_heads: int,
    scale_value: float,
    block_table: Tensor,
    context_lens: Tensor,
    out: Tensor,
    **_workspace: Any,
) -> None:
    """``_npu_paged_attention``: one query a sequence, and all its keys in pages."""
    call = InferenceCall(
        "torch_npu._npu_paged_attention",
        query,
        key_cache.flatten(2),
        value_cache.flatten(2),
        actual_seq_lengths=range(1, query.size(0) + 1),
        actual_seq_lengths_kv=context_lens.tolist(),
        block_table=block_table,
        num_heads=num_heads,
        num_key_value_heads=num_kv_heads,
        scale=scale_value,
        input_layout="TND",
    )
    out.copy_(compute(call)[0].view_as(out))


def flash_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    mask: Tensor | None,
    seq_len: Tensor,
    scale_value: float,
    num_heads: int,
    num_kv_heads: int,
    out: Tensor,
) -> None:
    """``_npu_flash_attention``: prompts one after the other, a mask that is added to the scores."""
    if mask is not None and mask.dtype is torch.bfloat16:
        # It holds factors of a number that nothing documents.
        raise NotEmulatedError("torch_npu._npu_flash_attention with a mask in bfloat16")
    ends = list(accumulate(seq_len.tolist()))
    call = InferenceCall(
        "torch_npu._npu_flash_attention",
        *(query, key, value),
        pse_shift=None if mask is None else mask.reshape(1, 1, *mask.shape[-2:]),
        actual_seq_lengths=ends,
        actual_seq_lengths_kv=ends,
        num_heads=num_heads,
        num_key_value_heads=num_kv_heads,
        scale=scale_value,
        input_layout="TND",
    )
    out.copy_(compute(call)[0].view_as(out))


def flash_attention_unpad(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    seq_len: Tensor,
    scale_value: float,
    num_heads: int,
    num_kv_heads: int,
    out: Tensor,
) -> None:
    """``_npu_flash_attention_unpad``: the same without a mask."""
    flash_attention(query, key, value, None, seq_len, scale_value, num_heads, num_kv_heads, out)


def install() -> None:
    """Replace torch_npu's functions; called once a process, after torch_npu was imported."""
    torch_npu: Any = sys.modules["torch_npu"]
    lazy: Any = sys.modules["torch_npu.op_plugin.atb._atb_ops"]
    _replace(torch_npu, "torch_npu", lazy.API_LIST)
    _replace(torch_npu.atb, "torch_npu.atb", lazy.ATB_API_LIST)


def _replace(module: Any, path: str, names: Iterable[str]) -> None:
    for name in names:
        whole = f"{path}.{name}"
        refused = functools.partial(_refuse, f"{whole} of Ascend Transformer Boost")
        definition = PROVIDED.get(name)
        setattr(module, name, ProvidedKernel(whole, definition) if definition else refused)


def _refuse(operator: str, *_args: Any, **_kwargs: Any) -> Any:
    raise NotEmulatedError(operator)


PROVIDED: Final[dict[str, Callable[..., Any]]] = {
    "_npu_flash_attention": flash_attention,
    "_npu_flash_attention_unpad": flash_attention_unpad,
    "_npu_paged_attention": paged_attention,
    "_npu_reshape_and_cache": reshape_and_cache,
    "_npu_reshape_and_cache_siso": reshape_and_cache_one,
}
