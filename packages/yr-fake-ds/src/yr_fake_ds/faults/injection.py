"""Injection: what the rules do to a call, around the place where a worker serves it.

request -> [delay, refuse, kill, drop, take keys away] -> served -> [kill, drop, refuse] -> reply
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from typing import Any, Final

import msgspec

from yr_fake_ds import protocol, texts
from yr_fake_ds.faults.plan import Delay, Drop, Kill, NoSpace, Partial, Plan, Status, call_name
from yr_fake_ds.faults.selection import Selection
from yr_fake_ds.refusal import RefusedError
from yr_fake_ds.texts import Text

ARENA: Final = 0
Serve = Callable[[Any], protocol.Message]


class DroppedError(Exception):
    """The request is not answered."""


class Injector:
    """Applies the present plan of a worker; called from all its threads."""

    def __init__(self, plan: Plan) -> None:
        self._selection = Selection(plan)

    def replace(self, plan: Plan) -> None:
        """Begin with another plan; all counters are at zero again."""
        self._selection = Selection(plan)

    def fired(self) -> list[int]:
        """Return how often each rule has struck."""
        return self._selection.fired()

    def around(self, request: Any, serve: Serve) -> protocol.Message:
        """Serve a request under the plan; RefusedError or DroppedError where a rule wants it."""
        selection = self._selection
        keys = keys_of(request)
        rules = selection.strike(call_name(request), keys)
        spared: Serve = serve
        for rule in rules:
            if isinstance(rule, Delay):
                time.sleep(rule.seconds)
            elif isinstance(rule, NoSpace):
                _run_out_of_memory(request)
            elif isinstance(rule, Partial):
                taken = selection.draw(
                    [key for key in keys if key.startswith(rule.key)], rule.share
                )
                spared = _without(frozenset(taken), spared)
            else:
                _end(rule, "before")
        reply = spared(request)
        for rule in rules:
            if isinstance(rule, Status | Kill | Drop):
                _end(rule, "after")
        return reply


def keys_of(request: Any) -> list[str]:
    """Give the keys of a request, none for one without."""
    if isinstance(request, protocol.Publish):
        return [item.key for item in request.items]
    key = getattr(request, "key", None)
    return [key] if isinstance(key, str) else list(getattr(request, "keys", []))


def _end(rule: Status | Kill | Drop, now: str) -> None:
    if rule.when != now:
        return
    if isinstance(rule, Status):
        raise RefusedError(Text(rule.status, "{message}"), message=rule.message)
    if isinstance(rule, Kill):
        os.kill(os.getpid(), signal.SIGKILL)
    raise DroppedError


def _run_out_of_memory(request: Any) -> None:
    time.sleep(getattr(request, "timeout_ms", 0) / 1000)
    raise RefusedError(texts.NO_SPACE_IN_ARENA, arena=ARENA)


def _without(taken: frozenset[str], serve: Serve) -> Serve:
    """Serve a batch without some of its keys, and count those as failed."""

    def serve_the_rest(request: Any) -> protocol.Message:
        if isinstance(request, protocol.Publish):
            return _publish_the_rest(request, taken, serve)
        rest = msgspec.structs.replace(
            request, keys=[key for key in request.keys if key not in taken]
        )
        reply = serve(rest)
        if isinstance(reply, protocol.Got):
            slots = iter(reply.slots)
            return protocol.Got([None if key in taken else next(slots) for key in request.keys])
        failed = reply.keys if isinstance(reply, protocol.Failed) else []
        return protocol.Failed([key for key in request.keys if key in taken or key in failed])

    return serve_the_rest


def _publish_the_rest(
    request: protocol.Publish, taken: frozenset[str], serve: Serve
) -> protocol.Message:
    rest = [item for item in request.items if item.key not in taken]
    if not rest:
        raise RefusedError(texts.SOME_FAILED)
    reply = serve(msgspec.structs.replace(request, items=rest))
    failed = reply.failed if isinstance(reply, protocol.Published) else []
    keys = [item.key for item in request.items]
    return protocol.Published([key for key in keys if key in taken or key in failed])
