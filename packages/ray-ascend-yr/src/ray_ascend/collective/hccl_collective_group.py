"""The module in which another package of the same import name has the group of HCCL."""

from __future__ import annotations

from ray_ascend.collective.hccl_group import HCCLGroup

__all__ = ["HCCLGroup"]
