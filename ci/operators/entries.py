"""One entry of torch's operator database, computed on the emulated NPU and on the CPU."""

from __future__ import annotations

import functools
import itertools
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

import torch
import torch_npu  # noqa: F401 - the device
from torch.testing._internal.common_methods_invocations import op_db
from torch.utils._pytree import tree_flatten, tree_map

SOME: Final = 3
# They compile for CUDA.
SKIPPED: Final = frozenset(
    {"jiterator_unary", "jiterator_binary", "jiterator_4inputs_with_extra_args"}
)
# Their values are whatever memory holds.
_UNSET: Final = ("empty", "new_empty")
_REFUSALS: Final = (
    "not emulated",
    "to be on cpu",
    "not implemented",
    "not support",
    "unsupported",
    "Unsupported",
)


@dataclass(frozen=True)
class Verdict:
    """What became of a part of an entry: its samples, the first refusal and wrong result."""

    name: str
    part: str
    samples: int = 0
    is_random: bool = False
    refused: str = ""
    wrong: str = ""

    @property
    def what(self) -> str:
        """The entry and the part, as `refused.txt` names them."""
        return f"{self.name} {self.part}"


def names() -> list[str]:
    """Return all entries; a variant has its name behind a dot."""
    return [_name(op) for op in op_db if op.name not in SKIPPED]


def examine(name: str, values_only: bool) -> list[Verdict]:
    """Return the verdicts of an entry: values in float32, gradients, and values in other dtypes."""
    op = _by_name()[name]
    torch.set_num_threads(1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        verdicts = [_compare(op, "float32", torch.float32, _values, None)]
        if values_only:
            return verdicts
        if op.supports_autograd and torch.float32 in op.dtypes:
            verdicts.append(_compare(op, "gradients", torch.float32, _gradients, SOME))
        for dtype in sorted(op.dtypes - {torch.float32}, key=str):
            part = str(dtype).removeprefix("torch.")
            verdicts.append(_compare(op, part, dtype, _values, SOME))
    return verdicts


def _compare(
    op: Any, part: str, dtype: torch.dtype, compute: Callable[[Any, Any], Any], most: int | None
) -> Verdict:
    verdict = Verdict(_name(op), part, is_random=op.name.startswith(_UNSET))
    for sample in _samples(op, dtype, part == "gradients", most):
        (expected, fault), (again, _) = (_computed(compute, op, sample, "cpu") for _ in range(2))
        if fault is not None:
            # What torch refuses on the CPU says nothing about the device.
            continue
        is_random = verdict.is_random or bool(_difference(again, expected))
        verdict = replace(verdict, samples=verdict.samples + 1, is_random=is_random)
        found, fault = _computed(compute, op, sample, "npu")
        if fault is not None and _is_refusal(fault):
            verdict = replace(verdict, refused=verdict.refused or _said(fault))
            continue
        wrong = _said(fault) if fault else "" if is_random else _difference(found, expected)
        if wrong:
            return replace(verdict, wrong=wrong)
    return verdict


def _computed(
    compute: Callable[[Any, Any], Any], op: Any, sample: Any, device: str
) -> tuple[Any, Exception | None]:
    try:
        return compute(op, _moved(sample, device)), None
    except Exception as error:
        return None, error


def _said(error: Exception) -> str:
    first = (str(error).splitlines() or [""])[0]
    return f"{type(error).__name__}: {first}"[:200]


def _samples(op: Any, dtype: torch.dtype, gradients: bool, most: int | None) -> Iterator[Any]:
    if dtype not in op.dtypes:
        return iter(())
    torch.manual_seed(0)
    samples: Iterator[Any] = iter(op.sample_inputs("cpu", dtype, requires_grad=gradients))
    return itertools.islice(samples, most)


def _values(op: Any, sample: Any) -> Any:
    torch.manual_seed(0)
    return op(sample.input, *sample.args, **sample.kwargs)


def _gradients(op: Any, sample: Any) -> Any:
    leaves = [x for x in _tensors((sample.input, sample.args, sample.kwargs)) if x.requires_grad]
    results = [x for x in _tensors(_values(op, sample)) if x.requires_grad]
    ones = [torch.ones_like(x) for x in results]
    return torch.autograd.grad(results, leaves, ones, allow_unused=True) if results else ()


def _moved(sample: Any, device: str) -> Any:
    """Return a sample whose tensors, and arguments that name a device, are of another one."""

    def move(value: Any) -> Any:
        if isinstance(value, torch.Tensor):
            copied = value.detach().clone().to(device)
            return copied.requires_grad_(value.requires_grad)
        if isinstance(value, torch.device) or value == "cpu":
            return device
        return value

    parts = tree_map(move, (sample.input, sample.args, sample.kwargs))
    return type(sample)(parts[0], args=parts[1], kwargs=parts[2])


def _difference(found: Any, expected: Any) -> str:
    left, right = (tree_flatten(x)[0] for x in (found, expected))
    if len(left) != len(right):
        return f"{len(left)} results, not {len(right)}"
    try:
        for one, other in zip(left, right, strict=True):
            if isinstance(other, torch.Tensor):
                _assert_close(one.cpu(), other)
            elif one is not None and one != other and not isinstance(one, torch.device):
                return f"{one}, not {other}"
    except (AssertionError, RuntimeError) as error:
        return " ".join(str(error).split())[:200]
    return ""


def _assert_close(one: torch.Tensor, other: torch.Tensor) -> None:
    """Allow four times the usual tolerance: what one kernel computes here are several there."""
    default = torch.testing._comparison.default_tolerances(other)  # noqa: SLF001
    rtol, atol = (4 * limit for limit in default)
    torch.testing.assert_close(one, other, rtol=rtol, atol=atol, equal_nan=True, check_stride=False)


def _tensors(tree: Any) -> list[torch.Tensor]:
    return [x for x in tree_flatten(tree)[0] if isinstance(x, torch.Tensor)]


def _is_refusal(error: Exception) -> bool:
    return isinstance(error, NotImplementedError) or any(w in str(error) for w in _REFUSALS)


def _name(op: Any) -> str:
    return f"{op.name}.{op.variant_test_name}" if op.variant_test_name else str(op.name)


@functools.cache
def _by_name() -> dict[str, Any]:
    return {_name(op): op for op in op_db}
