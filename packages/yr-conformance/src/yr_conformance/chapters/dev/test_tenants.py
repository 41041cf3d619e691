"""DEV-TENANT: device objects are everybody's; host values of a hetero client are its tenant's."""

from __future__ import annotations

from typing import Any

from yr_conformance.datasystem.clients import Keys, connect_hetero, new_tenant
from yr_conformance.datasystem.worker import Worker
from yr_conformance.device.clauses import EMULATED, MUST, clause
from yr_conformance.device.station_process import StationProcess


@clause("DEV-TENANT-01", MUST, source=EMULATED)
def test_device_objects_are_everybody_s(
    worker: Worker, npu0: StationProcess, own_keys: Keys
) -> None:
    """A tenant finds, and deletes, what a client without one keeps on its NPU."""
    red = connect_hetero(worker.port, tenant_id=new_tenant())
    npu0.ask("make", "x", 1, 1000)
    npu0.ask("dev_mset", [own_keys()], ["x"])

    _missing, (found,) = red.get_meta_info([own_keys()], True)

    assert found.blob_size_list == [4000]
    assert red.dev_delete([own_keys()]) == []


@clause("DEV-TENANT-02", MUST, source=EMULATED)
def test_host_values_are_a_tenant_s(
    worker: Worker, client: Any, npu0: StationProcess, own_keys: Keys
) -> None:
    """What a client without a tenant has copied to the host, no tenant sees or deletes."""
    red = connect_hetero(worker.port, tenant_id=new_tenant())
    npu0.ask("make", "x", 1, 1000)
    npu0.ask("mset_d2h", [own_keys()], ["x"])

    assert red.exist([own_keys()]) == [False]
    assert red.delete([own_keys()]) == []

    assert client.exist([own_keys()]) == [True]
