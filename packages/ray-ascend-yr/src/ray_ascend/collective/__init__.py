"""Collectives between actors with NPUs: Ray's `ray.util.collective` on torch_npu's HCCL.

    driver                                   each actor
    create_collective_group(actors) ───────► HCCLGroup ── ProcessGroupHCCL (torch_npu) ── HCCL
                                             ray.util.collective.allreduce(tensor, group_name)

Importing this package loads Ray, and torch_npu only when a group is made.
"""

from __future__ import annotations

from ray_ascend.collective.hccl_group import HCCLGroup
from ray_ascend.collective.registration import (
    create_collective_group,
    register_hccl_collective_backend,
)

__all__ = ["HCCLGroup", "create_collective_group", "register_hccl_collective_backend"]
