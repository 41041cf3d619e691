"""The arguments of the attention operators for training, whatever their version calls them."""

from dataclasses import dataclass
from typing import Any, Final

import torch
from torch import Tensor

from yr_fake_cann.errors import NotEmulatedError, OperatorArgumentError
from yr_fake_cann.kernels import internals
from yr_fake_cann.kernels.fused import attention_layout

LAYOUTS: Final = ("BSH", "SBH", "BSND", "BNSD", "TND")
DTYPES: Final = (torch.float16, torch.bfloat16, torch.float32)
EVERYTHING: Final = 2147483647

# What the versions of the operator and its gradient call the same thing.
_RENAMED: Final = {
    "pre_tockens": "pre_tokens",
    "next_tockens": "next_tokens",
    "scale_value": "scale",
}


@dataclass(frozen=True)
class AttentionCall:
    """One call of ``npu_fusion_attention`` or its gradient, with the names of version 2.

    The fields from ``dy`` on are those of the gradient. Raises OperatorArgumentError for what the
    documentation excludes, NotEmulatedError for what it allows and this package does not have.
    """

    operator: str
    query: Tensor
    key: Tensor
    value: Tensor
    head_num: int
    input_layout: str
    pse: Tensor | None = None
    padding_mask: Tensor | None = None
    atten_mask: Tensor | None = None
    query_rope: Tensor | None = None
    key_rope: Tensor | None = None
    scale: float = 1.0
    keep_prob: float = 1.0
    pre_tokens: int = EVERYTHING
    next_tokens: int = EVERYTHING
    inner_precise: int = 0
    prefix: list[int] | None = None
    actual_seq_qlen: list[int] | None = None
    actual_seq_kvlen: list[int] | None = None
    sparse_mode: int = 0
    gen_mask_parallel: bool = True
    sync: bool = False
    pse_type: int = 1
    q_start_idx: list[int] | None = None
    kv_start_idx: list[int] | None = None
    softmax_layout: str = ""
    sink: Tensor | None = None
    dropout_mask: Tensor | None = None
    seed: int = 0
    offset: int = 0
    dy: Tensor | None = None
    softmax_max: Tensor | None = None
    softmax_sum: Tensor | None = None
    softmax_in: Tensor | None = None
    attention_in: Tensor | None = None
    numels: int = 0

    def __post_init__(self) -> None:
        """Refuse what cannot be computed, before anything is."""
        self._refuse_wrong_tensors()
        self._refuse_wrong_settings()
        self._refuse_wrong_masks()
        self._refuse_not_emulated()

    @property
    def layout(self) -> str:
        """The layout in capitals; the operators take either case."""
        return self.input_layout.upper()

    @property
    def varlen(self) -> bool:
        """Whether sequences of several lengths are packed into one dimension."""
        return self.layout == "TND"

    def wrong(self, what: str) -> OperatorArgumentError:
        """Return the error for an argument that the documentation excludes."""
        return OperatorArgumentError(self.operator, what)

    def _refuse_wrong_tensors(self) -> None:
        dtypes = {t.dtype for t in (self.query, self.key, self.value)}
        if len(dtypes) > 1 or not dtypes <= set(DTYPES):
            found = ", ".join(sorted(map(str, dtypes)))
            raise self.wrong(
                f"query, key and value must have one dtype out of float16, bfloat16 and float32, "
                f"not {found}"
            )
        dimensions = 3 if self.layout in {"BSH", "SBH", "TND"} else 4
        for name in ("query", "key", "value"):
            given = getattr(self, name).dim()
            if given != dimensions:
                raise self.wrong(f"{name} has {given} dimensions, {self.layout} has {dimensions}")

    def _refuse_wrong_masks(self) -> None:
        batch = None if self.varlen else self._batch()
        mask = self.atten_mask
        if mask is not None and mask.dtype not in {torch.bool, torch.uint8}:
            raise self.wrong(f"atten_mask is of bool or uint8, not {mask.dtype}")
        for name, given, dimensions in (("atten_mask", mask, {2, 4}), ("pse", self.pse, {4})):
            if given is None or (name == "pse" and self.pse_type > 1):
                continue
            leading = tuple(given.shape[:-2])
            allowed = [(), *((b, n) for b in {1, batch} for n in {1, self.head_num})]
            if given.dim() not in dimensions or leading not in allowed:
                raise self.wrong(
                    f"{name} has shape {tuple(given.shape)}, which fits neither a batch of {batch} "
                    f"nor {self.head_num} heads"
                )

    def _batch(self) -> int:
        axis = 1 if self.layout == "SBH" else 0
        sizes = [x.size(axis) for x in (self.query, self.key, self.value)]
        if len(set(sizes)) > 1:
            raise self.wrong(f"query, key and value have batches of {sizes}")
        if self.sparse_mode in {5, 6} and len(self.prefix or ()) != sizes[0]:
            raise self.wrong(
                f"sparse_mode {self.sparse_mode} needs a prefix for each of {sizes[0]}"
            )
        return sizes[0]

    def _refuse_wrong_settings(self) -> None:
        if self.layout not in LAYOUTS:
            raise self.wrong(f"input_layout {self.input_layout!r} is none of {', '.join(LAYOUTS)}")
        if not 0 < self.keep_prob <= 1:
            raise self.wrong(f"keep_prob is in (0, 1], not {self.keep_prob}")
        allowed = (0, 1, 2, 3, 4, 6, 7, 8) if self.varlen else range(7)
        if self.sparse_mode not in allowed:
            raise self.wrong(f"sparse_mode {self.sparse_mode} does not exist with {self.layout}")
        if self.varlen and not (self.actual_seq_qlen and self.actual_seq_kvlen):
            raise self.wrong("TND needs actual_seq_qlen and actual_seq_kvlen")
        for ends, packed in ((self.actual_seq_qlen, self.query), (self.actual_seq_kvlen, self.key)):
            fault = (
                attention_layout.fault_of_ends(ends or (), packed.size(0)) if self.varlen else ""
            )
            if fault:
                raise self.wrong(fault)
        if self.varlen and len(self.actual_seq_qlen or ()) != len(self.actual_seq_kvlen or ()):
            raise self.wrong("actual_seq_qlen and actual_seq_kvlen name as many sequences")
        if self.pse_type not in range(4):
            raise self.wrong(f"pse_type {self.pse_type} does not exist")
        if self.softmax_layout not in {"", "TND"}:
            raise self.wrong(f"softmax_layout is '' or 'TND', not {self.softmax_layout!r}")
        if self.sink is not None and tuple(self.sink.shape) != (self.head_num,):
            raise self.wrong(f"sink has shape {tuple(self.sink.shape)}, not ({self.head_num},)")

    def _refuse_not_emulated(self) -> None:
        for name, given in (
            ("padding_mask", self.padding_mask is not None),
            ("dropout_mask", self.dropout_mask is not None),
        ):
            if given:
                raise NotEmulatedError(f"{self.operator} with {name}")


def attention_call(operator: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> AttentionCall:
    """Return the record of a call as torch's dispatcher makes it, bound by its schema."""
    schema = internals.schema(internals.operator(f"npu::{operator}"))
    names = [argument.name for argument in schema.arguments]
    given = dict(zip(names, args, strict=False)) | kwargs
    renamed = {_RENAMED.get(name, name): _on_the_host(name, value) for name, value in given.items()}
    return AttentionCall(f"torch_npu.{operator}", **renamed)


def _on_the_host(name: str, value: Any) -> Any:
    # Version 3 takes lengths and seeds as tensors, so that graphs can be replayed with others.
    if isinstance(value, Tensor) and value.dtype is torch.int64:
        return value.item() if name in {"seed", "offset"} else value.tolist()
    return value
