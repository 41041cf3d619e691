"""The module in which another package of the same import name has the class of the transport."""

from __future__ import annotations

from ray_ascend.hccl_transport.manager import HCCLTensorTransport

__all__ = ["HCCLTensorTransport"]
