"""What a process of a stage does before it takes part: makes the contender's transport known."""

from __future__ import annotations

import contextlib
import importlib
import inspect

from bench import published
from bench.contenders import Contender
from bench.errors import CannotRunError

_MODE = "receive"


def register(contender: Contender) -> None:
    """Make a transport known in this process; any number of times. CannotRunError with a reason."""
    if contender.stage == "published":
        with contextlib.suppress(ValueError):
            published.register()
    elif contender.is_ours:
        _register_ours(contender.receive)
    elif contender.moves_nothing:
        with contextlib.suppress(ValueError):
            importlib.import_module("bench.noop_transport").register()


def clean_up(stage: str) -> None:
    """End the datasystem of a stage, if it has one; in its driver."""
    if stage == "published":
        published.clean_up()
    elif stage in {"released", "fake"}:
        importlib.import_module("ray_ascend").cleanup_yr_resources()


def _register_ours(mode: str) -> None:
    function = importlib.import_module("ray_ascend").register_yr_tensor_transport
    if _MODE in inspect.signature(function).parameters:
        function(["cpu"], **{_MODE: mode})
    elif mode == "copy":
        function(["cpu"])
    else:
        raise CannotRunError(
            f"this version of ray-ascend-yr has no mode {mode!r}: "
            f"register_yr_tensor_transport() has no argument {_MODE!r}"
        )
