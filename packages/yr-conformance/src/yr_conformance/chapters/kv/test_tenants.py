"""KV-TENANT: clients with a `tenant_id` have keys of their own at the same worker."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from yr_conformance.clauses import MUST, clause
from yr_conformance.datasystem.clients import Keys, connect, new_tenant
from yr_conformance.datasystem.sources import MEASURED
from yr_conformance.datasystem.statuses import raises_status
from yr_conformance.datasystem.worker import Worker
from yr_conformance.waiting import wait_until


@contextmanager
def tenants(worker: Worker, own_keys: Keys) -> Iterator[tuple[Any, Any]]:
    """Clients of two tenants that no other test has; their keys go with the block."""
    red, blue = (connect(worker.port, tenant_id=new_tenant()) for _ in range(2))
    yield red, blue
    for one in (red, blue):
        one.delete(own_keys.made)


@clause("KV-TENANT-01", MUST, source=MEASURED)
def test_tenants_have_values_of_their_own(worker: Worker, client: Any, own_keys: Keys) -> None:
    """One key has a value for each tenant, and none for a client without one."""
    with tenants(worker, own_keys) as (red, blue):
        red.set(own_keys(), b"red")
        blue.mset([own_keys()], [b"blue"])

        assert red.get([own_keys()]) == [b"red"]
        assert blue.get([own_keys()]) == [b"blue"]
        assert client.exist([own_keys()]) == [False]
        with raises_status("Key not found"):
            client.get([own_keys()])


@clause("KV-TENANT-02", MUST, source=MEASURED)
def test_a_tenant_deletes_its_own(worker: Worker, client: Any, own_keys: Keys) -> None:
    """Deleting a key leaves that of others, and reports none that is missing."""
    with tenants(worker, own_keys) as (red, blue):
        for one in (red, blue):
            one.set(own_keys(), b"x")

        assert client.delete([own_keys()]) == []
        assert red.delete([own_keys()]) == []

        assert red.exist([own_keys()]) == [False]
        assert blue.exist([own_keys()]) == [True]


@clause("KV-TENANT-03", MUST, source=MEASURED)
def test_a_time_to_live_is_a_tenant_s(worker: Worker, own_keys: Keys) -> None:
    """A value expires for the tenant that said so."""
    with tenants(worker, own_keys) as (red, blue):
        for one in (red, blue):
            one.set(own_keys(), b"x")

        assert red.expire([own_keys()], 1) == []
        wait_until(lambda: red.exist([own_keys()]) == [False], "red's value has expired")

        assert blue.exist([own_keys()]) == [True]


@clause("KV-TENANT-04", MUST, source=MEASURED)
def test_a_worker_names_the_keys_of_tenants_whole(worker: Worker, own_keys: Keys) -> None:
    """What `expire` cannot find it names as the worker does: tenant, dollar, key."""
    name = new_tenant()
    tenant, missing = connect(worker.port, tenant_id=name), own_keys("missing")
    tenant.set(own_keys("here"), b"x", ttl_second=60)

    assert tenant.expire([missing, own_keys("here")], 60) == [f"{name}${missing}"]
    with raises_status("Key not found", f"{name}${missing}"):
        tenant.expire([missing], 60)

    tenant.delete([own_keys("here")])


@clause("KV-TENANT-05", MUST, source=MEASURED)
def test_created_memory_is_a_tenant_s(worker: Worker, own_keys: Keys) -> None:
    """A published buffer is there for its tenant, and generated keys work as any other."""
    with tenants(worker, own_keys) as (red, blue):
        buffers = red.mcreate([own_keys()], [3])
        red.mset_buffer(buffers)
        del buffers
        generated = red.set_value(b"x")
        own_keys.made.append(generated)

        assert red.exist([own_keys(), generated]) == [True, True]
        assert blue.exist([own_keys(), generated]) == [False, False]


@clause("KV-TENANT-06", MUST, source=MEASURED)
@pytest.mark.parametrize("name", ["a b", "a;b", "a$b", "ä", "x" * 1000])
def test_any_text_is_a_tenant(worker: Worker, own_keys: Keys, client: Any, name: str) -> None:
    """A tenant's name has no limit, and does not count towards the length of a key."""
    longest = own_keys("k".ljust(255 - len(own_keys("")), "k"))
    tenant = connect(worker.port, tenant_id=name)

    tenant.set(longest, b"x")

    assert tenant.get([longest]) == [b"x"]
    assert client.exist([longest]) == [False]
    assert tenant.exist([own_keys("another")]) == [False]
    tenant.delete([longest])


@clause("KV-TENANT-07", MUST, source=MEASURED)
@pytest.mark.parametrize("credentials", [{"token": "t"}, {"access_key": "a", "secret_key": "s"}])
def test_credentials_change_nothing_without_authorization(
    worker: Worker, client: Any, own_keys: Keys, credentials: dict[str, str]
) -> None:
    """A worker that does not check them takes any; they make no tenant."""
    other = connect(worker.port, **credentials)

    other.set(own_keys(), b"x")

    assert client.get([own_keys()]) == [b"x"]
