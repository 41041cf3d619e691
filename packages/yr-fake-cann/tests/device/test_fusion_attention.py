"""Attention for training against torch's own, in float64 on the host."""

import math
from collections.abc import Callable
from typing import Any, Final

import pytest
import torch
import torch_npu
from attention import (
    BATCH,
    COMPRESSED,
    ENDS,
    HEADS,
    KEYS,
    LENGTHS,
    QUERIES,
    RIGHT,
    SCALE,
    VARLEN,
    close,
    distance,
    fused,
    heads,
    packed,
    reference,
)

from yr_fake_cann.errors import NotEmulatedError, OperatorArgumentError

TO_LAYOUT: Final[dict[str, Callable[[torch.Tensor], torch.Tensor]]] = {
    "BNSD": lambda x: x,
    "BSND": lambda x: x.transpose(1, 2).contiguous(),
    "BSH": lambda x: x.transpose(1, 2).flatten(2),
    "SBH": lambda x: x.permute(2, 0, 1, 3).flatten(2),
}


@pytest.mark.parametrize("layout", TO_LAYOUT)
@pytest.mark.parametrize("key_heads", [HEADS, 2, 1])
def test_every_layout_gives_the_same(device: torch.device, layout: str, key_heads: int) -> None:
    """Results come in the layout of the queries, with one head of keys for several of queries."""
    query, key = heads(HEADS, QUERIES), heads(key_heads, KEYS)
    value = heads(key_heads, KEYS)
    to_layout = TO_LAYOUT[layout]

    result = fused(device, *map(to_layout, (query, key, value)), input_layout=layout.lower())

    close(result[0], to_layout(reference(query, key, value)))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_computes_in_float32(device: torch.device, dtype: torch.dtype) -> None:
    """The result is the float32 one, rounded; statistics are float32."""
    tensors = [heads(HEADS, length).to(dtype) for length in (QUERIES, KEYS, KEYS)]

    result, maximum, *_ = fused(device, *tensors)

    assert (result.dtype, maximum.dtype) == (dtype, torch.float32)
    expected, *_ = fused(device, *(x.float() for x in tensors))
    assert torch.equal(result, expected.to(dtype))


def test_statistics_are_those_of_the_softmax(device: torch.device) -> None:
    """Maximum and sum of each query come eight times; the rest is empty or counts."""
    query, key, value = heads(HEADS, QUERIES), heads(HEADS, KEYS), heads(HEADS, KEYS)

    _, maximum, total, nothing, seed, offset, pairs = fused(device, query, key, value)

    scores = query.double() @ key.double().transpose(-1, -2) * SCALE
    assert maximum.shape == total.shape == (BATCH, HEADS, QUERIES, 8)
    close(maximum, scores.amax(-1, keepdim=True).expand(-1, -1, -1, 8))
    close(maximum[..., 0] + total[..., 0].log(), scores.logsumexp(-1))
    assert nothing.numel() == 0
    assert (seed, offset, pairs) == (0, 0, BATCH * HEADS * QUERIES * KEYS)


SEEN: Final[dict[str, tuple[dict[str, Any], torch.Tensor]]] = {
    "default": ({"sparse_mode": 0}, distance(QUERIES, KEYS) <= 1),
    "default band": (
        {"sparse_mode": 0, "pre_tockens": 2, "next_tockens": 1},
        (distance(QUERIES, KEYS) <= 1) & (distance(QUERIES, KEYS) >= -2),
    ),
    "all": ({"sparse_mode": 1, "next_tockens": 0}, distance(QUERIES, KEYS) <= 1),
    "left up causal": ({"sparse_mode": 2}, distance(QUERIES, KEYS) <= 0),
    "right down causal": ({"sparse_mode": 3}, distance(QUERIES, KEYS) <= RIGHT),
    "band": (
        {"sparse_mode": 4, "pre_tockens": 3, "next_tockens": 1},
        (distance(QUERIES, KEYS) <= RIGHT + 1) & (distance(QUERIES, KEYS) >= RIGHT - 3),
    ),
    "prefix": (
        {"sparse_mode": 6, "prefix": [4, 7]},
        (distance(QUERIES, KEYS) <= RIGHT)
        | (torch.arange(KEYS) < torch.tensor([4, 7]).view(2, 1, 1, 1)),
    ),
}


