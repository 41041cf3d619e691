"""Decoders of all messages between clients and workers; what they refuse ends a connection."""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from yr_fake_ds import protocol
from yr_fake_ds.device_protocol import DeviceReply, DeviceRequest

ClientRequest: TypeAlias = (
    protocol.Hello
    | protocol.OpenDirectory
    | protocol.SetFaults
    | protocol.Goodbye
    | protocol.Attach
    | protocol.Create
    | protocol.Publish
    | protocol.Get
    | protocol.Release
    | protocol.Exist
    | protocol.Delete
    | protocol.Expire
    | protocol.Health
    | protocol.Latch
    | protocol.Unlatch
    | protocol.Invalidate
    | protocol.ChangeGlobalReferences
    | protocol.QueryGlobalReferences
    | protocol.Inspect
    | protocol.PeerGet
    | DeviceRequest
)
WorkerReply: TypeAlias = (
    protocol.Failure
    | protocol.Done
    | protocol.Welcome
    | protocol.Attached
    | protocol.Created
    | protocol.Published
    | protocol.Got
    | protocol.Existing
    | protocol.Failed
    | protocol.Count
    | protocol.Inspection
    | protocol.PeerValue
    | DeviceReply
)

decode_request = msgspec.msgpack.Decoder(ClientRequest).decode
decode_reply = msgspec.msgpack.Decoder(WorkerReply).decode
