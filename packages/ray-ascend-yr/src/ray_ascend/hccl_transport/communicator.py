"""Which two ranks of which group a transfer is between; found out where the reference is passed."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any, Final

from ray.experimental import CommunicatorMetadata

TRANSPORT_NAME: Final = "HCCL"


@dataclass
class HCCLCommunicatorMetadata(CommunicatorMetadata):
    """What source and receiver are told of one transfer; both get the same `identifier`.

    With a `refusal` it does not take place, and the receiver gives the reason.
    """

    identifier: str = ""
    group: str = ""
    source: int = -1
    receiver: int = -1
    refusal: str = ""


def between(source: Any, receiver: Any) -> HCCLCommunicatorMetadata:
    """Describe a transfer between two actors; any thread, never raises.

    Ray asks in a callback of its core worker too, where an exception ends the process.
    """
    try:
        groups = groups_of(source, receiver)
        if not groups:
            return HCCLCommunicatorMetadata(refusal=_no_group(source, receiver))
        group = groups[0]
        ranks = group.get_rank(source), group.get_rank(receiver)
        return HCCLCommunicatorMetadata(uuid.uuid4().hex, group.name, *ranks)
    except Exception as error:
        return HCCLCommunicatorMetadata(refusal=f"no HCCL group could be looked for: {error!r}")


def groups_of(*actors: Any) -> list[Any]:
    """Give the HCCL groups with all these actors that this process has made."""
    from ray.experimental.collective import get_collective_groups

    return [group for group in get_collective_groups(list(actors)) if group.backend == "HCCL"]


def _no_group(*actors: Any) -> str:
    named = " and ".join(map(repr, actors))
    return (
        f"{named} are not in one HCCL group that the process which passed the reference has made: "
        "call ray_ascend.create_collective_group([...]) there, with all actors that exchange "
        "tensors in one group, and after it was destroyed again"
    )
