"""Normalising layers, gates, losses, sampling, and merging of attention, by their definition."""

import pytest
import torch
import torch_npu
from attention import HEADS, SCALE, VARLEN, close, fused, heads, packed
from torch.nn import functional

from yr_fake_cann.errors import NotEmulatedError


def test_group_norm_and_silu(device: torch.device) -> None:
    """The result, and the statistics of each group."""
    x, weight, bias = torch.randn(2, 6, 5), torch.randn(6), torch.randn(6)

    result, mean, rstd = torch_npu.npu_group_norm_silu(
        x.to(device), weight.to(device), bias.to(device), 3
    )

    close(
        result,
        functional.silu(functional.group_norm(x.double(), 3, weight.double(), bias.double())),
    )
    groups = x.double().view(2, 3, -1)
    close(mean, groups.mean(-1))
    close(rstd, (groups.var(-1, correction=0) + 1e-5).rsqrt())


def test_group_norm_of_no_samples_gives_none(device: torch.device) -> None:
    """The shapes are those of any other number of samples."""
    weight = torch.ones(6, device=device)

    results = torch_npu.npu_group_norm_silu(torch.ones(0, 6, 5, device=device), weight, weight, 3)

    assert [result.shape for result in results] == [(0, 6, 5), (0, 3), (0, 3)]


def test_deep_norm_scales_what_it_adds(device: torch.device) -> None:
    """Mean and reciprocal deviation come first."""
    x, gx, beta, gamma = torch.randn(3, 8), torch.randn(3, 8), torch.randn(8), torch.randn(8)

    mean, rstd, result = torch_npu.npu_deep_norm(
        *(t.to(device) for t in (x, gx, beta, gamma)), alpha=0.5
    )

    total = 0.5 * x.double() + gx.double()
    close(result, functional.layer_norm(total, (8,), gamma.double(), beta.double(), 1e-6))
    close(mean, total.mean(-1, keepdim=True))
    assert rstd.shape == (3, 1)


@pytest.mark.parametrize("left", [False, True])
def test_geglu_gates_one_half_with_the_other(device: torch.device, left: bool) -> None:
    """The second half is the gate unless told."""
    x = torch.randn(3, 8, device=device)

    result, gate = torch_npu.npu_geglu(x, activate_left=left)

    value, gated = (x[:, 4:], x[:, :4]) if left else (x[:, :4], x[:, 4:])
    expected = functional.gelu(gated, approximate="tanh")
    torch.testing.assert_close(gate, expected)
    torch.testing.assert_close(result, value * expected)


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_cross_entropy_is_torchs(device: torch.device, reduction: str) -> None:
    """Ignored targets and smoothing included; results have the shapes that torch_npu names."""
    x, target = torch.randn(5, 7), torch.tensor([0, 6, -100, 3, 3])
    ours, theirs = x.to(device).requires_grad_(), x.double().requires_grad_()

    loss, logarithms, z_loss, lse = torch_npu.npu_cross_entropy_loss(
        ours, target.to(device), reduction=reduction, label_smoothing=0.1
    )
    expected = functional.cross_entropy(theirs, target, reduction=reduction, label_smoothing=0.1)
    torch.autograd.backward(loss.sum())
    torch.autograd.backward(expected.sum())

    assert loss.shape == z_loss.shape == ((5,) if reduction == "none" else (1,))
    assert lse.shape == (5,)
    close(loss.detach(), expected.detach().view(loss.shape))
    close(logarithms.detach(), x.double().log_softmax(-1))
    assert ours.grad is not None
    assert theirs.grad is not None
    close(ours.grad, theirs.grad)


def test_a_z_loss_is_not_emulated(device: torch.device) -> None:
    """It does nothing on hardware either."""
    with pytest.raises(NotEmulatedError, match="z-loss"):
        torch_npu.npu_cross_entropy_loss(
            torch.zeros(1, 2, device=device),
            torch.zeros(1, device=device).long(),
            return_zloss=True,
        )


