"""Device requests of clients, which the worker hands on to the directory."""

from __future__ import annotations

from yr_fake_ds import device_protocol as device
from yr_fake_ds.daemon.patience import deadline_of, patiently
from yr_fake_ds.directory.service import Directory


class DeviceRequests:
    """How the clients of one worker reach the directory of device objects; used by all threads."""

    def __init__(self, address: str, directory: Directory, patience_ms: int) -> None:
        self._address = address
        self._directory = directory
        self._patience_ms = patience_ms

    def handle(self, request: device.DeviceRequest, client_id: str) -> device.DeviceAnswer:
        """Carry a request out; RefusedError as everywhere."""
        call = device.DeviceCall(client_id=client_id, address=self._address, request=request)
        deadline = deadline_of(self._patience_ms)
        return patiently(deadline, lambda: self._directory.call_device(call))
