"""docs/first-errors.md is true: what it quotes is what people read."""

from __future__ import annotations

import pathlib
import re
import subprocess
import sys
from collections.abc import Callable

import pytest
import torch

from ray_ascend import register_yr_tensor_transport
from ray_ascend.backend.worker_command import find_dscli
from ray_ascend.npu.path import NpuPath
from ray_ascend.objects.metadata import YRTransportMetadata
from ray_ascend.objects.specs import TensorSpec
from ray_ascend.store.status import transfer_error

PAGE = pathlib.Path(__file__).parent.parent / "docs" / "first-errors.md"
UNKNOWN = """
import ray

class Sender:
    @ray.method(tensor_transport="YR")
    def send(self):
        pass
"""


def quoted(begin: str) -> str:
    """Give the text that the page quotes in the row that begins so, without the error's name."""
    text = PAGE.read_text(encoding="utf-8")
    row = next(line for line in text.splitlines() if line.startswith(f"| {begin}"))
    said = re.findall(r"`([^`]+)`", row.split(" | ")[1])[-1]
    return re.sub(r"^\w+Error: ", "", str(said))


def raised_by(call: Callable[[], object]) -> str:
    """Give what is raised, without quotation marks for code."""
    with pytest.raises(Exception) as raised:  # noqa: PT011 - the text is compared
        call()
    return str(raised.value).replace("`", "")


def without_its_particulars(text: str) -> str:
    """Leave out what differs from case to case: keys, numbers, names of nodes."""
    return re.sub(r"'rdt[^']*'|'\.\.\.'|\d+|on \S+ has|'(?:|None)'|None", "_", text)


def test_before_ray_runs() -> None:
    """Registering without Ray."""
    assert raised_by(register_yr_tensor_transport) == quoted("`register_yr_tensor_transport()`")


def test_no_dscli(monkeypatch: pytest.MonkeyPatch) -> None:
    """A node without the command, on which nothing asks for a fake."""
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setenv("YR_FAKE_DS", "0")
    monkeypatch.setattr(sys, "executable", "/nowhere/python")

    assert raised_by(find_dscli) == quoted("no `dscli`")


def test_a_lost_object() -> None:
    """What a worker's death means for what was in it."""
    missing = transfer_error(RuntimeError("code: [Key not found], msg: [no data]"), "rdt-1")

    said = without_its_particulars(str(missing))
    assert said.startswith(without_its_particulars(quoted("the worker died")))


def test_a_name_that_ray_does_not_know() -> None:
    """Ray's own words, in a process that has not imported ray_ascend."""
    done = subprocess.run(
        [sys.executable, "-c", UNKNOWN], capture_output=True, text=True, timeout=120, check=False
    )

    assert done.stderr.rstrip().endswith(quoted("a class decorated"))


class NoNpus:
    """`torch.npu` where ASCEND_RT_VISIBLE_DEVICES shows none."""

    @staticmethod
    def device_count() -> int:
        """Count them."""
        return 0


def test_no_npu(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that is to receive an NPU tensor, and sees no NPU."""
    monkeypatch.setenv("ASCEND_RT_VISIBLE_DEVICES", "")
    monkeypatch.setattr(torch, "get_device_module", lambda _device: NoNpus)

    nothing = YRTransportMetadata([TensorSpec("float32", (0,))], "npu")
    said = raised_by(lambda: NpuPath().rebuild_empty(nothing, None))

    assert without_its_particulars(said) == without_its_particulars(quoted("an NPU tensor fetched"))
