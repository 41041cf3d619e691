"""The arguments of the attention operators for inference, whatever each calls them."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, Final

import torch
from torch import Tensor

from yr_fake_cann.errors import NotEmulatedError, OperatorArgumentError
from yr_fake_cann.kernels import internals
from yr_fake_cann.kernels.fused import attention_layout

LAYOUTS: Final = ("BSH", "BSND", "BNSD", "TND", "NTD")
_DIMENSIONS: Final = {"BSH": 3, "BSND": 4, "BNSD": 4, "TND": 3, "NTD": 3}

# What the operators call the same thing.
_RENAMED: Final = {
    "actual_seq_kvlen": "actual_seq_lengths_kv",
    "actual_seq_qlen": "actual_seq_lengths",
    "learnable_sink": "sink",
    "num_query_heads": "num_heads",
    "return_softmax_lse": "softmax_lse_flag",
    "scale_value": "scale",
    "softmax_scale": "scale",
}


@dataclass(frozen=True)
class InferenceCall:
    """One call; layouts, lengths and masks are explained in `inference_attention`.

    Raises OperatorArgumentError for what the documentation excludes.
    """

    operator: str
    query: Tensor
    key: Tensor
    value: Tensor
    pse_shift: Tensor | None = None
    atten_mask: Tensor | None = None
    actual_seq_lengths: Sequence[int] | None = None
    actual_seq_lengths_kv: Sequence[int] | None = None
    block_table: Tensor | None = None
    query_rope: Tensor | None = None
    key_rope: Tensor | None = None
    num_heads: int = 1
    scale: float = 1.0
    pre_tokens: int = 2147483647
    next_tokens: int = 2147483647
    input_layout: str = "BSH"
    num_key_value_heads: int = 0
    sparse_mode: int = 0
    inner_precise: int = 0
    block_size: int = 0
    softmax_lse_flag: bool = False
    sink: Tensor | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be computed, before anything is."""
        for layout in {self.layout, self.result_layout}:
            if layout in {"NBSD", "NSD"}:
                raise NotEmulatedError(f"{self.operator} with input_layout={self.input_layout}")
            if layout not in LAYOUTS:
                raise self.wrong(f"input_layout {self.input_layout!r} is not supported")
        if self.query.dim() != _DIMENSIONS[self.layout]:
            raise self.wrong(f"query has {self.query.dim()} dimensions in {self.layout}")
        if self.num_heads < 1 or self.num_heads % self.key_heads:
            raise self.wrong(f"{self.num_heads} heads, {self.key_heads} of keys and values")
        if self.sparse_mode not in range(5):
            raise self.wrong(f"sparse_mode {self.sparse_mode} is none of 0 to 4")
        if self.varlen and not self.actual_seq_lengths:
            raise self.wrong(f"{self.layout} needs the ends of the queries' sequences")
        if self.block_table is not None and not self.actual_seq_lengths_kv:
            raise self.wrong("block_table needs the lengths of keys and values")
        self._refuse_wrong_tensors()

    def _refuse_wrong_tensors(self) -> None:
        mask = self.atten_mask
        if mask is not None and mask.dtype not in {torch.bool, torch.int8, torch.uint8}:
            raise self.wrong(f"atten_mask is of bool, int8 or uint8, not {mask.dtype}")
        dtypes = {self.query.dtype, self.key.dtype, self.value.dtype}
        if len(dtypes) > 1:
            raise self.wrong(f"query, key and value have dtypes {sorted(map(str, dtypes))}")
        if self.varlen:
            rows = self.query.size(0 if self.layout == "TND" else 1)
            fault = attention_layout.fault_of_ends(self.actual_seq_lengths or (), rows)
            if fault:
                raise self.wrong(fault)

    @property
    def layout(self) -> str:
        """The layout of queries, and of keys that are not paged."""
        return self.input_layout.partition("_")[0]

    @property
    def result_layout(self) -> str:
        """The layout of the result, the second of two."""
        return self.input_layout.rpartition("_")[2]

    @property
    def varlen(self) -> bool:
        """Whether sequences of several lengths are packed into one dimension."""
        return self.layout in {"TND", "NTD"}

    @property
    def key_heads(self) -> int:
        """How many heads keys and values have."""
        return self.num_key_value_heads or self.num_heads

    def wrong(self, what: str) -> OperatorArgumentError:
        """Return the error for an argument that the documentation excludes."""
        return OperatorArgumentError(self.operator, what)


_KNOWN: Final = {field.name for field in fields(InferenceCall)}


def inference_call(operator: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> InferenceCall:
    """Return the record of a call; raises NotEmulatedError for an option that it does not hold."""
    arguments = internals.schema(internals.operator(f"npu::{operator}")).arguments
    names = [argument.name for argument in arguments]
    defaults: dict[str, Any] = {a.name: a.default_value for a in arguments}
    # The dispatcher leaves out what has its default, which differs between operators.
    given = defaults | dict(zip(names, args, strict=False)) | kwargs
    renamed = {_RENAMED.get(name, name): value for name, value in given.items()}
    others = renamed.keys() - _KNOWN
    asked = [
        n for n in sorted(others) if isinstance(renamed[n], Tensor) or renamed[n] != defaults[n]
    ]
    if asked:
        raise NotEmulatedError(f"torch_npu.{operator} with {', '.join(asked)}")
    known = {name: value for name, value in renamed.items() if name in _KNOWN}
    return InferenceCall(f"torch_npu.{operator}", **known)
