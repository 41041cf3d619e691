"""Tokens find their experts and the way back."""

from typing import Final

import pytest
import torch
import torch_npu
from torch.nn import functional

from yr_fake_cann.errors import NotEmulatedError, OperatorArgumentError

ROWS, EXPERTS, CHOSEN, WIDTH = 6, 8, 3, 4
SCORES: Final = torch.randn(ROWS, EXPERTS, generator=torch.Generator().manual_seed(5))


@pytest.mark.parametrize("shape", [(ROWS, EXPERTS), (2, 3, EXPERTS)])
def test_gating_gives_the_largest_of_the_softmax(
    device: torch.device, shape: tuple[int, ...]
) -> None:
    """Weights have the dtype of the scores, experts are int32, pairs are numbered by columns."""
    scores = SCORES.view(shape)

    weights, experts, pairs = torch_npu.npu_moe_gating_top_k_softmax(scores.to(device), k=CHOSEN)

    expected = scores.softmax(-1).topk(CHOSEN)
    torch.testing.assert_close(weights.cpu(), expected.values)
    assert torch.equal(experts.cpu(), expected.indices.int())
    numbers = torch.arange(ROWS * CHOSEN, dtype=torch.int32).view(CHOSEN, ROWS).t()
    assert torch.equal(pairs.cpu(), numbers.reshape(*shape[:-1], CHOSEN))


def test_finished_tokens_go_to_no_expert(device: torch.device) -> None:
    """Their expert is the number of experts; weights stay."""
    finished = torch.arange(ROWS) == 2

    _, experts, _ = torch_npu.npu_moe_gating_top_k_softmax(
        SCORES.to(device), finished.to(device), CHOSEN
    )

    assert experts[2].tolist() == [EXPERTS] * CHOSEN
    assert (experts[finished.logical_not().to(device)] < EXPERTS).all()


def test_equal_scores_give_the_first_experts(device: torch.device) -> None:
    """Of equal ones the lower number wins."""
    _, experts, _ = torch_npu.npu_moe_gating_top_k_softmax(
        torch.zeros(ROWS, EXPERTS, device=device), k=CHOSEN
    )

    assert experts.tolist() == [[0, 1, 2]] * ROWS


@pytest.mark.parametrize(("renorm", "of_all"), [(0, EXPERTS), (1, CHOSEN)])
def test_the_second_gating_normalises_all_or_the_chosen(
    device: torch.device, renorm: int, of_all: int
) -> None:
    """With ``renorm`` the chosen weights sum to one; the softmax comes only without."""
    weights, experts, softmax = torch_npu.npu_moe_gating_top_k_softmax_v2(
        SCORES.to(device), k=CHOSEN, renorm=renorm, output_softmax=True
    )

    largest = SCORES.topk(CHOSEN)
    whole = largest.values.softmax(-1) if renorm else SCORES.softmax(-1).topk(CHOSEN).values
    torch.testing.assert_close(weights.cpu(), whole)
    assert torch.equal(experts.cpu(), largest.indices.int())
    assert softmax.numel() == (0 if of_all == CHOSEN else ROWS * EXPERTS)


def test_gating_by_groups_takes_experts_of_the_best_groups(device: torch.device) -> None:
    """Groups count by their two best, biased scores; weights are not biased."""
    bias = torch.zeros(EXPERTS)
    bias[6:] = 10.0

    weights, experts, scores = torch_npu.npu_moe_gating_top_k(
        *(SCORES.to(device), 2),
        bias=bias.to(device),
        k_group=1,
        group_count=2,
        group_select_mode=1,
        norm_type=1,
        routed_scaling_factor=2.5,
    )

    assert set(experts.flatten().tolist()) == {6, 7}
    torch.testing.assert_close(scores.cpu(), SCORES.sigmoid())
    chosen = scores.gather(1, experts.long())
    torch.testing.assert_close(weights, chosen / chosen.sum(1, keepdim=True) * 2.5)


@pytest.mark.parametrize(
    ("norm_type", "norm"),
    [(0, lambda x: x.softmax(-1)), (2, lambda x: functional.softplus(x).sqrt())],
)
def test_gating_normalises_in_three_ways(
    device: torch.device, norm_type: int, norm: torch.nn.Module
) -> None:
    """Softmax, sigmoid (above) and the root of softplus."""
    _, _, scores = torch_npu.npu_moe_gating_top_k(SCORES.to(device), 2, norm_type=norm_type)

    torch.testing.assert_close(scores.cpu(), norm(SCORES))


def test_gating_by_a_table_takes_its_experts(device: torch.device) -> None:
    """Tokens with an id have the experts of the table."""
    table = torch.tensor([[0, 1], [2, 3]], device=device)
    ids = torch.tensor([0, 1, 0, 1, 1, 0], device=device)

    _, experts, _ = torch_npu.npu_moe_gating_top_k(
        SCORES.to(device), 2, input_ids=ids, tid2eid=table
    )

    assert torch.equal(experts.long(), table[ids])


