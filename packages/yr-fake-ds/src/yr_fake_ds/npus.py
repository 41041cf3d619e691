"""Emulated NPUs for `yr-fake-ds run --npus N`: yr-fake-cann, activated too if it is installed."""

import ctypes
import importlib
import importlib.util
from collections.abc import Mapping
from typing import Any, Final

from yr_fake_ds.errors import ActivationError

ACTIVATION_MODULE: Final = "yr_fake_cann.activation"
WITHOUT_CANN: Final = (
    "torch_npu is installed here and no CANN is, so torch runs without it; for emulated NPUs: "
    "yr-fake-ds run --npus 8 -- COMMAND (with yr-fake-cann)"
)
_AUTOLOAD: Final = "TORCH_DEVICE_BACKEND_AUTOLOAD"
_MARK: Final = "YR_FAKE_DS_WITHOUT_CANN"
"""Tells yr-fake-cann, activated below, that the former was not the user's decision."""
_LIBRARY: Final = "libascendcl.so"


def variables(environ: Mapping[str, str], npus: int) -> dict[str, str]:
    """Return the variables that give a command `npus` emulated NPUs.

    ActivationError if yr-fake-cann is not installed, or cannot work here.
    """
    cann = _activation()
    try:
        found: dict[str, str] = cann.variables(environ, cann.Machine(npus=npus))
    except cann.ActivationError as error:
        raise ActivationError(str(error)) from None
    return found


def without_cann(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variables with which torch can be imported although torch_npu cannot.

    Empty where that is not so, and where the user has decided about it.
    """
    if _AUTOLOAD in environ or importlib.util.find_spec("torch_npu") is None:
        return {}
    try:
        ctypes.CDLL(_LIBRARY)
    except OSError:
        return {_AUTOLOAD: "0", _MARK: "1"}
    return {}


def _activation() -> Any:
    try:
        return importlib.import_module(ACTIVATION_MODULE)
    except ModuleNotFoundError as error:
        raise ActivationError(
            f"--npus needs yr-fake-cann, which has the NPUs: pip install yr-fake-cann ({error})"
        ) from None
