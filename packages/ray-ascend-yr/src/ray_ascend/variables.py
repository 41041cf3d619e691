"""How a variable of the environment is read."""

from __future__ import annotations

import math
from collections.abc import Mapping

from ray_ascend.errors import ConfigurationError


def seconds(variables: Mapping[str, str], name: str, default: float) -> float:
    """Read one variable that is a number of seconds; a blank one counts as unset.

    Raises ConfigurationError, which names the variable, for anything else.
    """
    text = text_of(variables, name)
    try:
        number = float(text) if text else default
    except ValueError:
        number = math.nan
    if not 0 <= number < math.inf:
        raise ConfigurationError(f"{name}={text!r}: must be a number of seconds, 0 or more", name)
    return number


def text_of(variables: Mapping[str, str], name: str) -> str:
    """Give a variable's text without the blanks around it; empty if it is unset."""
    return variables.get(name, "").strip()
