"""ASCEND_RT_VISIBLE_DEVICES, as the runtime and the module ``acl`` read it."""

import pytest
from commands import python

BOTH = """
import acl, torch_npu
print(acl.rt.get_device_count(), torch_npu.npu.device_count())
"""


LISTS = [
    ("2,5", 2),
    ("", 0),
    *(
        pytest.param(visible, count, marks=pytest.mark.long)
        for visible, count in (("0", 1), ("3,99,1", 1), ("7", 1), ("x", 0), ("4,4,5", 1))
    ),
]


@pytest.mark.parametrize(("visible", "count"), LISTS)
def test_both_count_the_visible_npus(visible: str, count: int) -> None:
    """``acl`` answers what the runtime answers."""
    printed = python(BOTH, "--npus", "8", ASCEND_RT_VISIBLE_DEVICES=visible)

    assert printed == f"({count}, 0) {count}"


def test_without_the_variable_all_are_visible() -> None:
    """No restriction, all NPUs."""
    assert python(BOTH, "--npus", "6") == "(6, 0) 6"


def test_acl_says_what_it_does_not_have() -> None:
    """Other names of CANN's module are refused with the reason."""
    script = "import acl\ntry:\n    acl.mdl\nexcept AttributeError as error:\n    print(error)"

    assert "acl.mdl is not emulated by yr-fake-cann" in python(script)
