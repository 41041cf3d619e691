"""Rotary embeddings, and writes into caches of keys and values."""

import pytest
import torch
import torch_npu

from yr_fake_cann.errors import NotEmulatedError

BLOCKS, SIZE, HEADS, WIDTH = 3, 4, 2, 16
SLOTS = (5, -1, 0, 11)


def rotated(x: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor) -> torch.Tensor:
    """Return x cos + (halves swapped, the second negated) sin."""
    half = x.size(-1) // 2
    return x * cos + torch.cat((-x[..., half:], x[..., :half]), -1) * sin


def test_places_are_written_in_place_or_in_a_copy(device: torch.device) -> None:
    """The last dimension of the indices names the place."""
    cache = torch.zeros(4, 3, 2, device=device)
    indices = torch.tensor([[0, 1], [3, 2]], dtype=torch.int32, device=device)
    updates = torch.ones(2, 2, device=device)

    copied = torch_npu.npu_scatter_nd_update(cache, indices, updates)
    assert cache.abs().max() == 0
    same = torch_npu.npu_scatter_nd_update_(cache, indices, updates)

    assert same.data_ptr() == cache.data_ptr()
    assert torch.equal(copied, cache)
    assert cache.any(-1).nonzero().tolist() == [[0, 1], [3, 2]]


@pytest.mark.parametrize("mode", ["Norm", "PA_NZ"])
def test_tokens_go_to_their_slots(device: torch.device, mode: str) -> None:
    """A slot counts over all blocks, -1 is not written; both layouts hold the same."""
    key, value = (torch.randn(len(SLOTS), HEADS, WIDTH, device=device) for _ in range(2))
    shape = (BLOCKS, SIZE, HEADS, WIDTH)
    if mode == "PA_NZ":
        shape = (BLOCKS, HEADS * WIDTH // 16, SIZE, 16)
    caches = [torch.zeros(shape, device=device) for _ in range(2)]
    slots = torch.tensor(SLOTS, dtype=torch.int32, device=device)

    torch_npu.npu_scatter_pa_kv_cache(key, value, *caches, slots, cache_mode=mode)

    for cache, tokens in zip(caches, (key, value), strict=True):
        rows = cache.transpose(1, 2) if mode == "PA_NZ" else cache
        flat = rows.reshape(BLOCKS * SIZE, HEADS, WIDTH)
        expected = torch.zeros_like(flat)
        expected[[5, 0, 11]] = tokens[[0, 2, 3]]
        assert torch.equal(flat, expected)


@pytest.mark.parametrize("mode", ["Norm", "PA"])
def test_a_norm_and_a_rotation_are_cached(device: torch.device, mode: str) -> None:
    """As latent attention keeps them: one part normalised, the other rotated."""
    kv = torch.randn(2, 1, 3, 12 + 4, device=device)
    gamma, cos, sin = (torch.randn(n, device=device) for n in (12, 4, 4))
    places = [[0, 2, -1], [5, 4, 3]]
    length = 6
    shape = (2, 1, length) if mode == "Norm" else (2, length, 1)
    caches = torch.zeros(*shape, 4, device=device), torch.zeros(*shape, 12, device=device)
    index = torch.tensor(places, device=device)

    results = torch_npu.npu_kv_rmsnorm_rope_cache(
        *(kv, gamma, cos.view(1, 1, 1, 4), sin.view(1, 1, 1, 4)),
        *(index if mode == "Norm" else index.flatten(), *caches),
        cache_mode=mode,
        is_output_kv=True,
    )

    apart = torch.cat((kv[..., 12::2], kv[..., 13::2]), -1)
    expected = rotated(apart, cos, sin), torch_npu.npu_rms_norm(kv[..., :12], gamma, 1e-5)[0]
    for cache, result, written in zip(caches, results[2:], expected, strict=True):
        torch.testing.assert_close(result, written)
        flat = cache.reshape(2, length, -1)
        tokens = written[:, 0]
        at_two = (0, 2)
        assert torch.equal(flat[at_two], tokens[0, 1])
        assert torch.equal(flat[(1, 4) if mode == "Norm" else (0, 4)], tokens[1, 1])
        assert (flat.abs().sum(-1) > 0).sum() == 5


def test_rotary_embeddings_change_queries_and_keys(device: torch.device) -> None:
    """In place, and interleaved pairs come apart where the operator says so."""
    query, key = (torch.randn(1, 3, n, WIDTH, device=device) for n in (4, 2))
    cos, sin = (torch.randn(1, 3, 1, WIDTH, device=device) for _ in range(2))
    expected = rotated(query, cos, sin), rotated(key, cos, sin)

    results = torch_npu.npu_apply_rotary_pos_emb(query, key, cos, sin)
    interleaved = torch_npu.npu_interleave_rope(query, cos, sin)

    for result, given, wanted in zip(results, (query, key), expected, strict=True):
        assert result.data_ptr() == given.data_ptr()
        torch.testing.assert_close(given, wanted)
    apart = torch.cat((query[..., 0::2], query[..., 1::2]), -1)
    torch.testing.assert_close(interleaved, rotated(apart, cos, sin))


def test_other_caches_are_not_emulated(device: torch.device) -> None:
    """The error names what was asked for."""
    tensors = [torch.zeros(1, 1, 1, 4, device=device) for _ in range(7)]

    with pytest.raises(NotEmulatedError, match="cache_mode=PA_NZ"):
        torch_npu.npu_kv_rmsnorm_rope_cache(*tensors, cache_mode="PA_NZ")
