"""As much of CANN's Python package ``acl`` as tools need to detect the NPUs of a node.

Ray's accelerator manager calls ``acl.rt.get_device_count()`` and ``acl.get_soc_name()`` in the
process that starts a node (read in Ray 2.55 and 2.60, accelerators/npu.py). The answers come from
the environment, as the runtime reads it, without loading the runtime into that process.
"""

import os
from typing import Final

SUCCESS: Final = 0
DEFAULT_DEVICES: Final = "8"
DEFAULT_SOC: Final = "Ascend910B3"


class rt:  # noqa: N801 - the name of CANN's module
    """The part ``acl.rt``."""

    @staticmethod
    def get_device_count() -> tuple[int, int]:
        """Return the number of visible NPUs and the status 0."""
        physical = int(os.environ.get("YR_FAKE_CANN_DEVICES") or DEFAULT_DEVICES)
        visible = os.environ.get("ASCEND_RT_VISIBLE_DEVICES")
        if visible is None:
            return physical, SUCCESS
        return _count_valid(visible, physical), SUCCESS


def get_soc_name() -> str:
    """Return the name of the chip, such as "Ascend910B3"."""
    return os.environ.get("YR_FAKE_CANN_SOC") or DEFAULT_SOC


def __getattr__(name: str) -> object:
    raise AttributeError(
        f"acl.{name} is not emulated by yr-fake-cann: its module acl serves the detection of NPUs "
        "only (rt.get_device_count, get_soc_name); use torch_npu"
    )


def _count_valid(visible: str, physical: int) -> int:
    # The runtime stops at the first entry that is not the number of a device, or is repeated.
    valid = set[int]()
    for entry in visible.split(","):
        if not entry.strip().isdecimal() or int(entry) >= physical or int(entry) in valid:
            break
        valid.add(int(entry))
    return len(valid)
