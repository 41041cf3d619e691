"""What only a process that has done nothing yet can show."""

import pytest
from isolation import run_python

FIRST_TOUCHES = [
    'torch.ones(15).to("npu:1").sum().item()',
    *(
        pytest.param(expression, marks=pytest.mark.long)
        for expression in (
            'torch.arange(6.0, device="npu:1").sum().item()',
            'torch.zeros(3, device="npu:1").add(5).sum().item()',
            'torch.tensor([15.0], device="npu:1").item()',
            'torch.full((5,), 3.0, device="npu:1").cpu().sum().item()',
        )
    ),
]


@pytest.mark.parametrize("expression", FIRST_TOUCHES)
def test_the_first_touch_may_be_another_device(expression: str) -> None:
    """Any device may be the first that a process uses."""
    assert run_python(f"import torch; print({expression})").splitlines()[-1] == "15.0"


@pytest.mark.long
@pytest.mark.parametrize("statement", ["import torch_npu, torch", "import torch, torch_npu"])
def test_either_package_may_be_imported_first(statement: str) -> None:
    """The kernels are there after any order of imports."""
    script = f"{statement}; print((torch.ones(2).npu() + 1).tolist())"

    assert run_python(script).splitlines()[-1] == "[2.0, 2.0]"


def test_installing_kernels_is_a_small_part_of_the_import() -> None:
    """No operator is looked up before it is called: registration makes no kernel."""
    script = """
import torch, torch_npu
from yr_fake_cann.kernels import installation
made = installation.kernels_made()
torch.ones(2, device="npu") + 1
print(made, installation.kernels_made() > 0)
"""
    assert run_python(script).splitlines()[-1] == "0 True"
