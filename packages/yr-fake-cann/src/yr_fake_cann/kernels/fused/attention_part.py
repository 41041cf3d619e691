"""What one formula is computed on: a whole batch, or one sequence of a TND call."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from yr_fake_cann.kernels import randomness
from yr_fake_cann.kernels.fused import attention_layout, attention_mask
from yr_fake_cann.kernels.fused.attention_call import AttentionCall
from yr_fake_cann.kernels.fused.attention_formula import Scoring
from yr_fake_cann.kernels.fused.attention_mask import Sparsity


@dataclass(frozen=True)
class Part:
    """Heads in float32, [B, N, S, D]; keys and values are repeated for the queries they serve."""

    query: Tensor
    key: Tensor
    value: Tensor
    scoring: Scoring
    queries: slice
    keys: slice
    group: int

    @property
    def pairs(self) -> torch.Size:
        """The shape of the scores."""
        return torch.Size((*self.query.shape[:3], self.key.size(2)))


def parts(call: AttentionCall) -> Iterator[Part]:
    """Yield the parts of a call, in the order of its sequences."""
    if not call.varlen:
        yield _part(call, slice(None), slice(None), 0)
        return
    queries = attention_layout.sequences(call.actual_seq_qlen or ())
    keys = attention_layout.sequences(call.actual_seq_kvlen or ())
    for index, (rows, columns) in enumerate(zip(queries, keys, strict=True)):
        yield _part(call, rows, columns, index)


def keep_masks(
    call: AttentionCall, chosen: Sequence[Part], seed: int, offset: int
) -> Iterator[Tensor | None]:
    """Yield what dropout keeps of each part, scaled; the same for the same seed and offset."""
    if call.keep_prob == 1:
        yield from [None] * len(chosen)
        return
    generator = randomness.generator_at(seed, offset)
    for part in chosen:
        numbers = torch.rand(part.pairs, generator=generator).to(call.query.device)
        yield (numbers < call.keep_prob).float() / call.keep_prob


def _part(call: AttentionCall, rows: slice, columns: slice, index: int) -> Part:
    query, key = _heads_with_rope(call, rows, columns)
    value = attention_layout.split_heads(call.value[columns], call.layout, key.size(1))
    group, rest = divmod(query.size(1), max(key.size(1), 1))
    if rest or not group:
        raise call.wrong(f"{query.size(1)} heads of queries are no multiple of {key.size(1)}")
    return Part(
        query=query.float(),
        key=attention_layout.repeat_heads(key, group),
        value=attention_layout.repeat_heads(value, group),
        scoring=_scoring(call, query.size(2), key.size(2), index),
        queries=rows,
        keys=columns,
        group=group,
    )


def _heads_with_rope(call: AttentionCall, rows: slice, columns: slice) -> tuple[Tensor, Tensor]:
    query = attention_layout.split_heads(call.query[rows], call.layout, call.head_num)
    if query.size(1) != call.head_num:
        raise call.wrong(f"head_num is {call.head_num}, query has {query.size(1)} heads")
    heads = attention_layout.heads_of(call.key, call.layout, query.size(3))
    key = attention_layout.split_heads(call.key[columns], call.layout, heads)
    if call.query_rope is None or call.key_rope is None:
        return query, key
    if not call.varlen:
        raise call.wrong(f"query_rope and key_rope need TND, not {call.layout}")
    query_rope = attention_layout.split_heads(call.query_rope[rows], "TND", call.head_num)
    key_rope = attention_layout.split_heads(call.key_rope[columns], "TND", heads)
    return torch.cat((query, query_rope), -1), torch.cat((key, key_rope), -1)


def _scoring(call: AttentionCall, queries: int, keys: int, index: int) -> Scoring:
    return Scoring(
        scale=call.scale,
        bias=_bias(call, queries, keys, index),
        bias_is_scaled=call.pse_type == 1,
        hidden=_hidden(call, queries, keys, index),
        sink=call.sink,
    )


def _bias(call: AttentionCall, queries: int, keys: int, index: int) -> Tensor | None:
    if call.pse is None:
        return None
    if call.sparse_mode in {7, 8}:
        raise call.wrong(f"sparse_mode {call.sparse_mode} takes no pse")
    if call.pse_type in {2, 3}:
        return _slopes(call, queries, keys, index)
    if call.pse.size(-1) != keys or call.pse.size(-2) not in {1, queries}:
        raise call.wrong(
            f"pse has shape {tuple(call.pse.shape)}, which does not end in {queries} or 1 x {keys}"
            "; positions of which the last 1,024 rows are given are not emulated"
        )
    return call.pse.float()


def _slopes(call: AttentionCall, queries: int, keys: int, index: int) -> Tensor:
    # The bias falls with the distance, or its root, from the diagonal of the uncut sequence.
    if call.pse is None or queries != keys:
        raise call.wrong(
            f"pse_type {call.pse_type} needs as many keys as queries, and slopes in pse"
        )
    shift = (call.kv_start_idx or [0])[0] - (call.q_start_idx or [0])[0]
    distance = (attention_mask.distances(queries, keys, call.pse.device) + shift).abs().float()
    slopes = call.pse[index : index + 1] if call.varlen and call.pse.dim() == 2 else call.pse
    return slopes[..., None, None] * -(distance if call.pse_type == 2 else distance.sqrt())


def _hidden(call: AttentionCall, queries: int, keys: int, index: int) -> Tensor | None:
    mask = call.atten_mask
    if mask is None:
        return None
    # One mask serves all sequences of TND, of the longest one's size.
    fault = attention_mask.shape_fault(mask, call.sparse_mode, queries, keys)
    if fault and not (call.varlen and call.sparse_mode in {0, 1}):
        raise call.wrong(fault)
    if call.sparse_mode == 6:
        prefix = list(call.prefix or ())
        chosen = prefix[index : index + 1] if call.varlen else prefix
        return attention_mask.with_prefix(queries, keys, chosen, mask.device)
    mode = _mode_of_sequence(call, index)
    sparsity = Sparsity(mode, call.pre_tokens, call.next_tokens)
    return attention_mask.hidden(mask, sparsity, queries, keys)


def _mode_of_sequence(call: AttentionCall, index: int) -> int:
    # A long sequence that was cut between devices: the last or the first piece is a band.
    match call.sparse_mode:
        case 7:
            return 4 if index == _filled(call.actual_seq_qlen)[-1] else 3
        case 8:
            return 4 if index == _filled(call.actual_seq_kvlen)[0] else 2
        case mode:
            return mode


def _filled(ends: Sequence[int] | None) -> list[int]:
    sequences = attention_layout.sequences(ends or ())
    return [index for index, one in enumerate(sequences) if one.stop > one.start]
