"""The table of emulated functions, and the check of wheels against it."""

import importlib.metadata
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest
from bindings import LIBRARIES, Cann, CannError

from yr_fake_cann import symbols

TOOL: Final = Path(__file__).parents[2] / "tools" / "emulated.py"
SONAMES: Final = [
    "ascendcl",
    "hccl",
    "runtime",
    "hccl_plf",
    "ra",
    "acl_op_compiler",
    "ge_runner",
    "graph",
    "mspti",
    "msprofiler",
    "ms_tools_ext",
    "ascend_hal",
]


def installed(wheel: str) -> bool:
    """Return whether a wheel is installed."""
    return any(importlib.metadata.distributions(name=wheel))


def test_the_page_of_emulated_functions_is_up_to_date() -> None:
    """docs/emulated.md is what the sources say."""
    ended = subprocess.run([sys.executable, str(TOOL), "--check"], capture_output=True, check=False)

    assert ended.returncode == 0, ended.stderr


def test_the_page_lists_exactly_what_is_exported() -> None:
    """Neither the page nor the library has a function that the other does not."""
    sys.path.insert(0, str(TOOL.parent))
    from emulated import OWN, functions

    sys.path.pop(0)
    exported = symbols.read_binary(os.path.join(LIBRARIES, symbols.CORE)).exports

    listed = {function.name for function in functions()}
    assert listed == {name for name in exported if not name.startswith(OWN)}


@pytest.mark.parametrize("soname", SONAMES)
def test_every_name_of_cann_gives_every_function(soname: str) -> None:
    """A symbol is found through whichever library a caller opened."""
    cann = Cann(f"lib{soname}.so")

    assert cann.number("aclrtGetDeviceCount") > 0


def test_a_function_that_is_not_emulated_names_itself() -> None:
    """The message names the page, too."""
    with pytest.raises(
        CannError, match="aclrtReserveMemAddress is not emulated, see docs/emulated"
    ):
        Cann().aclrtReserveMemAddress()


def test_the_installed_wheels_find_all_their_symbols() -> None:
    """Nothing that the released binaries import is missing."""
    wheels = [wheel for wheel in symbols.WHEELS if installed(wheel)]
    if not wheels:
        pytest.skip("no wheel is installed")

    findings = symbols.check(wheels, LIBRARIES)

    assert [finding for finding in findings if not finding.complete] == []
    for wheel in wheels:
        assert sum(finding.imported for finding in findings if finding.wheel == wheel) > 50


def test_a_wheel_that_needs_more_is_incomplete(tmp_path: Path) -> None:
    """The finding lists the symbols that the emulated CANN does not export."""
    wheel = "openyuanrong-datasystem"
    if not installed(wheel):
        pytest.skip(f"{wheel} is not installed")
    for library in os.listdir(LIBRARIES):
        # One that exports nothing of CANN in the place of ours.
        shutil.copy(os.path.join(LIBRARIES, "libyr_fake_cann_probe.so"), tmp_path / library)

    findings = symbols.check([wheel], str(tmp_path))

    plugin = next(finding for finding in findings if finding.library == "libacl_plugin.so")
    assert not plugin.complete
    assert {"aclrtMalloc", "HcclSend"} <= set(plugin.missing)
