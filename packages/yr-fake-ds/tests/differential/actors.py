"""Executes steps like ``own create b key 8`` or ``b seal``; run under either SDK, with two ports.

The first word is who acts: a client (``own`` and ``other`` at the first worker, ``far`` at the
second) or a buffer that a step before has named. A value is ``x*8``: the letter, and how often; a
created buffer is full of the letter that is its name.
"""

# ruff: noqa: D102 - the methods are the calls of the SDK

import gc
import sys
from typing import Any

from driver import serve
from yr.datasystem import KVClient, ObjectClient
from yr.datasystem.kv_client import ExistenceOpt

TIMEOUT_MS = 3000


class Actors:
    """The clients, and the buffers by name."""

    def __init__(self, near: int, far: int) -> None:
        self._ports = {"own": near, "other": near, "far": far}
        self._clients: dict[str, Client] = {}
        self._buffers: dict[str, Any] = {}

    def step(self, prefix: str, text: str) -> Any:
        """Carry out one step with the keys of a scenario; an SDK's error is passed on."""
        who, verb, *words = text.split()
        if who not in self._ports and who not in self._buffers:
            return "its create was refused"
        if who not in self._ports:
            return _on_buffer(self._buffers[who], verb, words)
        return getattr(self._client(who, prefix), verb)(*words)

    def _client(self, who: str, prefix: str) -> "Client":
        if who not in self._clients:
            self._clients[who] = Client(self._ports[who], self._buffers)
        self._clients[who].prefix = prefix
        return self._clients[who]

    def forget(self) -> None:
        """Drop all buffers, and clients that have left."""
        self._buffers.clear()
        self._clients = {name: one for name, one in self._clients.items() if one.is_here}
        gc.collect()


class Client:
    """A KV client and an object client of one worker, of a tenant if one is named."""

    def __init__(
        self, port: int, buffers: dict[str, Any], tenant: str = "", timeout_ms: int = TIMEOUT_MS
    ) -> None:
        self._port = port
        self._buffers = buffers
        self.is_here = True
        self.prefix = ""
        options: dict[str, Any] = {"req_timeout_ms": timeout_ms, "tenant_id": tenant}
        self._kv = KVClient("127.0.0.1", port, timeout_ms, **options)
        self._objects = ObjectClient("127.0.0.1", port, timeout_ms, **options)
        self.init()

    def init(self) -> Any:
        return [self._kv.init(), self._objects.init()]

    def call(self, which: str, method: str, *arguments: Any) -> Any:
        return getattr(self._kv if which == "kv" else self._objects, method)(*arguments)

    def leave(self) -> Any:
        self.is_here = False
        del self._kv, self._objects
        gc.collect()

    def create(self, name: str, key: str, size: str) -> Any:
        self._buffers[name] = self._objects.create(self.prefix + key, int(size))
        self._buffers[name].memory_copy(name.encode() * int(size))

    def put(self, key: str, value: str) -> Any:
        return self._objects.put(self.prefix + key, _bytes(value))

    def take(self, name: str, key: str) -> Any:
        self._buffers[name] = self._objects.get([self.prefix + key], 0)[0]

    def increase(self, key: str) -> Any:
        return self._objects.g_increase_ref([self.prefix + key])

    def decrease(self, key: str) -> Any:
        return self._objects.g_decrease_ref([self.prefix + key])

    def count(self, key: str) -> Any:
        return self._objects.query_global_ref_num(self.prefix + key)

    def set(self, key: str, value: str) -> Any:
        return self._kv.set(self.prefix + key, _bytes(value))

    def set_for(self, key: str, value: str, seconds: str) -> Any:
        return self._kv.set(self.prefix + key, _bytes(value), ttl_second=int(seconds))

    def publish_for(self, key: str, value: str, seconds: str) -> Any:
        data = _bytes(value)
        buffers = self._kv.mcreate([self.prefix + key], [len(data)], ttl_second=int(seconds))
        buffers[0].MutableData()[:] = data
        return self._kv.mset_buffer(buffers)

    def mset(self, keys: str, value: str) -> Any:
        return self._kv.mset(self._keys(keys), [_bytes(value)] * len(self._keys(keys)))

    def msettx(self, keys: str, value: str) -> Any:
        values = [_bytes(value)] * len(self._keys(keys))
        return self._kv.msettx(self._keys(keys), values, existence_opt=ExistenceOpt.NX)

    def mcreate(self, name: str, keys: str, size: str) -> Any:
        sizes = [int(size)] * len(self._keys(keys))
        self._buffers[name] = self._kv.mcreate(self._keys(keys), sizes)
        for buffer in self._buffers[name]:
            buffer.MutableData()[:] = name.encode() * int(size)

    def mset_buffer(self, name: str) -> Any:
        return self._kv.mset_buffer(self._buffers[name])

    def hold(self, name: str, key: str) -> Any:
        self._buffers[name] = self._kv.get_read_only_buffers([self.prefix + key])[0]

    def get(self, key: str) -> Any:
        return [value and _shown(value) for value in self._kv.get([self.prefix + key])]

    def exist(self, key: str) -> Any:
        return self._kv.exist([self.prefix + key])

    def delete(self, keys: str) -> Any:
        return self._kv.delete(self._keys(keys))

    def expire(self, key: str, seconds: str) -> Any:
        return self._kv.expire([self.prefix + key], int(seconds))

    def _keys(self, names: str) -> list[str]:
        return [self.prefix + name for name in names.split(",")]


def _on_buffer(buffer: Any, verb: str, words: list[str]) -> Any:
    if verb == "write":
        return buffer.memory_copy(_bytes(words[0]))
    if verb == "show":
        return _shown(buffer.immutable_data())
    if verb in {"wlatch", "rlatch"}:
        return getattr(buffer, verb)(1)
    return getattr(buffer, verb)()


def _bytes(value: str) -> bytes:
    letter, _star, times = value.partition("*")
    return letter.encode() * int(times)


def _shown(data: Any) -> str:
    content = bytes(data)
    return f"{content[:1]!r}*{len(content)}"


def shown(result: Any) -> Any:
    """Return whatever a call gives in a form that can be compared."""
    if isinstance(result, list):
        return [shown(one) for one in result] if len(result) < 50 else f"{len(result)} things"
    if result is None or isinstance(result, bool | int | str):
        return result
    if isinstance(result, bytes):
        return _shown(result)
    for name in ("to_string", "get_size", "GetSize"):
        if hasattr(result, name):
            return [type(result).__name__, getattr(result, name)()]
    data = result.immutable_data() if hasattr(result, "immutable_data") else result
    return [type(result).__name__, _shown(data)]


if __name__ == "__main__":
    serve(Actors(int(sys.argv[1]), int(sys.argv[2])))
