"""The environment of this process, changed for as long as something starts in it."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping
from typing import Final

HOST_TENSORS: Final = {"TORCH_DEVICE_BACKEND_AUTOLOAD": "0"}
"""For processes with host tensors only: loading torch_npu takes them as long as torch itself."""


@contextlib.contextmanager
def environment_with(settings: Mapping[str, str]) -> Iterator[None]:
    """Set variables for the block; afterwards they are as they were, or unset again."""
    before = {name: os.environ.get(name) for name in settings}
    os.environ.update(settings)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