@pytest.mark.parametrize("mode", SEEN)
def test_every_sparse_mode_hides_what_it_says(device: torch.device, mode: str) -> None:
    """Modes with a full mask hide it, those with a constant one what they are named after."""
    options, seen = SEEN[mode]
    full = distance(QUERIES, KEYS) > 1
    below = torch.ones(1024, 2048, dtype=torch.bool)
    masks = {0: full, 1: full, 6: torch.cat((COMPRESSED, below))}
    mask = masks.get(options["sparse_mode"], COMPRESSED)
    tensors = heads(HEADS, QUERIES), heads(HEADS, KEYS), heads(HEADS, KEYS)

    result, *_ = fused(device, *tensors, atten_mask=mask, **options)

    close(result, reference(*tensors, seen=seen))


def test_without_a_mask_everything_takes_part(device: torch.device) -> None:
    """Modes and bands mean nothing then."""
    tensors = heads(HEADS, QUERIES), heads(HEADS, KEYS), heads(HEADS, KEYS)

    result, *_ = fused(device, *tensors, sparse_mode=3, pre_tockens=1, next_tockens=0)

    close(result, reference(*tensors))


def test_a_query_that_sees_nothing_gets_zeros(device: torch.device) -> None:
    """Its statistics are the lowest and the highest float32, and gradients stay finite."""
    tensors = heads(HEADS, QUERIES), heads(HEADS, KEYS), heads(HEADS, KEYS)
    mask = torch.zeros(QUERIES, KEYS, dtype=torch.uint8)
    mask[2] = 1

    result, maximum, total, *_ = fused(device, *tensors, atten_mask=mask, sparse_mode=1)

    limits = torch.finfo(torch.float32)
    assert result[:, :, 2].abs().max() == 0
    assert (maximum[0, 0, 2, 0], total[0, 0, 2, 0]) == (limits.min, limits.max)
    close(result[:, :, :2], reference(tensors[0][:, :, :2], *tensors[1:]))


@pytest.mark.parametrize(("pse_type", "scale_of_bias"), [(1, SCALE), (0, 1.0)])
def test_a_bias_is_added_before_or_after_the_scale(
    device: torch.device, pse_type: int, scale_of_bias: float
) -> None:
    """Type 1 adds first, type 0 scales first."""
    tensors = heads(HEADS, QUERIES), heads(HEADS, KEYS), heads(HEADS, KEYS)
    bias = torch.randn(1, HEADS, QUERIES, KEYS)
    placed = [x.to(device) for x in tensors]

    result, *_ = torch_npu.npu_fusion_attention_v2(
        *placed, HEADS, "BNSD", pse=bias.to(device), pse_type=pse_type, scale=SCALE
    )

    close(result, reference(*tensors, seen=bias.double() * scale_of_bias))


@pytest.mark.parametrize("pse_type", [2, 3])
def test_slopes_bias_by_the_distance(device: torch.device, pse_type: int) -> None:
    """The bias is minus the slope times the distance, or its root, of the uncut sequence."""
    tensors = [heads(HEADS, KEYS) for _ in range(3)]
    slopes = torch.rand(HEADS)

    result, *_ = torch_npu.npu_fusion_attention_v2(
        *(x.to(device) for x in tensors),
        *(HEADS, "BNSD"),
        pse=slopes.to(device),
        pse_type=pse_type,
        scale=SCALE,
        q_start_idx=[5],
    )

    away = (distance(KEYS, KEYS) - 5).abs().double()
    bias = -slopes.double().view(-1, 1, 1) * (away if pse_type == 2 else away.sqrt())
    close(result, reference(*tensors, seen=bias))


def test_a_sink_takes_a_share_of_the_weights(device: torch.device) -> None:
    """It counts as a key whose value is 0."""
    tensors = heads(HEADS, QUERIES), heads(HEADS, KEYS), heads(HEADS, KEYS)
    sink = torch.randn(HEADS)

    result, *_ = fused(device, *tensors, sink=sink)

    scores = tensors[0].double() @ tensors[1].double().transpose(-1, -2) * SCALE
    with_sink = torch.cat((scores, sink.double().view(1, -1, 1, 1).expand(2, -1, QUERIES, 1)), -1)
    close(result, with_sink.softmax(-1)[..., :-1] @ tensors[2].double())


def of_each_sequence(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    seen: Callable[[int, int, int], torch.Tensor],
) -> torch.Tensor:
    """Return the reference of TND tensors, a sequence after the other."""
    results = []
    for index, (rows, columns) in enumerate(LENGTHS):
        first, begin = ENDS[0][index] - rows, ENDS[1][index] - columns
        chosen = (query[first : first + rows], key[begin : begin + columns])
        tensors = (*chosen, value[begin : begin + columns])
        of_one = reference(*(x.transpose(0, 1) for x in tensors), seen=seen(index, rows, columns))
        results.append(of_one.transpose(0, 1))
    return torch.cat(results)


