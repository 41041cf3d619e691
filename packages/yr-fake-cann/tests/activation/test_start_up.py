"""The start-up hook: inherited, chained, cheap, and silent where nothing is active."""

import os
import pathlib
import sys
from importlib import metadata

import pytest
from commands import command, finished, inactive, python

from yr_fake_cann import activation

COMPUTE = "import torch; print((torch.ones(2, device='npu:1') + 1).sum().item())"


def write_hook(directory: pathlib.Path, name: str) -> str:
    """Write another activation's sitecustomize, which leaves a mark in sys."""
    (directory / "sitecustomize.py").write_text(f"import sys\nsys.{name} = True\n")
    return str(directory)


@pytest.mark.parametrize("first", [True, False], ids=["before ours", "after ours"])
def test_another_activation_keeps_its_hook(tmp_path: pathlib.Path, first: bool) -> None:
    """Directories that others prepend or append to PYTHONPATH work beside ours."""
    other = write_hook(tmp_path, "other_hook")
    shim = activation.SHIM_ROOT
    (tmp_path / "marker.py").write_text("HERE = True\n")
    environ = inactive()
    environ.update(activation.variables(environ, activation.Machine()))
    environ["PYTHONPATH"] = ":".join([other, shim] if first else [shim, other])
    script = "import sys, marker, acl; print(hasattr(sys, 'other_hook'), acl.get_soc_name())"

    printed = finished([sys.executable, "-c", script], environ).stdout

    assert printed == "True Ascend910B3\n"


def test_grandchildren_inherit() -> None:
    """A subprocess of a subprocess computes on NPUs."""
    script = (
        "import subprocess, sys; print(subprocess.run([sys.executable, '-c', "
        f"{COMPUTE!r}], capture_output=True, text=True, check=True).stdout)"
    )

    done = command("run", "--", sys.executable, "-c", script)

    assert "4.0" in done.stdout


def test_without_activation_nothing_is_watched() -> None:
    """The shim on the path alone does nothing."""
    script = "import sys; print([type(f).__name__ for f in sys.meta_path])"

    done = finished([sys.executable, "-c", script], inactive(PYTHONPATH=activation.SHIM_ROOT))

    assert "KernelFinder" not in done.stdout
    assert done.returncode == 0


def test_a_process_without_torch_npu_loads_nothing() -> None:
    """An activated process that does not use NPUs has loaded neither kernels nor libraries."""
    script = (
        "import sys; maps = open('/proc/self/maps').read(); "
        "print([m for m in sys.modules if m.startswith(('torch', 'yr_fake_cann.kernels', 'ctypes'))"
        "], 'libascendcl' in maps)"
    )

    assert python(script) == "[] False"


def test_no_capability_is_needed() -> None:
    """As in a container without any privilege, tensors move between NPUs."""
    bare = ["setpriv", "--bounding-set=-all", "--inh-caps=-all", "--no-new-privs"]
    if os.geteuid():
        pytest.skip("an ordinary user has no capability anyway")
    script = (
        "import torch; x = torch.arange(3.0, device='npu:1').to('npu:0'); "
        "held = [line.split()[1] for line in open('/proc/self/status') if 'CapEff' in line]; "
        "print(int(held[0], 16), (x + 1).tolist())"
    )

    done = command("run", "--", *bare, sys.executable, "-c", script)

    assert done.stdout == "0 [1.0, 2.0, 3.0]\n"


def test_other_imports_of_torch_npu_are_watched_too() -> None:
    """``importlib.import_module`` and torch's own loading of backends install the kernels."""
    script = (
        "import importlib; importlib.import_module('torch_npu'); import torch; "
        "print((torch.ones(2, device='npu') * 2).tolist())"
    )

    assert python(script) == "[2.0, 2.0]"


@pytest.mark.parametrize("name", ["PYTHONPATH", "LD_LIBRARY_PATH", "LD_PRELOAD"])
def test_a_variable_that_is_replaced_later_is_put_back(name: str) -> None:
    """As Ray's runtime_env does: the process that starts with it still has the NPUs."""
    if not any(file.name == "yr_fake_cann.pth" for file in metadata.files("yr-fake-cann") or []):
        pytest.skip("this yr-fake-cann is not installed as its wheel is")
    replaced = f"import os; os.environ[{name!r}] = ''; "
    script = (
        f"{replaced}import subprocess, sys; print(subprocess.run([sys.executable, '-c', "
        f"{COMPUTE!r}], capture_output=True, text=True, check=True).stdout)"
    )

    done = command("run", "--", sys.executable, "-c", script)

    assert "4.0" in done.stdout, done.stderr


def test_a_variable_that_is_removed_stays_away() -> None:
    """Whoever starts a program without the probe wants it so."""
    script = (
        "import subprocess, sys, os; del os.environ['LD_PRELOAD']; subprocess.run([sys.executable, "
        "'-c', 'import os; print(os.environ.get(\"LD_PRELOAD\"))'])"
    )

    assert python(script) == "None"


def test_what_replaces_the_variable_each_time_is_let_be(tmp_path: pathlib.Path) -> None:
    """A Python that cannot be given its variable back runs without it instead of for ever."""
    wrapper = tmp_path / "python"
    wrapper.write_text(f'#!/bin/bash\nLD_PRELOAD= exec -a "$0" {sys.executable} "$@"\n')
    wrapper.chmod(0o755)

    done = command("run", "--", str(wrapper), "-c", "print('runs')")

    assert done.stdout == "runs\n", done.stderr
