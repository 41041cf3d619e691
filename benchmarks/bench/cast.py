"""The actors of a stage: a source and a receiver, and seven receivers more once they are needed.

Contenders of a stage share them, but for those that need a process of their own: where Ray reads a
variable when it starts, or where the transport is registered in another way.
"""

from __future__ import annotations

from typing import Any, Final

import ray

from bench.contenders import Contender
from bench.peers import Peer

_ANSWER_S: Final = 120.0
_MANY: Final = 8
_ZERO_COPY: Final = {"env_vars": {"RAY_ENABLE_ZERO_COPY_TORCH_TENSORS": "1"}}


class Cast:
    """Makes actors when they are first asked for."""

    def __init__(self) -> None:
        self._actors: dict[tuple[str, int], Any] = {}
        self._joined: set[tuple[str, int, str]] = set()

    def source(self, contender: Contender) -> Any:
        """Give who makes a contender's tensors."""
        # Only who sends needs the variable.
        role = "source with variable" if contender.is_zero_copy else "source"
        return self._peer(role, 0, contender)

    def receivers(self, contender: Contender, number: int = 1) -> list[Any]:
        """Give so many who read them."""
        return [self._peer("receiver", place, contender) for place in range(number)]

    def many(self, contender: Contender) -> list[Any]:
        """Give eight receivers, which stay."""
        return self.receivers(contender, _MANY)

    def dismiss(self) -> None:
        """End all actors."""
        for one in self._actors.values():
            ray.kill(one)

    def forget(self) -> None:
        """Let every actor give its tensors back."""
        ray.get([one.forget.remote() for one in self._actors.values()], timeout=_ANSWER_S)

    def _peer(self, role: str, place: int, contender: Contender) -> Any:
        key = (role + contender.receive, place)
        if key not in self._actors:
            has_variable = role != "receiver" and contender.is_zero_copy
            self._actors[key] = _actor(has_variable=has_variable)
        actor, joined = self._actors[key], (*key, contender.name)
        if joined not in self._joined:
            ray.get(actor.join.remote(contender), timeout=_ANSWER_S)
            self._joined.add(joined)
        return actor


def _actor(*, has_variable: bool) -> Any:
    environment = _ZERO_COPY if has_variable else None
    kind = ray.remote(num_cpus=0, enable_tensor_transport=True, runtime_env=environment)(Peer)
    return kind.remote()
