"""Executes steps of walks, each by an actor in a thread of its own; run under either SDK.

A step is ``["red", "call", "kv", "get", ["=k"], 0]``: an actor, what it does, and arguments. Actors
are those of `actors.py`, and clients of tenants. The verbs are those of `actors.Client`; `call` is
any method of the SDK with any arguments, in which

    "=name"               is a key of the walk, any other text itself
    {"bytes": "61", "times": 3}, {"tuple": [...]}, {"many": "k", "count": 3}
                          are what JSON does not have

`together` lets several actors do something at the same time and gives what became of each, sorted:
of an error its status, since the text depends on who was first.
"""

# ruff: noqa: D102 - the methods are what a walk may ask for

import gc
import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from actors import Actors, Client, shown
from driver import outcome, serve

TENANTS = ("red", "blue")
TIMEOUT_MS = 20_000
"""So long that no call is made a second time, which would find what the first did."""


class Stage(Actors):
    """The actors of one walk after the other."""

    def __init__(self, near: int, far: int) -> None:
        super().__init__(near, far)
        self._ports |= dict.fromkeys(TENANTS, near)
        self._threads: dict[str, ThreadPoolExecutor] = {}

    def play(self, prefix: str, step: list[Any]) -> Any:
        who, verb, *arguments = step
        if who == "together":
            asked = [self._ask(prefix, part) for part in step[1]]
            return sorted((_status(one.result()) for one in asked), key=json.dumps)
        if who == "pause":
            time.sleep(float(verb))
            return None
        found = self._ask(prefix, [who, verb, *arguments]).result()
        if "error" in found:
            raise ShownError(found["error"], found["text"])
        return found["ok"]

    def clear(self, prefix: str, names: list[str]) -> Any:
        """Drop all buffers and delete the keys of a walk."""
        self.forget()
        for who in ("own", *(name for name in TENANTS if name in self._clients)):
            self._client(who, prefix).call("kv", "delete", [prefix + name for name in names])
        gc.collect()

    def _ask(self, prefix: str, step: list[Any]) -> Any:
        who, *rest = step
        if who not in self._threads:
            self._threads[who] = ThreadPoolExecutor(1, who)
        return self._threads[who].submit(outcome, self._do, [prefix, who, *rest])

    def _do(self, prefix: str, who: str, verb: str, *arguments: Any) -> Any:
        if verb != "call":
            return self.step(prefix, " ".join([who, verb, *arguments]))
        which, method, *rest = arguments
        made = [_made(prefix, argument) for argument in rest]
        begin = time.monotonic()
        found = shown(self._client(who, prefix).call(which, method, *made))
        waits = method in {"get", "get_buffers"} and isinstance(made[-1], int) and made[-1] > 99
        return [found, time.monotonic() - begin > made[-1] * 0.0009] if waits else found

    def _client(self, who: str, prefix: str) -> Client:
        if who not in self._clients:
            tenant = who if who in TENANTS else ""
            self._clients[who] = Client(self._ports[who], self._buffers, tenant, TIMEOUT_MS)
        self._clients[who].prefix = prefix
        return self._clients[who]


class ShownError(Exception):
    """An error of the SDK that another thread has met: its type and its text."""


def _status(found: dict[str, Any]) -> Any:
    return found if "ok" in found else [found["error"], found["text"].partition(",")[0]]


def _made(prefix: str, argument: Any) -> Any:
    if isinstance(argument, str):
        return prefix + argument[1:] if argument.startswith("=") else argument
    if isinstance(argument, list):
        return [_made(prefix, one) for one in argument]
    if isinstance(argument, dict):
        if "bytes" in argument:
            return bytes.fromhex(argument["bytes"]) * argument.get("times", 1)
        if "tuple" in argument:
            return tuple(_made(prefix, one) for one in argument["tuple"])
        return [f"{prefix}{argument['many']}{number}" for number in range(argument["count"])]
    return argument


if __name__ == "__main__":
    serve(Stage(int(sys.argv[1]), int(sys.argv[2])))
