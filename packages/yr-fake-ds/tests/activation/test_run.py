"""``yr-fake-ds run``, ``env`` and ``which``."""

import os
import signal
import subprocess
import sys

import pytest

from yr_fake_ds import activation
from yr_fake_ds.errors import ActivationError

CLI = [sys.executable, "-m", "yr_fake_ds"]
PRINT_SDK = "import yr.datasystem; print(yr.datasystem.__file__)"


def _run(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*CLI, *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={**os.environ, **environ},
    )


def test_the_sdk_of_a_command_is_the_fake() -> None:
    """``run`` makes the command import the shim."""
    done = _run("run", "--", sys.executable, "-c", PRINT_SDK)

    assert done.stdout.startswith(activation.SHIM_ROOT), done.stderr


def test_children_of_the_command_inherit_the_fake() -> None:
    """A grandchild imports the shim too."""
    nested = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {PRINT_SDK!r}])"

    done = _run("run", "--", sys.executable, "-c", nested)

    assert done.stdout.startswith(activation.SHIM_ROOT), done.stderr


def test_the_exit_code_is_the_commands() -> None:
    """``run`` becomes the command."""
    assert _run("run", "--", sys.executable, "-c", "raise SystemExit(7)").returncode == 7


def test_a_signal_reaches_the_command() -> None:
    """A command that is killed looks killed."""
    code = "import os, signal; os.kill(os.getpid(), signal.SIGTERM)"

    assert _run("run", "--", sys.executable, "-c", code).returncode == -signal.SIGTERM


def test_options_of_the_command_are_its_own() -> None:
    """What follows the command is passed on untouched."""
    done = _run("run", "--", sys.executable, "-c", "import sys; print(sys.argv)", "--npus", "-h")

    assert done.stdout.strip() == "['-c', '--npus', '-h']"


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        (["run"], 2, "needs a command"),
        (["run", "--", "/nowhere/x"], 127, "command not found: /nowhere/x"),
        (["run", "--", "/"], 126, "cannot execute /"),
    ],
)
def test_what_cannot_run_says_why(arguments: list[str], code: int, text: str) -> None:
    """Each refusal has its exit code and its reason."""
    done = _run(*arguments)

    assert done.returncode == code
    assert text in done.stderr


def test_env_is_shell_code_that_activates() -> None:
    """``eval "$(yr-fake-ds env)"`` changes what python imports."""
    script = f'eval "$({sys.executable} -m yr_fake_ds env)"; {sys.executable} -c "{PRINT_SDK}"'

    done = subprocess.run(
        ["/bin/sh", "-c", script], capture_output=True, text=True, check=True, timeout=60
    )

    assert done.stdout.startswith(activation.SHIM_ROOT)


def test_activating_twice_changes_nothing() -> None:
    """Variables computed from an active environment are the same."""
    once = activation.variables({"PATH": "/bin", "PYTHONPATH": "/x"})

    assert activation.variables(once) == once


def test_the_shim_comes_before_what_was_there() -> None:
    """Earlier entries of the paths stay, behind the shim's."""
    values = activation.variables({"PATH": "/bin", "PYTHONPATH": "/x:/y"})

    assert values["PYTHONPATH"] == f"{activation.SHIM_ROOT}:/x:/y"
    assert values["PATH"] == f"{activation.SHIM_ROOT}/bin:/bin"


def test_which_names_the_fake_under_run() -> None:
    """One line says that the fake is active."""
    done = _run("run", "--", *CLI, "which")

    assert done.stdout.startswith("yr.datasystem: yr-fake-ds ")


def test_importing_the_package_activates_nothing() -> None:
    """``import yr_fake_ds`` gives its own classes and leaves `yr` alone."""
    look = "print([name for name in sys.modules if name.startswith('yr.')])"
    code = f"import sys, yr_fake_ds; yr_fake_ds.KVClient; {look}"

    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )

    assert done.stdout.strip() == "[]"


def test_importing_the_sdk_is_light() -> None:
    """Neither torch nor numpy nor the message library is loaded by ``import yr.datasystem``."""
    code = "import sys, yr.datasystem; print({'torch', 'numpy', 'msgspec'} & set(sys.modules))"

    done = _run("run", "--", sys.executable, "-c", code)

    assert done.stdout.strip() == "set()", done.stderr


def test_a_regular_yr_package_is_refused(tmp_path: "os.PathLike[str]") -> None:
    """A distribution that installs yr/__init__.py would hide the shim."""
    os.makedirs(os.path.join(tmp_path, "yr"))
    with open(os.path.join(tmp_path, "yr", "__init__.py"), "w", encoding="utf-8"):
        pass
    path = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])

    done = _run("run", "--", "true", PYTHONPATH=path)

    assert done.returncode == 1
    assert "'yr' is a regular package" in done.stderr


def test_the_real_sdk_in_this_process_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Activation cannot replace what is already imported."""
    module = type(sys)("yr.datasystem")
    module.__file__ = "/site-packages/yr/datasystem/__init__.py"
    monkeypatch.setitem(sys.modules, "yr.datasystem", module)

    with pytest.raises(ActivationError, match="already imported"):
        activation.activate({})
