"""Emulated NPUs for `yr-fake-ds run --npus N`: yr-fake-cann, activated too if it is installed."""

import importlib
from collections.abc import Mapping
from typing import Any, Final

from yr_fake_ds.errors import ActivationError

ACTIVATION_MODULE: Final = "yr_fake_cann.activation"


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


def _activation() -> Any:
    try:
        return importlib.import_module(ACTIVATION_MODULE)
    except ModuleNotFoundError as error:
        raise ActivationError(
            f"--npus needs yr-fake-cann, which has the NPUs: pip install yr-fake-cann ({error})"
        ) from None
