"""Executes calls of `yr.datasystem` that come as JSON lines; run under either SDK.

One line in, one line out: ``["get", ["k1"]]`` gives ``{"ok": ["6869"]}`` or the type and text of
the error. Values travel as hex, long ones as ``<hex>*<times>`` and back as size and digest; buffers
stay here, under names.
"""

# ruff: noqa: D102 - the methods are the calls of the SDK

import hashlib
import json
import sys
from collections.abc import Callable
from typing import Any

from yr.datasystem import KVClient, ObjectClient, WriteMode
from yr.datasystem.kv_client import ExistenceOpt, ReadParam


class Driver:
    """One KV client, one object client, and named buffers."""

    def __init__(self, port: int) -> None:
        self.kv = KVClient("127.0.0.1", port, 5000, req_timeout_ms=5000)
        self.objects = ObjectClient("127.0.0.1", port, 5000, req_timeout_ms=5000)
        self.kv.init()
        self.objects.init()
        self.buffers: dict[str, list[Any]] = {}

    def set(self, key: str, value: str, mode: str) -> Any:
        return self.kv.set(key, _value(value), WriteMode[mode])

    def mset(self, keys: list[str], values: list[str], nx: bool) -> Any:
        option = ExistenceOpt.NX if nx else ExistenceOpt.NONE
        return self.kv.mset(keys, _bytes(values), existence_opt=option)

    def msettx(self, keys: list[str], values: list[str], nx: bool) -> Any:
        option = ExistenceOpt.NX if nx else ExistenceOpt.NONE
        return self.kv.msettx(keys, _bytes(values), existence_opt=option)

    def create(self, name: str, keys: list[str], values: list[str]) -> Any:
        data = _bytes(values)
        buffers = self.kv.mcreate(keys, [len(value) for value in data])
        for buffer, value in zip(buffers, data, strict=True):
            buffer.MutableData()[:] = value
        self.buffers[name] = buffers
        return [buffer.GetSize() for buffer in buffers]

    def publish(self, name: str) -> Any:
        return self.kv.mset_buffer(self.buffers.pop(name, []))

    def get(self, keys: list[str]) -> Any:
        return [value and _shown(value) for value in self.kv.get(keys)]

    def read(self, parts: list[list[Any]]) -> Any:
        found = self.kv.read([ReadParam(*part) for part in parts])
        return [part and _shown(part.immutable_data()) for part in found]

    def exist(self, keys: list[str]) -> Any:
        return self.kv.exist(keys)

    def delete(self, keys: list[str]) -> Any:
        return self.kv.delete(keys)

    def expire(self, keys: list[str], ttl: int) -> Any:
        return sorted(self.kv.expire(keys, ttl))

    def hold(self, name: str, keys: list[str]) -> Any:
        self.buffers[name] = self.kv.get_buffers(keys)
        return [buffer and buffer.GetSize() for buffer in self.buffers[name]]

    def look(self, name: str) -> Any:
        return [buffer and _shown(buffer) for buffer in self.buffers.get(name, [])]

    def drop(self, name: str) -> Any:
        self.buffers.pop(name, None)

    def put(self, key: str, value: str, nested: list[str]) -> Any:
        return self.objects.put(key, _value(value), None, nested)

    def build(self, key: str, value: str, end: str) -> Any:
        data = _value(value)
        buffer = self.objects.create(key, len(data))
        buffer.memory_copy(data)
        return getattr(buffer, end)()

    def fetch(self, keys: list[str]) -> Any:
        return [part and _shown(part.immutable_data()) for part in self.objects.get(keys, 0)]

    def increase(self, keys: list[str]) -> Any:
        return self.objects.g_increase_ref(keys)

    def decrease(self, keys: list[str]) -> Any:
        return self.objects.g_decrease_ref(keys)

    def count(self, key: str) -> Any:
        return self.objects.query_global_ref_num(key)


def _bytes(values: list[str]) -> list[bytes]:
    return [_value(value) for value in values]


def _value(text: str) -> bytes:
    unit, _star, times = text.partition("*")
    return bytes.fromhex(unit) * int(times or 1)


def _shown(value: Any) -> str:
    data = bytes(value)
    return data.hex() if len(data) < 100 else f"{len(data)}:{hashlib.sha256(data).hexdigest()}"


def outcome(call: Callable[..., Any], arguments: list[Any]) -> dict[str, Any]:
    """Return the result of a call, or its error's type and text."""
    try:
        return {"ok": call(*arguments)}
    except Exception as error:
        if type(error).__name__ == "ShownError":
            return {"error": error.args[0], "text": error.args[1]}
        return {"error": type(error).__name__, "text": str(error)}


def serve(driver: object) -> None:
    """Carry out the calls of standard input on `driver`'s methods, until it ends."""
    answers = sys.stdout
    answers.write('"ready"\n')
    answers.flush()
    for line in sys.stdin:
        name, *arguments = json.loads(line)
        answers.write(json.dumps(outcome(getattr(driver, name), arguments)) + "\n")
        answers.flush()


if __name__ == "__main__":
    serve(Driver(int(sys.argv[1])))
