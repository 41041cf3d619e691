"""What `import ray_ascend` does: Ray knows the name of the transport, and nothing more is loaded.

    import ray_ascend --> Ray's table: "YR" -> Announced
    @ray.method(tensor_transport="YR") in any module, in a driver, a worker or an actor    valid
    first tensor --> torch and the transport are imported

Without it, Ray refuses the decorator until the transport has been registered in that process, and
classes in modules are decorated long before `ray.init()`. `ray_ascend.pth`, beside the package,
does it at the start of each of Ray's worker processes: Ray tells an actor of its driver's
transports once, in the background, and not again when the actor has restarted.
"""

from __future__ import annotations

import importlib
from typing import Any, Final

from ray_ascend import ray_internals

TRANSPORT_NAME: Final = "YR"
DEVICES: Final = ("npu", "cpu")


class Announced:
    """An entry of Ray's table whose parts are imported when Ray asks for them; any thread."""

    devices: Final = list(DEVICES)

    @property
    def transport_manager_class(self) -> type[Any]:
        """The transport."""
        module = importlib.import_module("ray_ascend.transport.manager")
        found: type[Any] = module.YRTensorTransport
        return found

    @property
    def data_type(self) -> type[Any]:
        """What it moves."""
        found: type[Any] = importlib.import_module("torch").Tensor
        return found

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel to an actor as an entry of Ray's own kind."""
        entry = ray_internals.transport_entry(
            self.transport_manager_class, self.devices, self.data_type
        )
        return type(entry), tuple(entry)


def announce() -> None:
    """Tell Ray, unless the name is taken; called when the package is imported, in any process."""
    ray_internals.announce_transport(TRANSPORT_NAME, Announced())
