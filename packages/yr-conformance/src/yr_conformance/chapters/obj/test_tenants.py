"""OBJ-TENANT: objects and their references belong to a tenant, as values do."""

from __future__ import annotations

from typing import Any

from yr_conformance.chapters.obj.clauses import MUST, clause
from yr_conformance.datasystem.clients import Keys, connect_objects, new_tenant
from yr_conformance.datasystem.sources import MEASURED
from yr_conformance.datasystem.statuses import raises_status
from yr_conformance.datasystem.worker import Worker


@clause("OBJ-TENANT-01", MUST, source=MEASURED)
def test_objects_and_references_are_a_tenant_s(
    worker: Worker, client: Any, objects: Any, own_keys: Keys
) -> None:
    """Another tenant, or none, has other objects under a key, and no part in its references."""
    red = connect_objects(worker.port, tenant_id=new_tenant())
    red.g_increase_ref([own_keys()])
    red.put(own_keys(), b"red", nested_object_keys=[own_keys("inner")])

    assert red.query_global_ref_num(own_keys()) == 1
    assert objects.query_global_ref_num(own_keys()) == 0
    assert objects.g_decrease_ref([own_keys()]) == []
    assert client.exist([own_keys()]) == [False]
    with raises_status("Key not found"):
        objects.get([own_keys()], 0)
    assert bytes(red.get([own_keys()], 0)[0].immutable_data()) == b"red"
    red.g_decrease_ref([own_keys()])

    with raises_status("Key not found"):
        red.get([own_keys()], 0)
