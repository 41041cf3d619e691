"""What a process asks of others, written down: calls of actors, and of Ray's tables by our code.

    counted(process) --> its calls since then, by name, in their order

Ray's own calls between actors (`__ray_call__`, with which it moves metadata) are left out.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable
from typing import Any, Final

import ray
from ray._private import state
from ray.actor import ActorMethod

LOOK: Final = "ray.nodes"
"""With this the coordinator begins each look at the nodes."""
TABLES: Final = ((ray, "nodes"), (ray, "get_actor"), (state, "jobs"), (state, "actors"))
_OF_RAY: Final = "__ray_call__"


def note_calls(notes: list[str]) -> None:
    """Write down this process's calls from now on."""
    call = ActorMethod._remote

    @functools.wraps(call)
    def noted(method: Any, *args: Any, **options: Any) -> Any:
        if method._method_name != _OF_RAY:
            notes.append(method._method_name)
        return call(method, *args, **options)

    ActorMethod._remote = noted
    for module, name in TABLES:
        setattr(module, name, _noted(getattr(module, name), f"ray.{name}", notes))


def watch(actor: Any) -> None:
    """Write down an actor's calls from now on."""

    def begin(this: Any) -> None:
        this.calls = []
        note_calls(this.calls)

    ray.get(actor.__ray_call__.remote(begin))


def calls_of(actor: Any) -> list[str]:
    """Give what an actor that is watched has called."""
    calls: list[str] = ray.get(actor.__ray_call__.remote(lambda this: list(this.calls)))
    return calls


def looks_of(calls: list[str]) -> list[list[str]]:
    """Divide the coordinator's calls into looks that have ended."""
    begins = [place for place, name in enumerate(calls) if name == LOOK]
    return [calls[begin:end] for begin, end in itertools.pairwise(begins)]


def _noted(call: Callable[..., Any], name: str, notes: list[str]) -> Callable[..., Any]:
    @functools.wraps(call)
    def noted(*args: Any, **options: Any) -> Any:
        notes.append(name)
        return call(*args, **options)

    return noted
