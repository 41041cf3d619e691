"""The place where another package of the same import name has the class of the transport."""

from __future__ import annotations

from ray_ascend.transport.manager import YRTensorTransport

__all__ = ["YRTensorTransport"]