def causal(_index: int, rows: int, columns: int) -> torch.Tensor:
    """Return what the lower right triangle sees."""
    return distance(rows, columns) <= columns - rows


def cut_at_the_end(index: int, rows: int, columns: int) -> torch.Tensor:
    """Return what mode 7 sees with next_tockens=-1: the last sequence is a band."""
    return distance(rows, columns) <= columns - rows - (index == 2)


def cut_at_the_start(index: int, rows: int, columns: int) -> torch.Tensor:
    """Return what mode 8 sees with next_tockens=1: the first sequence is a band."""
    return distance(rows, columns) <= (columns - rows + 1 if index == 0 else 0)


@pytest.mark.parametrize(
    ("options", "seen"),
    [
        ({"sparse_mode": 3}, causal),
        ({"sparse_mode": 7, "pre_tockens": 6, "next_tockens": -1}, cut_at_the_end),
        ({"sparse_mode": 8, "pre_tockens": 6, "next_tockens": 1}, cut_at_the_start),
    ],
    ids=["causal", "cut at the end", "cut at the start"],
)
def test_sequences_of_several_lengths_stay_apart(
    device: torch.device, options: dict[str, Any], seen: Callable[[int, int, int], torch.Tensor]
) -> None:
    """Each sequence of TND attends to its own keys, also where one is empty."""
    query, key, value = packed(HEADS, 0), packed(2, 1), packed(2, 1)

    result, *_ = fused(device, query, key, value, atten_mask=COMPRESSED, **VARLEN, **options)

    close(result, of_each_sequence(query, key, value, seen))


def test_zeros_at_the_end_of_lengths_name_no_sequence(device: torch.device) -> None:
    """What lies behind the last sequence gets zeros."""
    query, key, value = packed(HEADS, 0), packed(HEADS, 1), packed(HEADS, 1)
    lengths = {"actual_seq_qlen": [3, 0, 0], "actual_seq_kvlen": [4, 0, 0]}

    result, *_ = fused(device, query, key, value, input_layout="TND", **lengths)

    expected = reference(*(x.transpose(0, 1) for x in (query[:3], key[:4], value[:4])))
    close(result[:3], expected.transpose(0, 1))
    assert result[3:].abs().max() == 0


@pytest.mark.parametrize("softmax_layout", ["", "TND"])
def test_statistics_of_sequences_have_heads_first_unless_told(
    device: torch.device, softmax_layout: str
) -> None:
    """By default each sequence has all positions of its first head, then of its second."""
    query, key = packed(HEADS, 0), packed(HEADS, 1)

    _, maximum, *_ = fused(
        device, query, key, packed(HEADS, 1), softmax_layout=softmax_layout, **VARLEN
    )

    first = query[:3].transpose(0, 1) @ key[:4].permute(1, 2, 0) * SCALE
    expected = first.amax(-1)  # [N, S]
    ours = maximum[:3, :, 0].cpu()
    torch.testing.assert_close(ours if softmax_layout else ours.view(HEADS, 3).T, expected.T)


def test_dropout_follows_the_seed_of_the_device(device: torch.device) -> None:
    """The same seed drops the same weights; the next call drops others."""
    tensors = heads(HEADS, QUERIES), heads(HEADS, KEYS), heads(HEADS, KEYS)

    def twice() -> list[torch.Tensor]:
        torch.npu.manual_seed_all(3)  # type: ignore[attr-defined]
        return [fused(device, *tensors, keep_prob=0.5)[0] for _ in range(2)]

    first, second = twice(), twice()
    assert torch.equal(first[0], second[0])
    assert not torch.equal(first[0], first[1])


