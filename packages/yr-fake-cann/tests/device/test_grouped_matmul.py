"""Products of groups of rows with a matrix each."""

import pytest
import torch
import torch_npu

from yr_fake_cann.errors import NotEmulatedError, OperatorArgumentError

SIZES, INNER, COLUMNS = (2, 0, 3), 8, 5
ROWS, GROUPS = sum(SIZES), len(SIZES)


def expected(x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """Return the products in float64, one group after the other."""
    rows = torch.split(x.cpu().double(), list(SIZES))
    return torch.cat([r @ w for r, w in zip(rows, weight.cpu().double(), strict=True)])


def operands(device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
    """Return rows of all groups, and a matrix for each."""
    shapes = (ROWS, INNER), (GROUPS, INNER, COLUMNS)
    x, weight = (torch.randn(shape, device=device) for shape in shapes)
    return x, weight


def close(ours: torch.Tensor, theirs: torch.Tensor) -> None:
    """Raise AssertionError unless a device's result is the reference's."""
    torch.testing.assert_close(ours.cpu().double(), theirs, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(("kind", "groups"), [(0, [2, 2, 5]), (1, list(SIZES))])
@pytest.mark.parametrize("apart", [False, True])
def test_groups_are_given_by_ends_or_sizes(
    device: torch.device, kind: int, groups: list[int], apart: bool
) -> None:
    """Weights come in one tensor or in several; one of the groups is empty."""
    x, weight = operands(device)
    weights = [w.contiguous() for w in weight] if apart else [weight]

    (result,) = torch_npu.npu_grouped_matmul(
        *([x], weights),
        group_list=torch.tensor(groups, device=device),
        group_list_type=kind,
        split_item=2,
        group_type=0,
    )

    close(result, expected(x, weight))


def test_pairs_of_tensors_need_no_groups(device: torch.device) -> None:
    """One result for each pair, with its bias, also of more dimensions."""
    pairs = [(torch.randn(2, 3, INNER), torch.randn(INNER, n), torch.randn(n)) for n in (4, 6)]
    x, weight, bias = ([part.to(device) for part in parts] for parts in zip(*pairs, strict=True))

    results = torch_npu.npu_grouped_matmul(x, weight, bias=bias, split_item=0, group_type=-1)

    for result, (left, right, added) in zip(results, pairs, strict=True):
        close(result, left.double() @ right.double() + added.double())


def test_a_list_of_ends_gives_results_apart(device: torch.device) -> None:
    """The overload of ends in a list, rows in one tensor, results in several."""
    x, weight = operands(device)

    results = torch_npu.npu_grouped_matmul(
        [x], [w.contiguous() for w in weight], group_list=[2, 2, 5], split_item=1
    )

    assert [result.size(0) for result in results] == list(SIZES)
    close(torch.cat(results), expected(x, weight))


def test_gradients_of_weights_are_sums_over_groups(device: torch.device) -> None:
    """Type 2 cuts what is summed over; what gradients follow from is the same."""
    x, weight = operands(device)
    weight.requires_grad_()
    grad = torch.randn(ROWS, COLUMNS, device=device)
    ends = torch.tensor([2, 2, 5], device=device)

    (result,) = torch_npu.npu_grouped_matmul(
        [x], [weight], group_list=ends, split_item=3, group_type=0
    )
    torch.autograd.backward(result, grad)
    (of_weight,) = torch_npu.npu_grouped_matmul(
        [x.t()], [grad], group_list=ends, split_item=3, group_type=2
    )

    assert of_weight.shape == weight.shape
    torch.testing.assert_close(of_weight, weight.grad)


def test_rows_behind_the_last_group_are_zeros(device: torch.device) -> None:
    """As many as the rows that were given."""
    x, weight = operands(device)

    (result,) = torch_npu.npu_grouped_matmul(
        [x], [weight], group_list=torch.tensor([1, 2, 3], device=device), split_item=2, group_type=0
    )

    assert result.shape == (ROWS, COLUMNS)
    assert result[3:].abs().max() == 0


def test_products_of_int8_are_scaled_by_channel_and_token(device: torch.device) -> None:
    """As experts of quantised models do, with an activation."""
    x = torch.randint(-128, 128, (ROWS, INNER), dtype=torch.int8)
    weight = torch.randint(-128, 128, (GROUPS, INNER, COLUMNS), dtype=torch.int8)
    scale, by_token = torch.rand(GROUPS, COLUMNS), torch.rand(ROWS)

    (result,) = torch_npu.npu_grouped_matmul(
        *([x.to(device)], [weight.to(device)]),
        scale=[scale.to(device)],
        per_token_scale=[by_token.to(device)],
        group_list=torch.tensor(SIZES, device=device),
        group_list_type=1,
        split_item=2,
        group_type=0,
        act_type=1,
        output_dtype=torch.float16,
    )

    by_channel = torch.repeat_interleave(scale.double(), torch.tensor(SIZES), 0)
    products = expected(x, weight) * by_channel * by_token.double().unsqueeze(1)
    torch.testing.assert_close(result.cpu().double(), products.relu(), rtol=2e-3, atol=1.0)


def test_quantised_weights_are_restored(device: torch.device) -> None:
    """A weight of int8 with its scale and offset, and rows in half precision."""
    x = torch.randn(ROWS, INNER).half()
    weight = torch.randint(-128, 128, (GROUPS, INNER, COLUMNS), dtype=torch.int8)
    scale, offset = (torch.rand(GROUPS, COLUMNS).half() for _ in range(2))

    (result,) = torch_npu.npu_grouped_matmul(
        *([x.to(device)], [weight.to(device)]),
        antiquant_scale=[scale.to(device)],
        antiquant_offset=[offset.to(device)],
        group_list=torch.tensor([2, 2, 5], device=device),
        split_item=2,
        group_type=0,
    )

    restored = (weight.double() + offset.double().unsqueeze(1)) * scale.double().unsqueeze(1)
    torch.testing.assert_close(result.cpu().double(), expected(x, restored), rtol=2e-3, atol=0.5)


def test_groups_and_weights_must_be_as_many(device: torch.device) -> None:
    """The error counts both."""
    x, weight = operands(device)

    with pytest.raises(OperatorArgumentError, match="2 groups of x, 3 of weight"):
        torch_npu.npu_grouped_matmul(
            [x],
            [weight],
            group_list=torch.tensor([2, 5], device=device),
            split_item=2,
            group_type=0,
        )


def test_packed_weights_are_not_emulated(device: torch.device) -> None:
    """int4 in int32 is refused with its dtype."""
    x = torch.randn(ROWS, INNER, device=device).half()

    with pytest.raises(NotEmulatedError, match=r"packed numbers in torch\.int32"):
        torch_npu.npu_grouped_matmul(
            *([x], [torch.zeros(INNER, 1, dtype=torch.int32, device=device)]),
            group_list=torch.tensor([ROWS], device=device),
            split_item=2,
            group_type=0,
        )


def test_permuted_batches_give_rows_first(device: torch.device) -> None:
    """``npu_transpose_batchmatmul``: [M, B, N] by default, or split over the first dimension."""
    left, right = torch.randn(4, 2, 8, device=device), torch.randn(2, 8, 6, device=device)

    result = torch_npu.npu_transpose_batchmatmul(left, right, perm_x1=[1, 0, 2])
    split = torch_npu.npu_transpose_batchmatmul(
        left, right, perm_x1=[1, 0, 2], batch_split_factor=2
    )

    expected_rows = torch.bmm(left.transpose(0, 1), right).transpose(0, 1)
    torch.testing.assert_close(result, expected_rows)
    torch.testing.assert_close(split, expected_rows.reshape(4, 2, 6).transpose(0, 1))