def test_gating_of_other_shapes_is_refused(device: torch.device) -> None:
    """The error names the operator and the number of dimensions."""
    with pytest.raises(OperatorArgumentError, match="gating_top_k_softmax: x has 1 dimensions"):
        torch_npu.npu_moe_gating_top_k_softmax(torch.zeros(4, device=device), k=1)


def test_gating_by_groups_of_other_shapes_is_refused(device: torch.device) -> None:
    """It takes a matrix only, unlike the other two."""
    with pytest.raises(OperatorArgumentError, match="gating_top_k: x has 3 dimensions, not 2"):
        torch_npu.npu_moe_gating_top_k(torch.zeros(2, 3, EXPERTS, device=device), 2)


@pytest.mark.parametrize("groups", [1, 2])
def test_gating_of_no_tokens_gives_none(device: torch.device, groups: int) -> None:
    """The shapes are those of any other number of tokens."""
    results = torch_npu.npu_moe_gating_top_k(
        torch.zeros(0, EXPERTS, device=device), 2, group_count=groups
    )

    assert [result.shape for result in results] == [(0, 2), (0, 2), (0, EXPERTS)]


def test_the_first_routing_and_its_end_give_the_weighted_sum(device: torch.device) -> None:
    """Tokens sorted by expert, an expert that doubles, and back: the sum of weights times two."""
    tokens = torch.randn(ROWS, WIDTH, device=device)
    weights, experts, pairs = torch_npu.npu_moe_gating_top_k_softmax(SCORES.to(device), k=CHOSEN)

    expanded, places, sorted_experts = torch_npu.npu_moe_init_routing(tokens, pairs, experts, ROWS)
    bias = torch.randn(EXPERTS, WIDTH, device=device)
    result = torch_npu.npu_moe_finalize_routing(
        *(expanded * 2, tokens, None, bias, weights, places, experts)
    )

    assert torch.equal(sorted_experts, experts.flatten().sort(stable=True).values)
    biased = (2 * tokens.unsqueeze(1) + bias[experts.long()]) * weights.unsqueeze(-1)
    torch.testing.assert_close(result, biased.sum(1) + tokens)
    ends = torch_npu.npu_moe_compute_expert_tokens(sorted_experts, EXPERTS)
    assert ends.tolist() == [(sorted_experts <= e).sum().item() for e in range(EXPERTS)]


def test_fewer_active_rows_keep_the_first_experts(device: torch.device) -> None:
    """Only so many rows times experts are expanded."""
    _, experts, pairs = torch_npu.npu_moe_gating_top_k_softmax(SCORES.to(device), k=CHOSEN)

    expanded, places, _ = torch_npu.npu_moe_init_routing(
        torch.randn(ROWS, WIDTH, device=device), pairs, experts, 2
    )

    assert expanded.shape == (2 * CHOSEN, WIDTH)
    assert places.shape == (ROWS * CHOSEN,)


def test_places_by_rows_may_be_elsewhere(device: torch.device) -> None:
    """Mode 2 numbers by rows, and -1 is a row of another rank."""
    results = torch.randn(4, WIDTH, device=device)
    places = torch.tensor([0, -1, 2, 3], dtype=torch.int32, device=device)

    total = torch_npu.npu_moe_finalize_routing(
        results, None, None, None, None, places, None, drop_pad_mode=2, k=2
    )

    torch.testing.assert_close(total, torch.stack((results[0], results[2] + results[3])))


def experts_of(device: torch.device) -> torch.Tensor:
    """Return two experts for each token."""
    return torch.tensor([[0, 4], [4, 3], [4, 2], [1, 1]], device=device)


def test_permuted_tokens_come_back(device: torch.device) -> None:
    """By expert, in the order of tokens; the way back sums with weights."""
    tokens = torch.arange(4.0, device=device).unsqueeze(1).expand(-1, WIDTH).contiguous()
    probs = torch.rand(4, 2, device=device)

    permuted, places = torch_npu.npu_moe_token_permute(tokens, experts_of(device))
    back = torch_npu.npu_moe_token_unpermute(permuted, places, probs=probs)

    assert permuted[:, 0].tolist() == [0, 3, 3, 2, 1, 0, 1, 2]
    assert places.tolist() == [0, 5, 6, 4, 7, 3, 1, 2]
    torch.testing.assert_close(back, tokens * probs.sum(1, keepdim=True))


def test_dropped_tokens_count_nothing(device: torch.device) -> None:
    """A number of tokens keeps the first experts; what was dropped is zero on the way back."""
    tokens = torch.ones(4, WIDTH, device=device)

    permuted, places = torch_npu.npu_moe_token_permute(tokens, experts_of(device), 3)
    back = torch_npu.npu_moe_token_unpermute(
        permuted, places, probs=torch.ones(4, 2, device=device)
    )

    assert permuted.shape == (3, WIDTH)
    assert back[:, 0].tolist() == [1, 0, 0, 2]


