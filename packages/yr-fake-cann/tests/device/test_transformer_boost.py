"""Operators of Ascend Transformer Boost: provided by their definition, or refused by name."""

import sys

import pytest
import torch
import torch_npu
from attention import BATCH, HEADS, KEYS, SCALE, WIDTH, close, distance, heads, reference

from yr_fake_cann.errors import NotEmulatedError

BLOCKS, SIZE, KEY_HEADS = 8, 4, 2


def test_a_step_reads_what_was_cached(device: torch.device) -> None:
    """Tokens are written into slots of pages and found by the table, as vLLM-Ascend does."""
    key, value = heads(KEY_HEADS, KEYS), heads(KEY_HEADS, KEYS)
    query, lengths = torch.randn(BATCH, HEADS, WIDTH), (7, 9)
    caches = [torch.zeros(BLOCKS, SIZE, KEY_HEADS, WIDTH, device=device) for _ in range(2)]
    table = torch.tensor([[5, 1, 7], [0, 2, 4]], dtype=torch.int32, device=device)
    for batch, length in enumerate(lengths):
        places = torch.arange(length)
        slots = table.cpu()[batch][places // SIZE] * SIZE + places % SIZE
        tokens = (x[batch, :, :length].transpose(0, 1).to(device) for x in (key, value))
        torch_npu._npu_reshape_and_cache(*tokens, *caches, slots.int().to(device))
    out = torch.empty(BATCH, HEADS, WIDTH, device=device)

    torch_npu._npu_paged_attention(
        query=query.to(device),
        key_cache=caches[0],
        value_cache=caches[1],
        num_kv_heads=KEY_HEADS,
        num_heads=HEADS,
        scale_value=SCALE,
        block_table=table,
        context_lens=torch.tensor(lengths),
        out=out,
    )

    for batch, length in enumerate(lengths):
        one = query[batch].unsqueeze(1), key[batch, :, :length], value[batch, :, :length]
        close(out[batch], reference(*one).squeeze(1))


def test_prompts_are_masked_by_what_is_added(device: torch.device) -> None:
    """One after the other; without a mask everything is seen."""
    query, key, value = (torch.randn(5, HEADS, WIDTH) for _ in range(3))
    lengths, out = torch.tensor([2, 3], dtype=torch.int32), torch.empty(5, HEADS, WIDTH)
    mask = torch.full((4, 4), -10000.0).triu(1)
    placed = [x.to(device) for x in (query, key, value)]
    masked, seen = out.to(device), out.to(device)

    torch_npu._npu_flash_attention(*placed, mask.to(device), lengths, SCALE, HEADS, HEADS, masked)
    torch_npu._npu_flash_attention_unpad(*placed, lengths, SCALE, HEADS, HEADS, seen)

    last = [x[2:].transpose(0, 1) for x in (query, key, value)]
    close(masked[2:], reference(*last, seen=distance(3, 3) <= 0).transpose(0, 1))
    close(seen[2:], reference(*last).transpose(0, 1))


@pytest.mark.parametrize(
    ("module", "name"), [("torch_npu", "_npu_group_topk"), ("torch_npu.atb", "npu_ring_mla")]
)
def test_others_are_refused_by_name(module: str, name: str) -> None:
    """Not with the empty error of a library that is missing."""
    refused = getattr(sys.modules[module], name)

    with pytest.raises(NotEmulatedError, match=f"{module}.{name} of Ascend Transformer Boost"):
        refused()
