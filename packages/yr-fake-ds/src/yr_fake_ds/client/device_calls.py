"""What `HeteroClient` does with device objects: memory that stays where it is.

offer    check -> names of the memory -> directory
fetch    directory -> copy from the first location -> directory (this client is one now)
"""

from collections.abc import Iterable, Sequence
from itertools import dropwhile
from typing import TYPE_CHECKING

from yr_fake_ds import device_texts, texts
from yr_fake_ds.client import cann, device_memory, trace
from yr_fake_ds.client import keys as key_checks
from yr_fake_ds.client.blobs import Blobs
from yr_fake_ds.client.keys import refuse
from yr_fake_ds.client.session import Session
from yr_fake_ds.errors import StatusError
from yr_fake_ds.texts import Text

if TYPE_CHECKING:
    from yr_fake_ds.device_protocol import DeviceSource
    from yr_fake_ds.protocol import Failure


class DeviceCalls:
    """The device-side calls of one `HeteroClient`; from any thread. All raise StatusError.

    The device of the blobs must be the calling thread's current one.
    """

    def __init__(self, session: Session) -> None:
        self._session = session

    def offer(
        self, keys: list[str], blobs: Sequence[Blobs], *, moves: bool
    ) -> "list[Failure | None]":
        """Let others read the blobs; returns for each key why it was not taken, or None."""
        from yr_fake_ds import device_protocol as device

        lengths = device_texts.SEND_LENGTHS if moves else device_texts.DEV_SET_LENGTHS
        self.check(keys, blobs, lengths)
        memory = [device_memory.exported(key, part) for key, part in zip(keys, blobs, strict=True)]
        request = device.OfferDevice(objects=memory, moves=moves, trace_id=trace.current())
        return self._session.ask(request, device.Offered).refusals

    def publish(self, keys: list[str], blobs: Sequence[Blobs]) -> list[str]:
        """Do `dev_mset`; returns the keys that were not taken."""
        refusals = self.offer(keys, blobs, moves=False)
        return [key for key, refusal in zip(keys, refusals, strict=True) if refusal]

    def send(self, keys: list[str], blobs: Sequence[Blobs]) -> None:
        """Do `dev_send`; raises for the first key that was not taken."""
        for refusal in self.offer(keys, blobs, moves=True):
            if refusal is not None:
                raise StatusError(refusal.status, refusal.message)

    def fetch(self, keys: list[str], blobs: Sequence[Blobs], wait_ms: int) -> list[str]:
        """Do `dev_mget`; returns the keys that failed, raises the last one's error if all did.

        Keys of others that stand behind a missing key fail too, and a copy within this process that
        fails is the error of the call (measured on 0.8.1).
        """
        self.check(keys, blobs, device_texts.DEV_GET_LENGTHS)
        deadline = device_memory.transfer_deadline(wait_ms)
        targets = first_targets(keys, blobs)
        sources = self.find(list(targets), wait_ms)
        errors = self.receive(targets, sources, deadline, skipped=_behind_missing(targets, sources))
        for key in errors:
            if sources[key].is_own:
                raise errors[key]
        missing = [key for key in targets if key not in sources]
        failed = [key for key in dict.fromkeys(keys) if key in errors or key in missing]
        if missing and len(failed) == len(targets):
            raise refuse(device_texts.OBJECTS_NOT_FOUND)
        if len(failed) == len(targets):
            raise errors[failed[-1]]
        # A repeated key is served once, and failed for the rest of its places.
        return failed + [key for index, key in enumerate(keys) if key in keys[:index]]

    def find(
        self, keys: list[str], wait_ms: int, subscription: int | None = None
    ) -> "dict[str, DeviceSource]":
        """Ask where keys are and begin to read them; `receive` must follow."""
        from yr_fake_ds import device_protocol as device

        request = device.FindDevice(
            keys=keys, wait_ms=wait_ms, subscription=subscription, trace_id=trace.current()
        )
        timeout_ms = max(self._session.request_timeout_ms, wait_ms)
        found = self._session.ask(request, device.DeviceFound, timeout_ms=timeout_ms).sources
        return {key: source for key, source in zip(keys, found, strict=True) if source}

    def receive(
        self,
        targets: dict[str, Blobs],
        sources: "dict[str, DeviceSource]",
        deadline: float,
        subscription: int | None = None,
        skipped: Iterable[str] = (),
    ) -> dict[str, StatusError]:
        """Copy what was found, tell the directory, and return the errors of keys that failed.

        A subscription does not make this client a location (measured on 0.8.1).
        """
        errors = {key: refuse(device_texts.OBJECTS_NOT_FOUND) for key in skipped}
        copied: list[str] = []
        try:
            for key in [key for key in sources if key not in errors]:
                try:
                    device_memory.fetch(sources[key], targets[key], deadline)
                    copied.append(key)
                except StatusError as error:
                    errors[key] = error
        finally:
            # Also when the call is interrupted: what is not ended stays in use for ever.
            self._end(targets, sources, copied, subscription)
        return errors

    def _end(
        self,
        targets: dict[str, Blobs],
        sources: "dict[str, DeviceSource]",
        copied: Sequence[str],
        subscription: int | None,
    ) -> None:
        from yr_fake_ds import device_protocol as device
        from yr_fake_ds import protocol

        if not sources:
            return
        whole = {
            key
            for key in copied
            if subscription is None and device_memory.is_complete(sources[key], targets[key])
        }
        request = device.EndDevice(
            received=[device_memory.exported(key, targets[key]) for key in whole],
            partly=[key for key in copied if key not in whole],
            failed=list(sources.keys() - set(copied)),
            subscription=subscription,
            trace_id=trace.current(),
        )
        self._session.ask(request, protocol.Done)

    def remove(self, keys: list[str], *, local: bool) -> list[str]:
        """Delete device objects, or this client's locations; returns the keys that failed."""
        from yr_fake_ds import device_protocol as device
        from yr_fake_ds import protocol

        self._session.link()
        key_checks.check_batch(keys)
        request = device.RemoveDevice(keys=keys, local=local, trace_id=trace.current())
        return self._session.ask(request, protocol.Failed).keys

    def sizes(self, keys: list[str]) -> list[list[int] | None]:
        """Return the blob sizes of device objects, None for a missing one; raises if all are."""
        from yr_fake_ds import device_protocol as device

        self._session.link()
        key_checks.check_batch(keys)
        request = device.MeasureDevice(keys=keys, trace_id=trace.current())
        sizes = self._session.ask(request, device.DeviceSizes).sizes
        if not any(sizes):
            raise refuse(texts.META_NOT_FOUND)
        return sizes

    def was_taken(self, key: str, wait_ms: int) -> bool:
        """Wait until another client has received what this one sent under a key."""
        from yr_fake_ds import device_protocol as device
        from yr_fake_ds import protocol

        request = device.AwaitDevice(key=key, wait_ms=wait_ms, trace_id=trace.current())
        timeout_ms = max(self._session.request_timeout_ms, wait_ms)
        return self._session.ask(request, protocol.Existing, timeout_ms=timeout_ms).present[0]

    def check(self, keys: list[str], blobs: Sequence[Blobs], lengths: Text) -> None:
        """Refuse keys and blobs as the SDK does; `lengths` is its text for lists of two lengths."""
        self._session.link()
        key_checks.check_batch(keys)
        for key in keys:
            key_checks.check_characters(key)
        if len(keys) != len(blobs):
            raise refuse(lengths)
        if not all(part.pieces for part in blobs):
            raise refuse(device_texts.NO_BLOB)
        if not all(size for part in blobs for size in part.sizes):
            raise refuse(device_texts.BLOB_SIZE_ZERO)
        for part in blobs:
            _check_device(part.device)


def first_targets(keys: Sequence[str], blobs: Sequence[Blobs]) -> dict[str, Blobs]:
    """Return where each key goes; a repeated key goes to its first place."""
    targets: dict[str, Blobs] = {}
    for key, part in zip(keys, blobs, strict=True):
        targets.setdefault(key, part)
    return targets


def _behind_missing(targets: Iterable[str], sources: "dict[str, DeviceSource]") -> list[str]:
    behind = list(dropwhile(sources.__contains__, targets))
    return [key for key in behind if key in sources and not sources[key].is_own]


def _check_device(device: int) -> None:
    devices = cann.load()
    devices.check_device(device)
    current = devices.current_device()
    if current is None:
        raise refuse(device_texts.NO_CONTEXT)
    if current != device:
        raise refuse(device_texts.OTHER_DEVICE, given=device, current=current)