def test_gradients_of_permuting_are_those_of_the_definition(device: torch.device) -> None:
    """The operators for gradients give what autograd gives."""
    tokens = torch.randn(4, WIDTH, device=device, requires_grad=True)
    probs = torch.rand(4, 2, device=device, requires_grad=True)
    grad = torch.randn(4, WIDTH, device=device)

    permuted, places = torch_npu.npu_moe_token_permute(tokens, experts_of(device))
    permuted.retain_grad()
    torch.autograd.backward(torch_npu.npu_moe_token_unpermute(permuted, places, probs=probs), grad)
    of_permuted, of_probs = torch.ops.npu.npu_moe_token_unpermute_grad(
        permuted.detach(), grad, places, probs.detach()
    )
    of_tokens = torch.ops.npu.npu_moe_token_permute_grad(
        tokens.detach(), of_permuted, experts_of(device), places
    )

    for ours, theirs in ((of_permuted, permuted), (of_probs, probs), (of_tokens, tokens)):
        torch.testing.assert_close(ours, theirs.grad)


def test_padded_experts_are_not_emulated(device: torch.device) -> None:
    """torch_npu documents that only the other mode works."""
    with pytest.raises(NotEmulatedError, match="padded_mode"):
        torch_npu.npu_moe_token_permute(
            torch.ones(4, WIDTH, device=device), experts_of(device), padded_mode=True
        )


def dispatched(
    device: torch.device, **options: object
) -> tuple[torch.Tensor, tuple[torch.Tensor, ...]]:
    """Return tokens, and what the second routing makes of four of them and two experts each."""
    tokens = torch.arange(4.0, device=device).unsqueeze(1).expand(-1, WIDTH).contiguous() + 1
    found: tuple[torch.Tensor, ...] = torch_npu.npu_moe_init_routing_v2(
        tokens,
        experts_of(device).int(),
        **{"expert_num": 5, "expert_tokens_num_flag": True, "expert_tokens_num_type": 1, **options},
    )
    return tokens, found


def test_the_second_routing_counts_and_places(device: torch.device) -> None:
    """Pairs are numbered by rows; weights and mode 2 bring them back."""
    tokens, (expanded, places, counts, _) = dispatched(device)

    assert expanded[:, 0].tolist() == [1, 4, 4, 3, 2, 1, 2, 3]
    assert places.tolist() == [0, 5, 6, 4, 7, 3, 1, 2]
    assert counts.tolist() == [1, 2, 1, 1, 3]
    back = torch_npu.npu_moe_finalize_routing(
        *(expanded, None, None, None, torch.ones(4, 2, device=device), places, None),
        drop_pad_mode=2,
    )
    assert torch.equal(back, 2 * tokens)


@pytest.mark.parametrize("shape", [(3, WIDTH), (4,), (1, 4, WIDTH)])
def test_a_routing_of_other_shapes_is_refused(device: torch.device, shape: tuple[int, ...]) -> None:
    """Each token has its row of experts."""
    with pytest.raises(OperatorArgumentError, match=r"init_routing_v2: x is .* of as many rows"):
        torch_npu.npu_moe_init_routing_v2(
            torch.zeros(shape, device=device), experts_of(device).int(), expert_num=5
        )


def test_experts_of_other_ranks_are_left_out(device: torch.device) -> None:
    """Only the range is sorted, counted and placed."""
    _, (expanded, places, counts, _) = dispatched(device, active_expert_range=[1, 4])

    assert expanded[:, 0].tolist() == [4, 4, 3, 2, 0, 0, 0, 0]
    assert places.tolist() == [-1, -1, -1, 3, -1, 2, 0, 1]
    assert counts.tolist() == [2, 1, 1]


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (0, [1, 3, 4, 5, 8]),
        (2, [[0, 1], [1, 2], [2, 1], [3, 1], [4, 3]]),
    ],
)
def test_counts_come_in_three_forms(
    device: torch.device, kind: int, expected: list[object]
) -> None:
    """Sums, counts (above), or pairs of an expert and its count."""
    _, (_, _, counts, _) = dispatched(device, expert_tokens_num_type=kind)

    assert counts.tolist() == expected


def test_tokens_may_be_quantised_on_their_way(device: torch.device) -> None:
    """Smoothed by the row of their expert; the scale of each comes with it."""
    smooth = torch.rand(5, WIDTH, device=device) + 0.5

    tokens, (expanded, _, _, scale) = dispatched(device, scale=smooth, quant_mode=1)

    assert expanded.dtype == torch.int8
    smoothed = tokens[[0, 3, 3, 2, 1, 0, 1, 2]] * smooth[[0, 1, 1, 2, 3, 4, 4, 4]]
    values, expected = torch_npu.npu_dynamic_quant(smoothed)
    assert torch.equal(expanded, values)
    torch.testing.assert_close(scale, expected)


def test_places_of_the_second_kind_name_the_pairs(device: torch.device) -> None:
    """Each row of the result says which pair it is; there are as many as are active."""
    _, (expanded, pairs, _, _) = dispatched(device, row_idx_type=1, active_num=3)

    assert pairs.tolist() == [0, 6, 7, 5, 3, 1, 2, 4]
    assert expanded[:, 0].tolist() == [1, 4, 4]
