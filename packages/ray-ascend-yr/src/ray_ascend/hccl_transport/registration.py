"""Makes `tensor_transport="HCCL"` known to Ray, with the groups that it needs."""

from __future__ import annotations

from ray_ascend.collective.registration import (
    call_in_actors,
    register_hccl_collective_backend,
)
from ray_ascend.hccl_transport.communicator import TRANSPORT_NAME
from ray_ascend.hccl_transport.manager import HCCLTensorTransport
from ray_ascend.transport import ray_registry


def register_hccl_tensor_transport() -> None:
    """Make `@ray.method(tensor_transport="HCCL")` usable, and groups with the backend HCCL.

    Call it in the driver before classes that name the transport are decorated, any number of times;
    Ray tells the actors that are made afterwards, and `ray_ascend.create_collective_group` those
    of its group. An actor needs to call it in its `__init__` only where it is started again by Ray
    and joins a group by Ray's own calls. Other than "YR", the name is not known by importing alone.

    Raises InstallationError on Ray before 2.56, which has no collective groups of other backends,
    and ConfigurationError when one of the two names belongs to another class already.
    """
    register_hccl_collective_backend()
    call_in_actors(register_hccl_tensor_transport)
    ray_registry.enter(["npu"], HCCLTensorTransport, TRANSPORT_NAME)
