"""Ascend's CANN libraries on host memory, below the released torch_npu and datasystem wheels.

Importing this package activates nothing: use ``yr-fake-cann run``, ``yr-fake-cann env`` or the
pytest plugin (see README.md).

PYTEST_DONT_REWRITE: while the emulator is active, this package is imported before pytest is.
"""

from yr_fake_cann._version import __version__

__all__ = ["__version__"]
