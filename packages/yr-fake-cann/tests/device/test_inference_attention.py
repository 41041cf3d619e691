"""Attention for inference against torch's own, in float64 on the host."""

from collections.abc import Callable
from typing import Any, Final

import pytest
import torch
import torch_npu
from attention import (
    BATCH,
    COMPRESSED,
    HEADS,
    KEYS,
    QUERIES,
    RIGHT,
    SCALE,
    WIDTH,
    close,
    distance,
    heads,
    reference,
)

from yr_fake_cann.errors import NotEmulatedError, OperatorArgumentError

SIZE: Final = 4  # tokens in a page
LENGTHS: Final = (7, 9)
KEY_HEADS: Final = 2


def fused(device: torch.device, *tensors: torch.Tensor, **options: Any) -> tuple[Any, ...]:
    """Return result and logarithms of sums of tensors, in BNSD unless another layout is named."""
    placed = {n: v.to(device) if isinstance(v, torch.Tensor) else v for n, v in options.items()}
    settings: dict[str, Any] = {"num_heads": HEADS, "scale": SCALE, "input_layout": "BNSD"}
    result: tuple[Any, ...] = torch_npu.npu_fused_infer_attention_score(
        *(x.to(device) for x in tensors), **(settings | placed)
    )
    return result


def three(key_heads: int = HEADS) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return random queries, keys and values in BNSD."""
    return heads(HEADS, QUERIES), heads(key_heads, KEYS), heads(key_heads, KEYS)


def rows_first(x: torch.Tensor) -> torch.Tensor:
    """Return BNSD heads in BSND."""
    return x.transpose(1, 2).contiguous()


@pytest.mark.parametrize(
    ("layout", "give", "take"),
    [
        ("BNSD", lambda x: x, lambda x: x),
        ("BSND", rows_first, rows_first),
        ("BSH", lambda x: rows_first(x).flatten(2), lambda x: rows_first(x).flatten(2)),
        ("BNSD_BSND", lambda x: x, rows_first),
    ],
)
def test_every_layout_gives_the_same(
    device: torch.device,
    layout: str,
    give: Callable[[torch.Tensor], torch.Tensor],
    take: Callable[[torch.Tensor], torch.Tensor],
) -> None:
    """The second of two layouts is the result's; heads of keys may be fewer."""
    tensors = three(KEY_HEADS)

    result, _ = fused(
        device, *map(give, tensors), input_layout=layout, num_key_value_heads=KEY_HEADS
    )

    close(result, take(reference(*tensors)))


def test_lengths_cut_queries_and_keys(device: torch.device) -> None:
    """What lies behind the length of a query is zero."""
    query, key, value = three()

    result, _ = fused(
        device, query, key, value, actual_seq_lengths=[4, 6], actual_seq_lengths_kv=LENGTHS
    )

    close(result[:1, :, :4], reference(query[:1, :, :4], key[:1, :, :7], value[:1, :, :7]))
    close(result[1:], reference(query[1:], key[1:], value[1:]))
    assert result[0, :, 4:].abs().max() == 0


MASKS: Final[dict[str, tuple[dict[str, Any], torch.Tensor]]] = {
    "given": ({"atten_mask": distance(QUERIES, KEYS) > 1}, distance(QUERIES, KEYS) <= 1),
    "given for each": (
        {"atten_mask": (distance(QUERIES, KEYS) > 1).expand(BATCH, 1, -1, -1), "sparse_mode": 1},
        distance(QUERIES, KEYS) <= 1,
    ),
    "causal": ({"atten_mask": COMPRESSED, "sparse_mode": 2}, distance(QUERIES, KEYS) <= 0),
    "lower right": ({"atten_mask": COMPRESSED, "sparse_mode": 3}, distance(QUERIES, KEYS) <= RIGHT),
    "band": (
        {"atten_mask": COMPRESSED, "sparse_mode": 4, "pre_tokens": 3, "next_tokens": 1},
        (distance(QUERIES, KEYS) <= RIGHT + 1) & (distance(QUERIES, KEYS) >= RIGHT - 3),
    ),
}


@pytest.mark.parametrize("mode", MASKS)
def test_every_mask_hides_what_it_says(device: torch.device, mode: str) -> None:
    """1 is hidden; modes with a constant mask hide what they are named after."""
    options, seen = MASKS[mode]
    tensors = three()

    result, _ = fused(device, *tensors, **options)

    close(result, reference(*tensors, seen=seen))


def test_a_bias_is_added_after_the_scale(device: torch.device) -> None:
    """As large as the scores, one for all of a batch or one for each."""
    tensors, bias = three(), torch.randn(1, HEADS, QUERIES, KEYS)

    result, _ = fused(device, *tensors, pse_shift=bias)

    close(result, reference(*tensors, seen=bias.double()))


