"""Mixture of experts: which experts a token goes to, and moving tokens to experts and back.

R tokens go to K experts each. Two ways of numbering the R K pairs exist: by rows (``r K + k``), and
by columns (``k R + r``), which the first generation of operators has.
"""

from collections.abc import Callable
from typing import Any, Final

import torch
from torch import Tensor
from torch.nn import functional

from yr_fake_cann.errors import NotEmulatedError, OperatorArgumentError


def gating_top_k_softmax(
    x: Tensor, finished: Tensor | None = None, k: int = 1
) -> tuple[Tensor, Tensor, Tensor]:
    """``npu_moe_gating_top_k_softmax``: weights, experts, and the pairs numbered by columns.

    The expert of a finished token is one that does not exist, the number of experts.
    """
    if x.dim() not in {2, 3}:
        raise OperatorArgumentError(
            "npu_moe_gating_top_k_softmax", f"x has {x.dim()} dimensions, not 2 or 3"
        )
    weights, experts = _largest(x.float().softmax(-1), k)
    rows = experts.numel() // k
    pairs = torch.arange(rows * k, dtype=torch.int32, device=x.device).view(k, rows).t()
    return (
        weights.to(x.dtype),
        _unless_finished(experts, finished, x.size(-1)),
        pairs.reshape(experts.shape).contiguous(),
    )


def gating_top_k_softmax_v2(
    x: Tensor,
    *,
    k: int = 1,
    finished: Tensor | None = None,
    renorm: int | None = 0,
    output_softmax: bool | None = False,
) -> tuple[Tensor, Tensor, Tensor]:
    """``npu_moe_gating_top_k_softmax_v2``: softmax before the choice, or over what is chosen."""
    nothing = x.new_empty(0, dtype=torch.float32)
    if renorm:
        chosen, experts = _largest(x.float(), k)
        weights, softmax = chosen.softmax(-1), nothing
    else:
        softmax = x.float().softmax(-1)
        weights, experts = _largest(softmax, k)
    experts = _unless_finished(experts, finished, x.size(-1))
    return weights.to(x.dtype), experts, softmax if output_softmax else nothing


def gating_top_k(
    x: Tensor,
    k: int,
    *,
    bias: Tensor | None = None,
    input_ids: Tensor | None = None,
    tid2eid: Tensor | None = None,
    k_group: int = 1,
    group_count: int = 1,
    group_select_mode: int = 0,
    renorm: int = 0,
    norm_type: int = 0,
    out_flag: bool = False,  # noqa: ARG001 - a name of the schema
    routed_scaling_factor: float = 1.0,
    eps: float = 1e-20,
) -> tuple[Tensor, Tensor, Tensor]:
    """``npu_moe_gating_top_k``: experts of the best groups, chosen with the bias, weighed without.

    The third result, all normalised scores in float32, is given whatever ``out_flag`` says.
    """
    if x.dim() != 2:
        raise OperatorArgumentError("npu_moe_gating_top_k", f"x has {x.dim()} dimensions, not 2")
    scores = _NORMALISED[norm_type](x.float())
    if input_ids is not None and tid2eid is not None:
        experts = tid2eid[input_ids].to(torch.int32)
    else:
        biased = scores if bias is None else scores + bias.float()
        _, experts = _largest(_best_groups(biased, k_group, group_count, group_select_mode), k)
    weights = scores.gather(-1, experts.long())
    if norm_type or renorm:
        weights = weights / (weights.sum(-1, keepdim=True) + eps)
    return (weights * routed_scaling_factor).to(x.dtype), experts, scores


def init_routing(
    x: Tensor, row_idx: Tensor, expert_idx: Tensor, active_num: int
) -> tuple[Tensor, Tensor, Tensor]:
    """``npu_moe_init_routing``: tokens by expert, where each pair went, and the sorted experts."""
    rows, k = expert_idx.shape
    experts, order = expert_idx.flatten().sort(stable=True)
    pairs = row_idx.flatten()[order]
    taken = pairs[: min(active_num, rows) * k].long()
    return x[taken % rows], _inverse(pairs), experts


