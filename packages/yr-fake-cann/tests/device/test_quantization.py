"""Values in int8, their scales, and products of them."""

import pytest
import torch
import torch_npu

from yr_fake_cann.errors import NotEmulatedError, OperatorArgumentError

ROWS, INNER, COLUMNS = 4, 32, 6


def integers(*shape: int) -> torch.Tensor:
    """Return all that int8 can hold, by chance."""
    return torch.randint(-128, 128, shape, dtype=torch.int8)


def test_dynamic_quantisation_restores_values(device: torch.device) -> None:
    """By token: a row's largest value becomes 127, and none is off by more than half a step."""
    source = torch.randn(2, ROWS, INNER)

    values, scale = torch_npu.npu_dynamic_quant(source.half().to(device))

    assert (values.dtype, scale.dtype, scale.shape) == (torch.int8, torch.float32, (2, ROWS))
    assert values.abs().amax(-1).tolist() == [[127] * ROWS] * 2
    restored = values.float() * scale.unsqueeze(-1)
    off = (restored.cpu() - source.half().float()).abs().amax(-1)
    assert (off <= scale.cpu() / 2 + 1e-6).all()


def test_a_row_of_zeros_stays_zero(device: torch.device) -> None:
    """Its scale is 0."""
    values, scale = torch_npu.npu_dynamic_quant(torch.zeros(2, 8, device=device).half())

    assert (values.abs().max().item(), scale.abs().max().item()) == (0, 0)


@pytest.mark.parametrize(("mode", "shape"), [("perchannel", (INNER,)), ("pertensor", (1,))])
def test_dynamic_quantisation_by_channel_and_tensor(
    device: torch.device, mode: str, shape: tuple[int, ...]
) -> None:
    """The scale has the shape of what it is for."""
    source = torch.randn(ROWS, INNER, device=device)

    values, scale = torch_npu.npu_dynamic_quant(source.half(), quant_mode=mode)

    assert scale.shape == shape
    torch.testing.assert_close(values.float() * scale, source, rtol=0.1, atol=0.05)


def test_another_mode_of_dynamic_quantisation_is_refused(device: torch.device) -> None:
    """The error names the operator, the mode, and those that there are."""
    with pytest.raises(OperatorArgumentError, match=r"quant_mode is 'foo', not .* pertensor"):
        torch_npu.npu_dynamic_quant(torch.zeros(2, 8, device=device).half(), quant_mode="foo")


def test_groups_of_rows_have_smooth_scales_of_their_own(device: torch.device) -> None:
    """Ends of groups choose the row of scales."""
    source = torch.randn(ROWS, INNER, device=device).half()
    smooth = torch.rand(2, INNER, device=device).half()

    values, scale = torch_npu.npu_dynamic_quant(
        source, smooth_scales=smooth, group_index=torch.tensor([1, ROWS], device=device).int()
    )

    first, second = source[:1].float() * smooth[0].float(), source[1:].float() * smooth[1].float()
    expected = torch_npu.npu_dynamic_quant(torch.cat((first, second)))
    assert torch.equal(values, expected[0])
    assert torch.equal(scale, expected[1])


@pytest.mark.parametrize("div_mode", [True, False])
def test_given_scales_divide_or_multiply(device: torch.device, div_mode: bool) -> None:
    """Both give the same where one's scales are the other's reciprocals."""
    source, scales = torch.randn(ROWS, INNER), torch.rand(INNER) + 0.5
    zeros = torch.full((INNER,), 3.0)
    given = scales if div_mode else scales.reciprocal()

    result = torch_npu.npu_quantize(
        source.to(device), given.to(device), zeros.to(device), torch.qint8, -1, div_mode
    )

    expected = (source / scales + zeros).round().clamp(-128, 127)
    assert (result.cpu().float() - expected).abs().max() <= (0 if div_mode else 1)


def test_packed_numbers_are_not_emulated(device: torch.device) -> None:
    """int4 in int32 is refused with its dtype."""
    source = torch.randn(ROWS, INNER, device=device)

    with pytest.raises(NotEmulatedError, match="npu_quantize to the dtype"):
        torch_npu.npu_quantize(source, source[0], None, torch.quint4x2, -1, False)


def test_the_norm_of_a_sum_is_quantised(device: torch.device) -> None:
    """With given and with found scales; the sum comes as well."""
    left, right, gamma = (torch.randn(n, INNER, device=device).half() for n in (ROWS, ROWS, 1))
    scales = torch.rand(INNER, device=device).half() + 0.5
    total = left + right
    normalised, _ = torch_npu.npu_rms_norm(total.float(), gamma[0].float())

    first, second, added = torch_npu.npu_add_rms_norm_quant(left, right, gamma[0], scales, None)
    dynamic = torch_npu.npu_add_rms_norm_dynamic_quant(left, right, gamma[0])

    assert torch.equal(added, total)
    assert torch.equal(first, (normalised / scales.float()).round().clamp(-128, 127).to(torch.int8))
    assert second.abs().max() == 0
    expected = torch_npu.npu_dynamic_quant(normalised)
    assert torch.equal(dynamic[0], expected[0])
    assert [part.numel() for part in dynamic[1:]] == [0, total.numel(), ROWS, 0]


def test_products_of_int8_are_exact(device: torch.device) -> None:
    """int32 is the sum itself, with its bias."""
    left, right = integers(ROWS, INNER), integers(INNER, COLUMNS)
    bias = torch.arange(COLUMNS, dtype=torch.int32)

    result = torch_npu.npu_quant_matmul(
        *(left.to(device), right.to(device), torch.ones(1, device=device)),
        bias=bias.to(device),
        output_dtype=torch.int32,
    )

    assert torch.equal(result.cpu(), left.int() @ right.int() + bias)


@pytest.mark.parametrize("packed", [False, True])
def test_products_are_scaled_by_channel_and_token(device: torch.device, packed: bool) -> None:
    """Scales may be those that were prepared for the matrix unit; a float bias comes last."""
    left, right = integers(ROWS, INNER), integers(INNER, COLUMNS)
    scale, by_token = torch.rand(COLUMNS), torch.rand(ROWS)
    bias = torch.randn(COLUMNS)
    given = torch_npu.npu_trans_quant_param(scale.to(device)) if packed else scale.to(device)

    result = torch_npu.npu_quant_matmul(
        *(left.to(device), right.to(device), given),
        pertoken_scale=by_token.to(device),
        bias=bias.to(device),
        output_dtype=torch.float16,
    )

    expected = (left.double() @ right.double()) * scale * by_token.unsqueeze(1) + bias
    torch.testing.assert_close(result.cpu().double(), expected, rtol=2e-3, atol=1e-1)


def test_products_become_int8_unless_told(device: torch.device) -> None:
    """Scaled, moved, rounded and cut off."""
    left, right = integers(ROWS, INNER), integers(INNER, COLUMNS)

    result = torch_npu.npu_quant_matmul(
        *(left.to(device), right.to(device), torch.full((1,), 1e-3, device=device)),
        offset=torch.full((1,), 2.0, device=device),
    )

    expected = ((left.int() @ right.int()).float() * 1e-3 + 2).round().clamp(-128, 127)
    assert torch.equal(result.cpu(), expected.to(torch.int8))
