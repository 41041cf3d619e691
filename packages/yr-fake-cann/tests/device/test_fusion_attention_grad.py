"""Gradients of attention, by autograd and by the operator for those who call it themselves."""

import torch
import torch_npu
from attention import (
    COMPRESSED,
    HEADS,
    KEYS,
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


def leaves(*tensors: torch.Tensor) -> list[torch.Tensor]:
    """Return copies that gradients flow to."""
    return [x.detach().clone().requires_grad_() for x in tensors]


def test_gradients_are_those_of_the_definition(device: torch.device) -> None:
    """Queries, grouped keys and values, and a causal mask, through autograd."""
    tensors = heads(HEADS, QUERIES), heads(2, KEYS), heads(2, KEYS)
    ours, theirs = leaves(*(x.to(device) for x in tensors)), leaves(*tensors)
    grad = heads(HEADS, QUERIES)

    result, *_ = fused(device, *ours, atten_mask=COMPRESSED, sparse_mode=3)
    torch.autograd.backward(result, grad.to(device))
    seen = distance(QUERIES, KEYS) <= RIGHT
    torch.autograd.backward(reference(*theirs, seen=seen), grad.double())

    for one, other in zip(ours, theirs, strict=True):
        assert one.grad is not None
        assert other.grad is not None
        close(one.grad, other.grad)


def test_the_operator_of_gradients_gives_what_autograd_gives(device: torch.device) -> None:
    """Dropout included: seed and offset of the forward pass drop the same weights."""
    tensors = leaves(
        *(x.to(device) for x in (heads(HEADS, QUERIES), heads(2, KEYS), heads(2, KEYS)))
    )
    grad, bias = heads(HEADS, QUERIES).to(device), torch.randn(1, HEADS, QUERIES, KEYS)
    options = {"keep_prob": 0.5, "pse": bias.to(device)}

    result, maximum, total, _, seed, offset, pairs = fused(device, *tensors, **options)
    torch.autograd.backward(result, grad)
    found = torch_npu.npu_fusion_attention_grad(
        *(x.detach() for x in tensors),
        *(grad, HEADS, "BNSD"),
        **{"scale_value": SCALE, "softmax_max": maximum, "softmax_sum": total, **options},
        attention_in=result,
        seed=seed,
        offset=offset,
        numels=pairs,
    )

    assert offset or seed
    for one, tensor in zip(found, tensors, strict=False):
        assert tensor.grad is not None
        close(one, tensor.grad)
    assert found[3].shape == bias.shape


def test_gradients_of_sequences_are_placed_where_they_lie(device: torch.device) -> None:
    """The operator of gradients reads TND statistics as the forward pass writes them."""
    shapes = packed(HEADS, 0), packed(2, 1), packed(2, 1)
    tensors = leaves(*(x.to(device) for x in shapes))
    grad = packed(HEADS, 0).to(device)

    result, maximum, total, *_ = fused(device, *tensors, **VARLEN)
    torch.autograd.backward(result, grad)
    found = torch_npu.npu_fusion_attention_grad(
        *(x.detach() for x in tensors),
        **{"dy": grad, "head_num": HEADS, "scale_value": SCALE, "attention_in": result, **VARLEN},
        softmax_max=maximum,
        softmax_sum=total,
    )

    for one, tensor in zip(found, tensors, strict=False):
        assert tensor.grad is not None
        close(one, tensor.grad)


def test_parts_of_the_keys_have_their_share_of_the_gradients(device: torch.device) -> None:
    """As in ring attention: the softmax is over all keys, each part is asked for its own."""
    query, key, value = (x.to(device) for x in (heads(HEADS, 6), heads(HEADS, 8), heads(HEADS, 8)))
    grad = heads(HEADS, 6).to(device)
    result, maximum, total, *_ = fused(device, query, key, value)

    def share(part: slice) -> tuple[torch.Tensor, ...]:
        found: tuple[torch.Tensor, ...] = torch_npu.npu_fusion_attention_grad(
            *(query, key[:, :, part], value[:, :, part], grad, HEADS, "BNSD"),
            softmax_max=maximum,
            softmax_sum=total,
            attention_in=result,
            scale_value=SCALE,
        )
        return found

    whole, first, second = share(slice(None)), share(slice(0, 3)), share(slice(3, None))
    close(first[0] + second[0], whole[0])
    close(torch.cat((first[1], second[1]), 2), whole[1])


def test_rotary_parts_widen_queries_and_keys(device: torch.device) -> None:
    """Version 2 adds their products to the scores, and has gradients for them."""
    query, key, value = (packed(HEADS, which).to(device) for which in (0, 1, 1))
    query_rope, key_rope = (packed(HEADS, which)[..., :4].to(device) for which in (0, 1))
    rope = {"query_rope": query_rope, "key_rope": key_rope}

    apart, maximum, total, *_ = torch_npu.npu_fusion_attention_v2(
        query, key, value, HEADS, **VARLEN, **rope
    )
    widened = torch.cat((query, query_rope), -1), torch.cat((key, key_rope), -1)
    together, *_ = torch_npu.npu_fusion_attention_v2(*widened, value, HEADS, **VARLEN)
    found = torch_npu.npu_fusion_attention_grad_v2(
        *(query, key, value, torch.ones_like(query), HEADS),
        **{"softmax_max": maximum, "softmax_sum": total, "attention_in": apart, **VARLEN, **rope},
    )

    assert torch.equal(apart, together)
    assert [g.shape for g in found[:6]] == [
        *(query.shape, key.shape, value.shape, torch.Size([0])),
        *(query_rope.shape, key_rope.shape),
    ]


def test_slopes_have_no_gradient(device: torch.device) -> None:
    """Version 2 with positions from slopes: for each sequence or for all, forward and backward."""
    tensors = [packed(HEADS, which).to(device) for which in (0, 0, 0)]
    ends = {"actual_seq_qlen": [3, 8], "actual_seq_kvlen": [3, 8], "input_layout": "TND"}
    slopes = torch.rand(2, HEADS, device=device)
    options = {"pse": slopes, "pse_type": 2, **ends}

    result, maximum, total, *_ = torch_npu.npu_fusion_attention_v2(*tensors, HEADS, **options)
    found = torch_npu.npu_fusion_attention_grad_v2(
        *(*tensors, torch.ones_like(result), HEADS),
        **{"softmax_max": maximum, "softmax_sum": total, "attention_in": result, **options},
    )

    alone, *_ = torch_npu.npu_fusion_attention_v2(
        *(x[3:] for x in tensors),
        HEADS,
        pse=slopes[1:],
        pse_type=2,
        input_layout="TND",
        actual_seq_qlen=[5],
        actual_seq_kvlen=[5],
    )
    close(result[3:], alone)
    assert found[3].numel() == 0


def test_version_3_gives_what_its_gradient_takes(device: torch.device) -> None:
    """Seed and offset are tensors of the host, one element each."""
    tensors = leaves(*(heads(HEADS, n).to(device) for n in (QUERIES, KEYS, KEYS)))
    grad = heads(HEADS, QUERIES).to(device)

    result, maximum, total, _, seed, offset = torch_npu.npu_fusion_attention_v3(
        *tensors, HEADS, "BNSD", keep_prob=0.5
    )
    torch.autograd.backward(result, grad)
    found = torch_npu.npu_fusion_attention_grad_v3(
        *(*(x.detach() for x in tensors), grad, HEADS, "BNSD"),
        softmax_max=maximum,
        softmax_sum=total,
        attention_in=result,
        keep_prob=0.5,
        seed=seed,
        offset=offset,
    )

    for one, tensor in zip(found, tensors, strict=False):
        assert tensor.grad is not None
        close(one, tensor.grad)
