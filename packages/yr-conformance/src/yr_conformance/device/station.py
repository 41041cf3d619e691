"""A station: what happens in a process that has one NPU, named tensors and clients of the SDK.

    parent   (number, (name, arguments, options)) --pipe--> station
             (number, (True, result) or (False, type of error, text)) <--

Public methods are what a parent may ask for; any other name is a call of the station's
DsTensorClient whose second argument names tensors.
"""

from __future__ import annotations

import contextlib
import gc
import os
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from typing import Any

from yr_conformance.datasystem.clients import TIMEOUTS
from yr_conformance.datasystem.worker import HOST

WITHOUT_TENSORS = frozenset(
    {"exist", "delete", "dev_delete", "dev_local_delete", "async_dev_delete"}
)


class Station:
    """Runs in the process; one call at a time."""

    def __init__(self, port: int, npu: int) -> None:
        import torch
        import torch_npu  # noqa: F401 - registers the device

        self._torch: Any = torch
        self._torch.npu.set_device(npu)
        self._port, self._npu = port, npu
        self._tensors: dict[str, Any] = {}
        self._futures: dict[str, list[Any]] = {}
        self.open()

    def do(self, name: str, arguments: tuple[Any, ...]) -> Any:
        """Do one thing; the result must travel by pickle."""
        if hasattr(self, name):
            return getattr(self, name)(*arguments)
        call = getattr(self._client, name)
        if name in WITHOUT_TENSORS:
            return call(*arguments)
        keys, names, *rest = arguments
        return call(keys, [self._tensors[each] for each in names], *rest)

    def is_ready(self) -> bool:
        """Answer, which it can do once it is made."""
        return True

    def open(self) -> None:
        """Connect clients, in the place of those that there are."""
        from yr.datasystem import DsTensorClient, HeteroClient

        self._client: Any = DsTensorClient(HOST, self._port, self._npu, **TIMEOUTS)
        self._client.init()
        self._hetero: Any = HeteroClient(HOST, self._port, **TIMEOUTS)
        self._hetero.init()

    def close(self) -> None:
        """Let the clients go in order; their keys go with them."""
        self._client = self._hetero = None
        self._futures.clear()
        gc.collect()

    def make(self, name: str, value: float, count: int = 1000, dtype: str = "float32") -> None:
        """Make a tensor on the NPU, all of one value."""
        kind = getattr(self._torch, dtype)
        self._tensors[name] = self._torch.full((count,), value, dtype=kind, device="npu")
        self._torch.npu.synchronize()

    def count_up(self, name: str, *shape: int) -> None:
        """Make a tensor with a different number in each place."""
        numbers = self._torch.arange(self._torch.Size(shape).numel(), dtype=self._torch.float32)
        self._tensors[name] = numbers.reshape(shape).npu()
        self._torch.npu.synchronize()

    def add(self, name: str, value: float) -> None:
        """Make every number of a tensor larger."""
        self._tensors[name].add_(value)
        self._torch.npu.synchronize()

    def fill(self, name: str, value: float) -> None:
        """Overwrite a tensor."""
        self._tensors[name].fill_(value)
        self._torch.npu.synchronize()

    def values(self, name: str) -> list[float]:
        """Return the different values in a tensor, in order."""
        self._torch.npu.synchronize()
        return [float(each) for each in self._tensors[name].float().cpu().unique()]

    def at(self, name: str, *places: Any) -> list[float]:
        """Return numbers of a tensor; a place is an index or a tuple of them."""
        self._torch.npu.synchronize()
        host = self._tensors[name].cpu()
        return [float(host[place]) for place in places]

    def use(self, npu: int) -> None:
        """Make a device current, through another one, as torch forgets what others changed."""
        self._torch.npu.set_device(npu + 1)
        self._torch.npu.set_device(npu)

    def dev_mget_into_tensor(
        self, keys: list[str], name: str, ranges: list[tuple[int, int, int]], wait_ms: int
    ) -> Any:
        """Copy pieces into one tensor."""
        from yr.datasystem.ds_tensor_client import CopyRange

        parts = [CopyRange(*each) for each in ranges]
        return self._client.dev_mget_into_tensor(keys, self._tensors[name], parts, wait_ms)

    def with_options(self, call: str, keys: list[str], names: list[str], **options: Any) -> Any:
        """Store with options of SetParam, given by the names of their members."""
        from yr.datasystem.kv_client import ExistenceOpt, SetParam, WriteMode

        kinds = {"write_mode": WriteMode, "existence": ExistenceOpt}
        parameters = SetParam()
        for name, value in options.items():
            setattr(parameters, name, kinds[name][value] if name in kinds else value)
        return getattr(self._client, call)(keys, [self._tensors[n] for n in names], parameters)

    def blobs(self, call: str, keys: list[str], parts: list[Any], *rest: Any) -> Any:
        """Make a call of HeteroClient.

        A part is (name, number of blobs), (name, number, offset into the source) or (name, number,
        offset, device).
        """
        return getattr(self._hetero, call)(keys, [self._blob_list(*part) for part in parts], *rest)

    def sizes(self, keys: list[str], *, of_devices: bool) -> Any:
        """Return the failed keys and the sizes of the blobs of each key."""
        failed, infos = self._hetero.get_meta_info(keys, of_devices)
        return failed, [list(info.blob_size_list) for info in infos]

    def pages(self, call: str, keys: list[str], names: list[str], *rest: Any) -> Any:
        """Make a call about layers and wait for what it promises."""
        return getattr(self._client, call)(keys, [self._tensors[n] for n in names], *rest).get()

    def later(self, futures: str, name: str, *arguments: Any) -> int:
        """Begin a call that gives futures, and keep them."""
        made = self.do(name, arguments)
        self._futures[futures] = made if isinstance(made, list) else [made]
        return len(self._futures[futures])

    def wait(self, futures: str, timeout_ms: int = 10_000) -> Any:
        """Return what each future gives."""
        return [future.get(timeout_ms) for future in self._futures[futures]]

    def raw(self, key: str) -> bytes:
        """Return a host value as KVClient gives it."""
        from yr.datasystem import KVClient

        client = KVClient(HOST, self._port, **TIMEOUTS)
        client.init()
        return bytes(client.get([key])[0])

    def put_raw(self, key: str, value: bytes) -> None:
        """Store a host value as KVClient does."""
        from yr.datasystem import KVClient

        client = KVClient(HOST, self._port, **TIMEOUTS)
        client.init()
        client.set(key, value)

    def on_host(self, call: str, keys: list[str]) -> Any:
        """Make a call of DsTensorClient with a tensor that is not on a device."""
        return getattr(self._client, call)(keys, [self._torch.ones(4)])

    def in_a_thread(self, call: str, keys: list[str], names: list[str]) -> Any:
        """Make a call of DsTensorClient in a thread that has chosen no device."""
        arguments = keys, [self._tensors[name] for name in names]
        with ThreadPoolExecutor(1) as threads:
            return threads.submit(getattr(self._client, call), *arguments).result()

    def transposed(self, call: str, keys: list[str], name: str) -> Any:
        """Make a call of DsTensorClient with a view that is not contiguous."""
        return getattr(self._client, call)(keys, [self._tensors[name].t()])

    def _blob_list(
        self, name: str, count: int = 1, offset: int = 0, device: int | None = None
    ) -> Any:
        from yr.datasystem import Blob, DeviceBlobList

        tensor = self._tensors[name]
        size = tensor.nbytes // count if count else 0
        pieces = [Blob(tensor.data_ptr() + index * size, size) for index in range(count)]
        return DeviceBlobList(self._npu if device is None else device, pieces, offset)


def serve(connection: Connection, port: int, npu: int) -> None:
    """Serve a parent until it says None or is gone; never returns.

    The process ends at once: destructors of the released client may wait or crash.
    """
    with contextlib.suppress(EOFError):
        station = Station(port, npu)
        while (request := connection.recv()) is not None:
            number, question = request
            connection.send((number, _outcome(station, *question)))
    os._exit(0)


def _outcome(station: Station, name: str, arguments: tuple[Any, ...], options: Any) -> Any:
    try:
        if options:
            return True, getattr(station, name)(*arguments, **options)
        return True, station.do(name, arguments)
    except Exception as error:
        return False, type(error).__name__, str(error)