def test_dropped_weights_are_replaced_in_expectation(device: torch.device) -> None:
    """The mean over many draws is the result without dropout."""
    query, key, value = (torch.randn(1, 1, n, 2) for n in (1, 4, 4))
    many = [x.expand(4000, -1, -1, -1).contiguous() for x in (query, key, value)]

    dropped, *_ = fused(device, *many, head_num=1, keep_prob=0.5)

    kept = reference(query, key, value)
    spread = dropped.std().item() / math.sqrt(4000)
    assert (dropped.mean(0).cpu() - kept[0]).abs().max().item() < 6 * spread


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"input_layout": "BNDS"}, "input_layout 'BNDS' is none of BSH"),
        ({"input_layout": "BSH"}, "query has 4 dimensions, BSH has 3"),
        ({"keep_prob": 0.0}, r"keep_prob is in \(0, 1\]"),
        ({"sparse_mode": 7}, "sparse_mode 7 does not exist with BNSD"),
        ({"head_num": 3}, "head_num is 3, query has 4 heads"),
        ({"sink": torch.zeros(3)}, r"sink has shape \(3,\), not \(4,\)"),
        (
            {"sparse_mode": 3, "atten_mask": torch.ones(QUERIES, KEYS, dtype=torch.bool)},
            "sparse_mode 3 ends in 2048 x 2048, not in 6 x 9",
        ),
        ({"pse": torch.zeros(1, 4, 3, KEYS)}, "does not end in 6 or 1 x 9"),
        ({"pse": torch.zeros(3, 4, 6, KEYS)}, r"pse has shape \(3, 4, 6, 9\), which fits neither"),
        ({"atten_mask": torch.zeros(QUERIES, KEYS)}, "atten_mask is of bool or uint8"),
        (
            {"atten_mask": torch.zeros(BATCH, QUERIES, KEYS, dtype=torch.bool)},
            "atten_mask has shape",
        ),
        ({"sparse_mode": 6, "atten_mask": COMPRESSED, "prefix": [1]}, "a prefix for each of 2"),
    ],
)
def test_wrong_arguments_say_what_is_wrong(
    device: torch.device, options: dict[str, Any], reason: str
) -> None:
    """The error names the operator, the argument and what it should have been."""
    tensors = heads(HEADS, QUERIES), heads(HEADS, KEYS), heads(HEADS, KEYS)

    with pytest.raises(OperatorArgumentError, match=reason) as raised:
        fused(device, *tensors, **options)

    assert raised.value.operator == "torch_npu.npu_fusion_attention"


@pytest.mark.parametrize(
    ("ends", "reason"),
    [([5, 3, 8], "never fall"), ([3, 3, 9], "the last sequence ends at 9, of 8 rows")],
)
def test_ends_that_cannot_be_are_refused(
    device: torch.device, ends: list[int], reason: str
) -> None:
    """Lengths in place of ends show, unless they grow."""
    tensors = packed(HEADS, 0), packed(HEADS, 1), packed(HEADS, 1)

    with pytest.raises(OperatorArgumentError, match=reason):
        fused(device, *tensors, **{**VARLEN, "actual_seq_qlen": ends})


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_the_callers_autocast_changes_nothing(device: torch.device, dtype: torch.dtype) -> None:
    """An operator computes as it is defined, whatever its caller does with matrix products."""
    tensors = heads(HEADS, QUERIES), heads(HEADS, KEYS), heads(HEADS, KEYS)
    options = {"atten_mask": COMPRESSED, "sparse_mode": 3}

    expected, *_ = fused(device, *tensors, **options)
    with torch.autocast("npu", dtype=dtype):
        found, *_ = fused(device, *tensors, **options)

    assert torch.equal(found, expected)


def test_tensors_of_the_host_are_refused(device: torch.device) -> None:
    """As by every kernel, with the operator's name."""
    query = heads(HEADS, QUERIES)

    with pytest.raises(RuntimeError, match=r"same device.*npu_fusion_attention"):
        torch_npu.npu_fusion_attention(query.to(device), query, query, HEADS, "BNSD")


def test_an_error_inside_names_the_operator(device: torch.device) -> None:
    """Also where the definition itself found nothing wrong."""
    tensors = heads(HEADS, QUERIES), heads(HEADS, KEYS), heads(HEADS, KEYS + 1)

    with pytest.raises(
        OperatorArgumentError, match=r"torch_npu\.npu_fusion_attention: RuntimeError"
    ):
        fused(device, *tensors)


def test_dtypes_that_no_npu_has_are_refused(device: torch.device) -> None:
    """float64 is one, and so are two that differ."""
    query, key, value = heads(HEADS, QUERIES), heads(HEADS, KEYS), heads(HEADS, KEYS)

    with pytest.raises(OperatorArgumentError, match=r"not torch\.float64"):
        fused(device, query.double(), key.double(), value.double())
    with pytest.raises(OperatorArgumentError, match=r"one dtype"):
        fused(device, query, key.half(), value)


def test_a_mask_of_dropout_is_not_emulated(device: torch.device) -> None:
    """Its bits have an order that nobody documents."""
    tensors = heads(HEADS, QUERIES), heads(HEADS, KEYS), heads(HEADS, KEYS)

    with pytest.raises(NotEmulatedError, match="dropout_mask"):
        fused(device, *tensors, dropout_mask=torch.zeros(4, dtype=torch.uint8))