def finalize_routing(
    expanded_permuted_rows: Tensor,
    skip1: Tensor | None,
    skip2: Tensor | None,
    bias: Tensor | None,
    scales: Tensor | None,
    expanded_src_to_dst_row: Tensor,
    export_for_source_row: Tensor | None,
    drop_pad_mode: int | None = 0,
    k: int | None = 1,
) -> Tensor:
    """``npu_moe_finalize_routing``: the weighted sum of each token's results, and what skips.

    ``drop_pad_mode`` 0 and 1 number pairs by columns, 2 and 3 by rows; a place of -1 is nothing.
    """
    rows = expanded_permuted_rows.flatten(0, -2)
    chosen = scales.size(1) if scales is not None else (k or 1)
    places = expanded_src_to_dst_row
    by_row = places.view(-1, chosen) if drop_pad_mode in {2, 3} else places.view(chosen, -1).t()
    results = rows.float()[by_row.clamp_min(0).long()]
    if bias is not None and export_for_source_row is not None:
        results = results + bias.float()[export_for_source_row.long()]
    if scales is not None:
        results = results * scales.float().unsqueeze(-1)
    total = results.masked_fill((by_row < 0).unsqueeze(-1), 0).sum(1)
    for skipped in (skip1, skip2):
        total = total if skipped is None else total + skipped.float()
    return total.to(rows.dtype)


def compute_expert_tokens(sorted_expert_for_source_row: Tensor, num_expert: int) -> Tensor:
    """``npu_moe_compute_expert_tokens``: where the pairs of each expert end."""
    experts = torch.arange(num_expert, device=sorted_expert_for_source_row.device)
    belongs = sorted_expert_for_source_row.unsqueeze(0) <= experts.unsqueeze(1)
    return belongs.sum(1).to(sorted_expert_for_source_row.dtype)


