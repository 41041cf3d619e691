"""A training loop on an NPU that fails, hangs, is full or loses its links, and is healed."""

import pathlib

import pytest
from isolation import run_python

from yr_fake_cann.control import Control

LOOP = """
import threading, torch, torch_npu
from yr_fake_cann.control import Control

control = Control({path!r})
layer = torch.nn.Linear(8, 8).to("npu")
optimiser = torch.optim.SGD(layer.parameters(), lr=0.1)
batch = torch.randn(4, 8, device="npu")

def step():
    optimiser.zero_grad()
    layer(batch).square().mean().backward()
    optimiser.step()
    torch.npu.synchronize()

def outcome():
    try:
        step()
    except (RuntimeError, torch.OutOfMemoryError) as error:
        return f"{{type(error).__name__}}: {{error}}"
    return "done"

first = outcome()
"""


@pytest.fixture
def control(tmp_path: pathlib.Path) -> Control:
    """Conditions of a machine, all well."""
    return Control.create(tmp_path / "control")


def lines(control: Control, script: str) -> list[str]:
    """Return what a script prints after a first step of the loop on a machine."""
    text = LOOP.format(path=control.path) + script
    return run_python(text, **control.environment()).splitlines()[-3:]


def test_a_step_on_a_failed_npu_raises_its_code(control: Control) -> None:
    """Every step does until the NPU is healed."""
    script = """
control.fail(0, 507054)
second, third = outcome(), outcome()
control.heal()
print(first, outcome(), sep="|")
print(second.replace("\\n", " "))
print(third.replace("\\n", " "))
"""
    well, *failed = lines(control, script)

    assert well == "done|done"
    for step in failed:
        assert "507054" in step


def test_a_step_on_a_hung_npu_waits(control: Control) -> None:
    """It is done when the NPU goes on, and nothing is lost."""
    script = """
control.hang(0)
stepped = []
thread = threading.Thread(target=lambda: stepped.append(outcome()))
thread.start()
thread.join(0.3)
print(thread.is_alive(), stepped)
control.heal()
thread.join(60)
print(stepped)
print(first)
"""
    assert lines(control, script) == ["True []", "['done']", "done"]


def test_a_step_on_a_full_npu_runs_out_of_memory(control: Control) -> None:
    """What is allocated stays; torch's own error comes for what is not."""
    script = """
control.exhaust(0)
try:
    torch.empty(1 << 26, device="npu")
except torch.OutOfMemoryError as error:
    print("OutOfMemoryError")
print(outcome())
control.heal()
print(torch.empty(1 << 26, device="npu").numel())
"""
    assert lines(control, script) == ["OutOfMemoryError", "done", str(1 << 26)]
