"""Device kinds: what the clauses about transfers may know of the memory that tensors are in.

    clause(device) --parametrised--> "cpu": the object is a copy in the datasystem
                                     "npu": the object stays where it is, in its source's memory

A clause never asks for a name: what differs between kinds has a field here.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any, Final

from yr_conformance.environment import HOST_TENSORS


@dataclass(frozen=True)
class DeviceKind:
    """One kind of memory; `name` is torch's name of the device type."""

    name: str
    capability: str
    """What a target needs to run the clauses on it."""
    by_reference: bool
    """Whether the object is its source's memory, and not a copy made when the method returned."""
    store: tuple[str, ...]
    """The calls that store an object."""
    keys_of_three_gets: tuple[int, ...]
    """The keys of each call that gets, where three objects are asked for together."""
    calls: frozenset[str]
    """The methods of the SDK by which objects are stored, received and freed."""
    resources: dict[str, float] = field(default_factory=dict, hash=False)
    """What Ray reserves for an actor."""
    environment: dict[str, str] = field(default_factory=dict, hash=False)
    """Variables of an actor's process."""
    slow_streams: dict[str, str] = field(default_factory=dict, hash=False)
    """Variables with which what is queued on a stream of the device runs much later."""

    @property
    def options(self) -> dict[str, Any]:
        """Options of Ray for an actor with tensors of this kind."""
        runtime_env = {"env_vars": self.environment}
        return {"num_cpus": 0, "resources": self.resources, "runtime_env": runtime_env}

    def unreserved(self) -> DeviceKind:
        """Give the kind with actors that reserve none of the devices, and see all of them."""
        return dataclasses.replace(self, resources={})

    def with_slow_streams(self) -> DeviceKind:
        """Give the kind with actors that take their time; the same where no device has that."""
        return dataclasses.replace(self, environment={**self.environment, **self.slow_streams})


CPU: Final = DeviceKind(
    name="cpu",
    capability="transfer-cpu",
    by_reference=False,
    store=("create", "publish"),
    keys_of_three_gets=(3,),
    calls=frozenset(
        {"mcreate", "mset_buffer", "get_buffers", "get_read_only_buffers", "delete"},
    ),
    environment=HOST_TENSORS,
)
NPU: Final = DeviceKind(
    name="npu",
    capability="transfer-npu",
    by_reference=True,
    store=("create",),
    keys_of_three_gets=(1, 1, 1),
    calls=frozenset({"dev_mset", "dev_subscribe", "dev_delete"}),
    resources={"NPU": 1},
    slow_streams={"YR_FAKE_CANN_STREAMS": "async", "YR_FAKE_CANN_DELAY_US": "500000"},
)
KINDS: Final = (CPU, NPU)


def kind_of(name: str) -> DeviceKind:
    """Give the kind with torch's name of its device type, as a command line has it."""
    return next(kind for kind in KINDS if kind.name == name)