def token_permute(
    tokens: Tensor, indices: Tensor, num_out_tokens: int | None = None, padded_mode: bool = False
) -> tuple[Tensor, Tensor]:
    """``npu_moe_token_permute``: tokens by expert, and where each pair went, numbered by rows."""
    _refuse_padding("npu_moe_token_permute", padded_mode)
    k = indices.size(1) if indices.dim() == 2 else 1
    order = indices.flatten().sort(stable=True).indices
    kept = order[: num_out_tokens or None]
    return tokens[kept // k], _inverse(order)


def token_permute_grad(
    tokens: Tensor,
    grad_permuted_tokens: Tensor,
    indices: Tensor,
    sorted_indices: Tensor,
    padded_mode: bool = False,
) -> Tensor:
    """``npu_moe_token_permute_grad``: the sum over where each token went."""
    _refuse_padding("npu_moe_token_permute_grad", padded_mode)
    k = indices.size(1) if indices.dim() == 2 else 1
    return _gathered(grad_permuted_tokens, sorted_indices, k).sum(1).to(tokens.dtype)


def token_unpermute(
    permuted_tokens: Tensor,
    sorted_indices: Tensor,
    probs: Tensor | None = None,
    padded_mode: bool = False,
    restore_shape: list[int] | None = None,
) -> Tensor:
    """``npu_moe_token_unpermute``: the weighted sum of each token's results, in float32 inside."""
    _refuse_padding("npu_moe_token_unpermute", padded_mode or restore_shape is not None)
    k = 1 if probs is None else probs.size(1)
    results = _gathered(permuted_tokens, sorted_indices, k)
    if probs is not None:
        results = results * probs.float().unsqueeze(-1)
    return results.sum(1).to(permuted_tokens.dtype)


def token_unpermute_grad(
    permuted_tokens: Tensor,
    grad_unpermuted_tokens: Tensor,
    sorted_indices: Tensor,
    probs: Tensor | None = None,
    padded_mode: bool = False,
    restore_shape: list[int] | None = None,
) -> tuple[Tensor, Tensor | None]:
    """``npu_moe_token_unpermute_grad``: of the tokens, and of the weights if there are any."""
    _refuse_padding("npu_moe_token_unpermute_grad", padded_mode or restore_shape is not None)
    k = 1 if probs is None else probs.size(1)
    each = grad_unpermuted_tokens.float().repeat_interleave(k, 0)
    weighted = each if probs is None else each * probs.float().reshape(-1, 1)
    there = sorted_indices < permuted_tokens.size(0)
    of_tokens = torch.zeros_like(permuted_tokens, dtype=torch.float32)
    of_tokens = of_tokens.index_add(0, sorted_indices[there].long(), weighted[there])
    if probs is None:
        return of_tokens.to(permuted_tokens.dtype), None
    results = _gathered(permuted_tokens, sorted_indices, k)
    of_probs = (results * grad_unpermuted_tokens.float().unsqueeze(1)).sum(-1)
    return of_tokens.to(permuted_tokens.dtype), of_probs.to(probs.dtype)


def _largest(scores: Tensor, k: int) -> tuple[Tensor, Tensor]:
    # Of equal ones the first, which topk does not promise.
    values, order = scores.sort(stable=True, dim=-1, descending=True)
    return values[..., :k].contiguous(), order[..., :k].to(torch.int32)


def _unless_finished(experts: Tensor, finished: Tensor | None, count: int) -> Tensor:
    return experts if finished is None else experts.masked_fill(finished.unsqueeze(-1), count)


def _best_groups(scores: Tensor, chosen: int, count: int, mode: int) -> Tensor:
    if count == 1:
        return scores
    groups = scores.view(scores.size(0), count, scores.size(1) // count)
    best, _ = groups.sort(-1, descending=True)
    of_group = best[..., : 2 if mode else 1].sum(-1)
    _, taken = _largest(of_group, chosen)
    left_out = torch.ones_like(of_group, dtype=torch.bool).scatter(-1, taken.long(), False)
    return groups.masked_fill(left_out.unsqueeze(-1), -torch.inf).view_as(scores)


def _inverse(order: Tensor) -> Tensor:
    places = torch.arange(order.numel(), dtype=torch.int32, device=order.device)
    return torch.empty_like(places).scatter(0, order.long(), places)


def _gathered(rows: Tensor, places: Tensor, k: int) -> Tensor:
    """Return the rows at places, [R, k, H] in float32; places behind the end are zeros."""
    behind = places >= rows.size(0)
    # A row more, so that there is one where all were dropped.
    padded = functional.pad(rows.float(), (0, 0, 0, 1))
    found = padded[places.masked_fill(behind, 0).long()]
    return found.masked_fill(behind.unsqueeze(-1), 0).view(-1, k, rows.size(-1))


def _refuse_padding(operator: str, padded: bool) -> None:
    if padded:
        raise NotEmulatedError(f"torch_npu.{operator} with padded_mode or restore_shape")


_NORMALISED: Final[dict[int, Callable[[Tensor], Tensor]]] = {
    0: lambda x: x.softmax(-1),
    1: torch.sigmoid,
    2: lambda x: functional.softplus(x).sqrt(),
}

PROVIDED: Final[dict[str, Callable[..., Any]]] = {
    "npu::npu_moe_compute_expert_tokens": compute_expert_tokens,
    "npu::npu_moe_finalize_routing": finalize_routing,
    "npu::npu_moe_gating_top_k": gating_top_k,
    "npu::npu_moe_gating_top_k_softmax": gating_top_k_softmax,
    "npu::npu_moe_gating_top_k_softmax_v2": gating_top_k_softmax_v2,
    "npu::npu_moe_init_routing": init_routing,
    "npu::npu_moe_token_permute": token_permute,
    "npu::npu_moe_token_permute_grad": token_permute_grad,
    "npu::npu_moe_token_unpermute": token_unpermute,
    "npu::npu_moe_token_unpermute_grad": token_unpermute_grad,
}
