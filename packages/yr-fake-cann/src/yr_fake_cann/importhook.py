"""Installs the kernels right after ``import torch_npu``, whoever imports it and however.

A finder at the head of ``sys.meta_path`` lets Python find the wheel as usual and adds one call to
the end of its loading. It is there in every process of an activated environment, so it costs
nothing until torch_npu is imported: no import of this package's kernels, of torch or of ctypes.
"""

import contextlib
import sys
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType

WATCHED = "torch_npu"


class KernelFinder:
    """Finds torch_npu as usual, with a loader that installs the kernels afterwards."""

    def find_spec(
        self, name: str, path: object = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Answer for torch_npu only; called by the import system, under its lock."""
        if name != WATCHED:
            return None
        spec = PathFinder.find_spec(name)
        if spec is not None and spec.loader is not None:
            _add_installation(spec.loader)
        return spec


def install() -> None:
    """Watch for torch_npu in this process; idempotent. Called when an activated Python starts."""
    if not any(isinstance(finder, KernelFinder) for finder in sys.meta_path):
        sys.meta_path.insert(0, KernelFinder())


def _add_installation(loader: object) -> None:
    run = loader.exec_module  # type: ignore[attr-defined]

    def exec_module(module: ModuleType) -> None:
        # torch_npu prints that ASCEND_HOME_PATH is not set; what a program prints is not its place.
        with contextlib.redirect_stdout(sys.stderr):
            run(module)
        from yr_fake_cann.kernels.installation import install_kernels

        install_kernels()

    loader.exec_module = exec_module  # type: ignore[attr-defined]
