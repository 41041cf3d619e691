"""Tenants: each has keys of its own, among the values of a worker.

    client of tenant "red"   set("key")  --Publish "red$key"-->  worker
    client of no tenant      set("key")  --Publish "key"------>

No key of a caller has a dollar, so that names never meet. What a worker says of keys has the whole
name, in the answer of `expire` and in texts, but not in those of `delete` and `mset`. Device
objects are not apart: every tenant reads and deletes them. All measured on openyuanrong-datasystem
0.8.1, whose authorization was off; with it on (`--authorization_enable`) no client gets an answer
unless an IAM service is there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from yr_fake_ds import protocol

if TYPE_CHECKING:
    from collections.abc import Iterable

    from yr_fake_ds.protocol import Request

SEPARATOR: Final = "$"

_WITH_KEYS = (
    protocol.Create,
    protocol.Get,
    protocol.Exist,
    protocol.Delete,
    protocol.Expire,
    protocol.ChangeGlobalReferences,
)


def of_tenant(tenant: str, request: Request) -> Request:
    """Give the request with the keys as a worker knows them; called for all that a tenant asks."""

    def whole(key: str) -> str:
        return f"{tenant}{SEPARATOR}{key}"

    match request:
        case protocol.Publish():
            items = [replace(item, key=whole(item.key)) for item in request.items]
            return replace(request, items=items, nested=[whole(key) for key in request.nested])
        case protocol.QueryGlobalReferences() | protocol.Invalidate():
            return replace(request, key=whole(request.key))
        case _ if isinstance(request, _WITH_KEYS):
            return replace(request, keys=[whole(key) for key in request.keys])
    return request


def as_asked(tenant: str, keys: Iterable[str]) -> list[str]:
    """Give the keys of an answer as the tenant named them."""
    return [key.removeprefix(f"{tenant}{SEPARATOR}") for key in keys]