def test_sampling_keeps_the_likely(device: torch.device) -> None:
    """The k largest of each row, and of them the most probable up to p."""
    probabilities = torch.tensor([[0.1, 0.4, 0.2, 0.3], [0.7, 0.1, 0.1, 0.1]])
    logits = probabilities.log().to(device)

    by_k = torch_npu.npu_top_k_top_p(logits, k=torch.tensor([2, 1], device=device))
    by_p = torch_npu.npu_top_k_top_p(logits, p=torch.tensor([0.6, 0.5], device=device))
    by_both = torch_npu.npu_top_k_top_p(
        logits, torch.tensor([0.5, 1.0], device=device), torch.tensor([3, 2], device=device)
    )

    kept = [torch.isfinite(result).cpu().tolist() for result in (by_k, by_p, by_both)]
    assert kept[0] == [[False, True, False, True], [True, False, False, False]]
    assert kept[1] == [[False, True, False, True], [True, False, False, False]]
    # The three equal ones of the second row tie with its second largest.
    assert kept[2] == [[False, True, False, True], [True, True, True, True]]


def test_results_of_parts_are_merged_by_their_sums(device: torch.device) -> None:
    """Attention over two parts of the keys is attention over all."""
    query, key, value = (x.to(device) for x in (heads(HEADS, 3), heads(HEADS, 8), heads(HEADS, 8)))

    def part(keys: slice) -> tuple[torch.Tensor, torch.Tensor]:
        result, maximum, total, *_ = fused(device, query, key[:, :, keys], value[:, :, keys])
        lse = maximum[..., 0] + total[..., 0].log()
        return result.flatten(0, 2), lse.flatten()

    parts = [part(slice(0, 3)), part(slice(3, None))]
    merged, lse = torch_npu.npu_attention_update(
        [lse for _, lse in parts], [result for result, _ in parts], 1
    )

    whole, all_lse = part(slice(None))
    close(merged, whole)
    close(lse, all_lse)


def test_rings_merge_what_their_steps_give(device: torch.device) -> None:
    """SBH with one length, TND with several, and the statistics of both."""
    query, key, value = (packed(HEADS, which).to(device) for which in (0, 1, 1))
    other = packed(HEADS, 1).to(device)
    ends = torch.tensor([0, *VARLEN["actual_seq_qlen"]], device=device)

    steps = [fused(device, query, k, v, **VARLEN) for k, v in ((key, value), (other, value))]
    merged, maximum, total = torch_npu.npu_ring_attention_update(
        *(steps[0][:3] + steps[1][:3]), actual_seq_qlen=ends, input_layout="TND"
    )

    first, second = slice(0, 3), (slice(0, 4))
    scores = [
        query[first].transpose(0, 1) @ k[second].permute(1, 2, 0) * SCALE for k in (key, other)
    ]
    values = value[second].transpose(0, 1)
    weights = torch.cat(scores, -1).softmax(-1)
    close(merged[first], (weights @ torch.cat((values, values), 1)).transpose(0, 1))
    assert maximum.shape == total.shape == steps[0][1].shape


def test_rings_merge_sequences_of_one_length(device: torch.device) -> None:
    """SBH has a share for each head in its last dimension."""
    query, key, value = (
        heads(HEADS, n).permute(2, 0, 1, 3).flatten(2).to(device) for n in (3, 8, 8)
    )
    options = {"input_layout": "SBH"}
    steps = [
        fused(device, query, key[part], value[part], **options)
        for part in (slice(0, 3), slice(3, None))
    ]

    merged, maximum, total = torch_npu.npu_ring_attention_update(*(steps[0][:3] + steps[1][:3]))

    whole = fused(device, query, key, value, **options)
    for ours, theirs in zip((merged, maximum, total), whole[:3], strict=True):
        close(ours, theirs)
