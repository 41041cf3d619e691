"""Writes into caches of keys and values, in place; a place of -1 is not written."""

from collections.abc import Callable
from typing import Any, Final

import torch
from torch import Tensor

from yr_fake_cann.errors import NotEmulatedError
from yr_fake_cann.kernels.fused.elementwise import rms_norm
from yr_fake_cann.kernels.fused.rotary import interleave_rope


def scatter_nd_update_(x: Tensor, indices: Tensor, updates: Tensor) -> Tensor:
    """``npu_scatter_nd_update_``: x[indices] = updates; the last dimension names the place."""
    x[tuple(indices.long().unbind(-1))] = updates
    return x


def scatter_nd_update(x: Tensor, indices: Tensor, updates: Tensor) -> Tensor:
    """``npu_scatter_nd_update``: the same into a copy."""
    return scatter_nd_update_(x.clone(), indices, updates)


def scatter_pa_kv_cache(
    key: Tensor,
    value: Tensor,
    key_cache: Tensor,
    value_cache: Tensor,
    slot_mapping: Tensor,
    *,
    compress_lens: Tensor | None = None,
    compress_seq_offsets: Tensor | None = None,
    seq_lens: Tensor | None = None,
    cache_mode: str | None = "PA_NZ",
) -> None:
    """``npu_scatter_pa_kv_cache``: tokens [T, N, D] into slots of caches in pages.

    Caches are [blocks, size, N, D] in mode Norm, [blocks, N D / 16, size, 16] in PA_NZ (32 in place
    of 16 for int8).
    """
    if any(given is not None for given in (compress_lens, compress_seq_offsets, seq_lens)):
        raise NotEmulatedError("torch_npu.npu_scatter_pa_kv_cache of compressed keys")
    for tokens, cache in ((key, key_cache), (value, value_cache)):
        rows_first = cache.transpose(1, 2) if cache_mode == "PA_NZ" else cache
        write_slots(rows_first, slot_mapping, tokens)


def kv_rmsnorm_rope_cache(
    kv: Tensor,
    gamma: Tensor,
    cos: Tensor,
    sin: Tensor,
    index: Tensor,
    k_cache: Tensor,
    ckv_cache: Tensor,
    *,
    epsilon: float = 1e-5,
    cache_mode: str = "Norm",
    is_output_kv: bool = False,
    **others: Tensor | None,
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """``npu_kv_rmsnorm_rope_cache``: the norm of one part into a cache, the rotated other into one.

    Both caches come back, and what was written into them if it is asked for.
    """
    asked = [name for name, given in others.items() if given is not None]
    if asked or cache_mode not in {"Norm", "PA", "PA_BNSD"}:
        reason = ", ".join([*asked, f"cache_mode={cache_mode}"])
        raise NotEmulatedError(f"torch_npu.npu_kv_rmsnorm_rope_cache with {reason}")
    compressed, rotary = kv[..., : gamma.size(0)], kv[..., gamma.size(0) :]
    normalised, _ = rms_norm(compressed, gamma, epsilon)
    rotated = interleave_rope(rotary, cos, sin)
    for cache, written in ((k_cache, rotated), (ckv_cache, normalised)):
        if cache_mode == "Norm":
            _write_positions(cache, index, written)
        else:
            write_slots(cache, index.flatten(), written.flatten(0, 2))
    if is_output_kv:
        return k_cache, ckv_cache, rotated, normalised
    return k_cache, ckv_cache, torch.empty_like(rotated), torch.empty_like(normalised)


def write_slots(cache: Tensor, slots: Tensor, tokens: Tensor) -> None:
    """Write tokens [T, ...] into a cache [blocks, size, ...]; a slot counts over all blocks."""
    there = slots >= 0
    block, within = slots[there] // cache.size(1), slots[there] % cache.size(1)
    cache[block.long(), within.long()] = tokens[there].reshape(-1, *cache.shape[2:])


def _write_positions(cache: Tensor, positions: Tensor, written: Tensor) -> None:
    """Write [B, 1, S, D] into a cache [B, 1, L, D] at positions [B, S]."""
    there = positions >= 0
    batch = torch.arange(positions.size(0), device=positions.device).unsqueeze(1)
    rows = batch.expand_as(positions)[there]
    cache[rows, 0, positions[there].long()] = written[:, 0][there]


PROVIDED: Final[dict[str, Callable[..., Any]]] = {
    "npu::npu_kv_rmsnorm_rope_cache": kv_rmsnorm_rope_cache,
    "npu::npu_scatter_nd_update": scatter_nd_update,
    "npu::npu_scatter_nd_update_": scatter_nd_update_,
    "npu::npu_scatter_pa_kv_cache": scatter_pa_kv_cache,
}