def test_logarithms_of_sums_come_if_asked_for(device: torch.device) -> None:
    """One for each query; else a single zero."""
    query, key, value = three()

    _, lse = fused(device, query, key, value, softmax_lse_flag=True)
    _, nothing = fused(device, query, key, value)

    scores = query.double() @ key.double().transpose(-1, -2) * SCALE
    close(lse, scores.logsumexp(-1, keepdim=True))
    assert nothing.tolist() == [0.0]


def paged(heads_of_keys: torch.Tensor, layout: str) -> tuple[torch.Tensor, torch.Tensor]:
    """Return a cache in a layout with its pages in disorder, and the page table."""
    pages = -(-KEYS // SIZE)
    padded = torch.nn.functional.pad(heads_of_keys, (0, 0, 0, pages * SIZE - KEYS), value=9.0)
    blocks = padded.unflatten(2, (pages, SIZE))  # type: ignore[no-untyped-call]
    cache = blocks.transpose(1, 2).flatten(0, 1)  # [blocks, N, size, D]
    order = torch.randperm(BATCH * pages)
    table = order.argsort().view(BATCH, pages).int()
    cache = cache[order]
    if layout == "rows":
        return cache.transpose(1, 2).flatten(2).contiguous(), table
    if layout == "NZ":
        return cache.unflatten(3, (-1, 16)).permute(0, 1, 3, 2, 4).contiguous(), table
    return cache.contiguous(), table


@pytest.mark.parametrize("layout", ["rows", "heads", "NZ"])
def test_keys_in_pages_are_found_by_the_table(device: torch.device, layout: str) -> None:
    """All three layouts of a cache; what lies behind the lengths is not read."""
    query = torch.randn(BATCH, HEADS, 1, 16)
    key, value = (torch.randn(BATCH, KEY_HEADS, KEYS, 16) for _ in range(2))
    torch.manual_seed(1)
    keys, table = paged(key, layout)
    torch.manual_seed(1)
    values, _ = paged(value, layout)

    result, _ = fused(
        *(device, query, keys, values),
        block_table=table,
        block_size=SIZE,
        actual_seq_lengths_kv=LENGTHS,
        num_key_value_heads=KEY_HEADS,
    )

    for batch, length in enumerate(LENGTHS):
        tensors = (query[batch], key[batch, :, :length], value[batch, :, :length])
        close(result[batch], _scaled_as(SCALE, *tensors))


def _scaled_as(scale: float, *tensors: torch.Tensor) -> torch.Tensor:
    query, key, value = (x.double() for x in tensors)
    group = query.size(0) // key.size(0)
    key, value = (x.repeat_interleave(group, 0) for x in (key, value))
    return (query @ key.transpose(-1, -2) * scale).softmax(-1) @ value


def test_a_step_of_several_sequences_reads_pages(device: torch.device) -> None:
    """As vLLM-Ascend calls it: TND queries by ends, paged keys by lengths, the lower right mask."""
    query = torch.randn(5, HEADS, WIDTH)
    key, value = heads(KEY_HEADS, KEYS), heads(KEY_HEADS, KEYS)
    torch.manual_seed(1)
    keys, table = paged(key, "rows")
    torch.manual_seed(1)
    values, _ = paged(value, "rows")

    result, lse = fused(
        *(device, query, keys, values),
        block_table=table,
        block_size=SIZE,
        actual_seq_lengths_kv=LENGTHS,
        num_key_value_heads=KEY_HEADS,
        sparse_mode=3,
        atten_mask=COMPRESSED,
        input_layout="TND",
        actual_seq_lengths=[2, 5],
        softmax_lse_flag=True,
    )

    assert lse.shape == (5, HEADS, 1)
    for batch, (rows, length) in enumerate(((slice(0, 2), 7), (slice(2, 5), 9))):
        tensors = (query[rows].transpose(0, 1), key[batch, :, :length], value[batch, :, :length])
        count = rows.stop - rows.start
        seen = distance(count, length) <= length - count
        close(result[rows], reference(*tensors, seen=seen).transpose(0, 1))


def test_sequences_of_keys_that_are_not_paged_have_ends(device: torch.device) -> None:
    """TND and NTD, and one into the other."""
    query, key, value = (torch.randn(n, HEADS, WIDTH) for n in (5, 8, 8))
    options = {"actual_seq_lengths": [2, 5], "actual_seq_lengths_kv": [3, 8]}

    result, _ = fused(device, query, key, value, input_layout="TND", **options)
    turned = (x.transpose(0, 1).contiguous() for x in (query, key, value))
    other, _ = fused(device, *turned, input_layout="NTD_TND", **options)

    first = reference(*(x.transpose(0, 1) for x in (query[:2], key[:3], value[:3])))
    close(result[:2], first.transpose(0, 1))
    assert torch.equal(result, other)


def test_rotary_parts_widen_queries_and_keys(device: torch.device) -> None:
    """Their products are added to the scores before the scale."""
    query, key, value = three()
    rope = heads(HEADS, QUERIES)[..., :4], heads(HEADS, KEYS)[..., :4]

    apart, _ = fused(device, query, key, value, query_rope=rope[0], key_rope=rope[1])
    together, _ = fused(
        device, torch.cat((query, rope[0]), -1), torch.cat((key, rope[1]), -1), value
    )

    assert torch.equal(apart, together)


def test_the_second_version_has_other_names_and_sinks(device: torch.device) -> None:
    """A sink takes a share of the weights."""
    tensors, sink = three(), torch.randn(HEADS)

    result, _ = torch_npu.npu_fused_infer_attention_score_v2(
        *(x.to(device) for x in tensors),
        num_query_heads=HEADS,
        softmax_scale=SCALE,
        input_layout="BNSD",
        learnable_sink=sink.to(device),
    )

    query, key, value = (x.double() for x in tensors)
    scores = query @ key.transpose(-1, -2) * SCALE
    with_sink = torch.cat((scores, sink.double().view(1, -1, 1, 1).expand(2, -1, QUERIES, 1)), -1)
    close(result, with_sink.softmax(-1)[..., :-1] @ value)


def test_the_operator_for_prompts_looks_back_only(device: torch.device) -> None:
    """Its next_tokens is 0 by default, which counts with a mask."""
    tensors = three()
    options = {"num_heads": HEADS, "scale_value": SCALE, "input_layout": "BNSD"}
    nothing = torch.zeros(QUERIES, KEYS, dtype=torch.bool, device=device)

    placed = [x.to(device) for x in tensors]
    masked = torch_npu.npu_prompt_flash_attention(*placed, atten_mask=nothing, **options)
    without = torch_npu.npu_prompt_flash_attention(*placed, **options)

    close(masked, reference(*tensors, seen=distance(QUERIES, KEYS) <= 0))
    close(without, reference(*tensors))


def test_the_operator_for_single_steps_has_lengths_of_keys(device: torch.device) -> None:
    """One query for each sequence, and a mask of keys."""
    query, key, value = heads(HEADS, 1), heads(HEADS, KEYS), heads(HEADS, KEYS)
    hidden = torch.zeros(BATCH, KEYS, dtype=torch.bool)
    hidden[:, 2] = True

    result = torch_npu.npu_incre_flash_attention(
        *(x.to(device) for x in (query, key, value)),
        num_heads=HEADS,
        scale_value=SCALE,
        input_layout="BNSD",
        actual_seq_lengths=list(LENGTHS),
        atten_mask=hidden.to(device),
    )

    for batch, length in enumerate(LENGTHS):
        seen = hidden[batch, :length].logical_not()
        tensors = (query[batch], key[batch, :, :length], value[batch, :, :length])
        close(result[batch], reference(*tensors, seen=seen))


@pytest.mark.parametrize("mode", [2, 3])
def test_a_single_query_sees_all_keys_whatever_the_mode(device: torch.device, mode: int) -> None:
    """The constant mask says nothing of it."""
    query, key, value = heads(HEADS, 1), heads(HEADS, KEYS), heads(HEADS, KEYS)

    result, _ = fused(device, query, key, value, sparse_mode=mode, atten_mask=COMPRESSED)

    close(result, reference(query, key, value))


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"input_layout": "BDSN"}, "input_layout 'BDSN' is not supported"),
        ({"input_layout": "TND"}, "query has 4 dimensions in TND"),
        ({"num_key_value_heads": 3}, "4 heads, 3 of keys"),
        ({"sparse_mode": 6}, "sparse_mode 6 is none of 0 to 4"),
        ({"atten_mask": torch.zeros(QUERIES, KEYS)}, "atten_mask is of bool, int8 or uint8"),
        ({"block_table": torch.zeros(2, 1, dtype=torch.int32)}, "needs the lengths of keys"),
    ],
)
def test_wrong_arguments_say_what_is_wrong(
    device: torch.device, options: dict[str, Any], reason: str
) -> None:
    """The error names the operator, the argument and what it should have been."""
    with pytest.raises(OperatorArgumentError, match=reason):
        fused(device, *three(), **options)


def test_quantised_keys_are_not_emulated(device: torch.device) -> None:
    """The error names the option."""
    scale = torch.ones(2, device=device)

    with pytest.raises(NotEmulatedError, match="with antiquant_scale"):
        fused(device, *three(), antiquant_scale=scale)
