"""Mutants of collective groups and of the transport HCCL: one defect each.

They are tried with NPUs, real or emulated, where Ray's groups take a backend of others.
"""

from __future__ import annotations

from typing import Any

from transport_mutants import Mutant

from ray_ascend.collective import HCCLGroup, hccl_group
from ray_ascend.collective.reduction import torch_reduction
from ray_ascend.collective.roster import Roster
from ray_ascend.collective.transfers import Transfers
from ray_ascend.hccl_transport.manager import HCCLTensorTransport

_sent: list[Any] = []


def always_add_up() -> None:
    """Every reduction is a sum."""
    _replace(hccl_group, "torch_reduction", lambda _name: torch_reduction("SUM"))


def let_rank_0_be_the_root() -> None:
    """Broadcast and reduce do not look at the root that they are given."""
    _replace(hccl_group, "_root", lambda _options: 0)


def turn_the_ranks_round() -> None:
    """Lists with a tensor for each rank are read from their end."""
    checked = HCCLGroup._per_rank

    def turned(self: Any, *arguments: Any) -> Any:
        return checked(self, *arguments)[::-1]

    _replace(HCCLGroup, "_per_rank", turned)


def leave_views_as_they_are() -> None:
    """What is not contiguous does not get the result."""
    _replace(hccl_group, "_give_back", lambda *_: None)


def know_no_dead() -> None:
    """Nobody asks Ray which actors have died."""
    for name in ("dead", "dead_soon"):
        _replace(Roster, name, lambda *_: [])


def say_only_no() -> None:
    """The transport tells Ray that it is two-sided, and Ray knows no other of ours."""
    _replace(HCCLTensorTransport, "is_one_sided", staticmethod(lambda: False))


def hand_over_in_another_order() -> None:
    """The receiver gets the tensors of an object from the last to the first."""
    received = HCCLTensorTransport.recv_multiple_tensors

    def turned(self: Any, *arguments: Any) -> Any:
        return received(self, *arguments)[::-1]

    _replace(HCCLTensorTransport, "recv_multiple_tensors", turned)


def keep_what_was_sent() -> None:
    """The source never lets go of a tensor that it has sent."""
    sent = HCCLTensorTransport.send_multiple_tensors

    def kept(self: Any, tensors: Any, *arguments: Any) -> None:
        _sent.extend(tensors)
        sent(self, tensors, *arguments)

    _replace(HCCLTensorTransport, "send_multiple_tensors", kept)


def never_give_up() -> None:
    """Who waits for a side that failed is not told."""
    _replace(Transfers, "give_up", lambda *_: None)


def _replace(owner: Any, name: str, value: Any) -> None:
    setattr(owner, name, value)


MUTANTS = (
    Mutant(always_add_up, ("HCCL-REDUCE-01", "HCCL-REDUCE-02", "HCCL-REDUCE-03")),
    Mutant(let_rank_0_be_the_root, ("HCCL-MOVE-01", "HCCL-REDUCE-02")),
    Mutant(turn_the_ranks_round, ("HCCL-MOVE-02", "HCCL-REDUCE-03")),
    Mutant(leave_views_as_they_are, ("HCCL-MOVE-05",)),
    Mutant(know_no_dead, ("HCCL-ERROR-08",)),
    Mutant(say_only_no, ("HCCL-XFER-09", "HCCL-XFER-10")),
    Mutant(hand_over_in_another_order, ("HCCL-XFER-02", "HCCL-XFER-03")),
    Mutant(keep_what_was_sent, ("HCCL-GC-01",)),
    Mutant(never_give_up, ("HCCL-LOST-03",)),
)
