"""Puts the fake in the place of the real SDK, for a process and everything it starts.

    PYTHONPATH = <shim root>:...        yr/datasystem/**   a few lines each, re-exporting yr_fake_ds
    PATH       = <shim root>/bin:...    dscli
    YR_FAKE_DS_PYTHON = <interpreter>   what that dscli runs on
    YR_FAKE_DS = 1                      puts the others back where somebody replaced them (startup)

The real wheel leaves `yr` a namespace package, so the first directory on the path that holds
`yr/datasystem` wins and both can be installed side by side. Nothing here imports `yr`, and
importing `yr_fake_ds` activates nothing.
"""

import importlib.util
import os
import sys
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from typing import Final

from yr_fake_ds._version import __version__
from yr_fake_ds.errors import ActivationError

SHIM_ROOT: Final = os.path.join(os.path.dirname(os.path.abspath(__file__)), "shim")
PYTHON_VARIABLE: Final = "YR_FAKE_DS_PYTHON"
SWITCH: Final = "YR_FAKE_DS"
REAL_DISTRIBUTION: Final = "openyuanrong-datasystem"


@dataclass(frozen=True)
class ActiveSdk:
    """Which SDK ``import yr.datasystem`` gives here: "fake", "real" or "none", and from where."""

    kind: str
    location: str

    def describe(self) -> str:
        """Return the one line that `yr-fake-ds which` and pytest's header show.

        UnknownProfileError if it is the fake of a release that there is no profile of.
        """
        if self.kind == "fake":
            from yr_fake_ds.profile import active

            return f"yr.datasystem: yr-fake-ds {__version__} (emulates {active().version})"
        if self.kind == "real":
            return f"yr.datasystem: {REAL_DISTRIBUTION} {_real_version()} at {self.location}"
        return "yr.datasystem: none (neither yr-fake-ds is active nor the real SDK installed)"


def variables(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that activate the fake, given the environment they will change.

    Called by ``yr-fake-ds run`` and ``env`` and by the pytest plugin; idempotent.
    """
    return {
        "PYTHONPATH": _put_first(SHIM_ROOT, environ.get("PYTHONPATH", "")),
        "PATH": _put_first(os.path.join(SHIM_ROOT, "bin"), environ.get("PATH", os.defpath)),
        PYTHON_VARIABLE: sys.executable,
        SWITCH: "1",
    }


def activate(environ: MutableMapping[str, str] = os.environ) -> None:
    """Activate the fake in this process and in what it starts from now on.

    Raises ActivationError, with the reason, when the real SDK is already imported or shadows the
    shim. Called by the pytest plugin before anything imports `yr`.
    """
    refuse_if_impossible()
    environ.update(variables(environ))
    if SHIM_ROOT in sys.path:
        sys.path.remove(SHIM_ROOT)
    sys.path.insert(0, SHIM_ROOT)
    # A namespace package that was imported before does not look at sys.path again by itself.
    importlib.invalidate_caches()


def restore() -> None:
    """Put back what was replaced since the activation; called at the start of each Python."""
    for name, value in variables(os.environ).items():
        if value.split(os.pathsep)[0] not in os.environ.get(name, "").split(os.pathsep):
            os.environ[name] = value
    if SHIM_ROOT not in sys.path:
        sys.path.insert(0, SHIM_ROOT)


def refuse_if_impossible() -> None:
    """Raise ActivationError if the shim root could not take effect in this process."""
    _refuse_unknown_profile()
    loaded = sys.modules.get("yr.datasystem")
    if loaded is not None and not _is_ours(getattr(loaded, "__file__", None) or ""):
        raise ActivationError(
            f"the real SDK is already imported in this process, from {loaded.__file__}: activate "
            "the fake earlier (yr-fake-ds run -- COMMAND, or -p yr_fake_ds.pytest --yr-fake-ds)"
        )
    package = sys.modules.get("yr") or _find("yr")
    location = getattr(package, "__file__", None) or getattr(package, "origin", None)
    if location:
        raise ActivationError(
            f"'yr' is a regular package at {location}, which hides every namespace part, the "
            "fake's too: remove that distribution from this environment"
        )


def active_sdk() -> ActiveSdk:
    """Return which SDK this process imports, or would import, as `yr.datasystem`."""
    loaded = sys.modules.get("yr.datasystem")
    spec = getattr(loaded, "__spec__", None) or _find("yr.datasystem")
    if spec is None or not spec.origin:
        return ActiveSdk("none", "")
    return ActiveSdk("fake" if _is_ours(spec.origin) else "real", os.path.dirname(spec.origin))


def _refuse_unknown_profile() -> None:
    # Every Python of the environment imports this module; few need a profile.
    from yr_fake_ds.profile import UnknownProfileError, active

    try:
        active()
    except UnknownProfileError as error:
        raise ActivationError(str(error)) from error


def _put_first(directory: str, path: str) -> str:
    others = [part for part in path.split(os.pathsep) if part and part != directory]
    return os.pathsep.join([directory, *others])


def _is_ours(file: str) -> bool:
    return os.path.abspath(file).startswith(SHIM_ROOT + os.sep)


def _find(name: str) -> "importlib.machinery.ModuleSpec | None":
    try:
        return importlib.util.find_spec(name)
    except (ImportError, ValueError):
        return None


def _real_version() -> str:
    from importlib import metadata

    try:
        return metadata.version(REAL_DISTRIBUTION)
    except metadata.PackageNotFoundError:
        return "(unknown version)"
