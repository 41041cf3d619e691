"""The module in which another package of the same import name has the class of the transport."""

from __future__ import annotations

from ray_ascend.direct_transport import YRTensorTransport

__all__ = ["YRTensorTransport"]
