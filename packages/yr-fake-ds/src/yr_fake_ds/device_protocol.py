"""The messages about device objects, between clients, workers and the directory.

A device object is memory of a client that others may read. The worker hands these requests on to
the directory, which alone knows device objects; the bytes never come here.

    producer                        directory                          receiver
      OfferDevice (names of memory)  ->  locations
                                     <-  FindDevice
                                     ->  DeviceFound (names)             opens the memory and copies
                                     <-  EndDevice (it is a location now, or the offer is used up)
      AwaitDevice                    ->  whether an offer of dev_send was taken
"""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from yr_fake_ds.protocol import (
    Done,
    Existing,
    Failed,
    Failure,
    Message,
    Milliseconds,
    Request,
    Size,
)


class DeviceBlob(msgspec.Struct, frozen=True, array_like=True):
    """One piece of memory: the name under which its process exported it, "" if it could not."""

    name: str
    address: int
    size: Size


class DeviceObject(msgspec.Struct, frozen=True, array_like=True):
    """The memory of one key at one client; `npu` is the machine's number of the device."""

    key: str
    npu: int
    blobs: list[DeviceBlob]

    @property
    def sizes(self) -> list[int]:
        """The bytes of each blob."""
        return [blob.size for blob in self.blobs]


class DeviceSource(msgspec.Struct, frozen=True, array_like=True):
    """From where to copy a key: one of its locations, and whether it is the client's own."""

    memory: DeviceObject
    is_own: bool


class OfferDevice(Request, frozen=True, kw_only=True):
    """Let others read memory -> Offered. With `moves` only the first receiver gets it."""

    objects: list[DeviceObject]
    moves: bool

    @property
    def keys(self) -> list[str]:
        """The keys that are offered."""
        return [part.key for part in self.objects]


class Offered(Message, frozen=True):
    """One answer a key: None if it was taken. With `moves` the first refusal is the last answer."""

    refusals: list[Failure | None]


class FindDevice(Request, frozen=True, kw_only=True):
    """Ask for sources and begin to read them -> DeviceFound; EndDevice must follow.

    Waits up to `wait_ms` until all keys are there. With a `subscription` (any number that the
    client uses once) it waits for any of them, and takes its turn behind earlier subscriptions.
    """

    keys: list[str]
    wait_ms: Milliseconds
    subscription: int | None = None


class DeviceFound(Message, frozen=True):
    """One answer a key."""

    sources: list[DeviceSource | None]


class EndDevice(Request, frozen=True, kw_only=True):
    """Say what became of reading the keys -> Done.

    `received` are copies that are complete, which become locations; `partly` are keys of which a
    part was copied, `failed` those of which nothing was.
    """

    received: list[DeviceObject]
    partly: list[str]
    failed: list[str]
    subscription: int | None = None


class AwaitDevice(Request, frozen=True, kw_only=True):
    """Ask whether somebody has taken what this client offered -> Existing with one answer."""

    key: str
    wait_ms: Milliseconds


class RemoveDevice(Request, frozen=True, kw_only=True):
    """Delete device objects, or with `local` this client's locations -> Failed.

    A key that somebody reads at the moment is not deleted; if that is true of all, Failure.
    """

    keys: list[str]
    local: bool


class MeasureDevice(Request, frozen=True, kw_only=True):
    """Ask for the sizes of the blobs -> DeviceSizes."""

    keys: list[str]


class DeviceSizes(Message, frozen=True):
    """One answer a key, None for one that does not exist."""

    sizes: list[list[int] | None]


DeviceRequest: TypeAlias = (
    OfferDevice | FindDevice | EndDevice | AwaitDevice | RemoveDevice | MeasureDevice
)
DeviceAnswer: TypeAlias = Offered | DeviceFound | Existing | Failed | DeviceSizes | Done
DeviceReply: TypeAlias = Offered | DeviceFound | DeviceSizes
"""Replies that only device requests have."""


class DeviceCall(Message, frozen=True, kw_only=True):
    """A device request of a client as its worker hands it to the directory -> DeviceAnswer."""

    client_id: str
    address: str
    request: DeviceRequest
