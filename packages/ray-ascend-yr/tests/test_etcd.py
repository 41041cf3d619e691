"""Etcd mode: what a backend writes into an etcd goes with it."""

from __future__ import annotations

import base64
import contextlib
import http.client
import json
import pathlib
from collections.abc import Iterator

import pytest
import ray
from conftest import Sandbox
from etcd_process import running_etcd
from sender import transfer

from ray_ascend import cleanup_yr_resources, register_yr_tensor_transport

pytestmark = pytest.mark.datasystem


@pytest.fixture
def etcd(sandbox: Sandbox) -> Iterator[str]:
    """The address of an etcd of the test's own."""
    with running_etcd(pathlib.Path(sandbox.directory)) as made:
        yield made.address
        # The backend goes first, so that its workers leave the cluster in order.
        if ray.is_initialized():
            cleanup_yr_resources()


def keys_in(address: str) -> list[str]:
    """List everything that an etcd holds."""
    everything = base64.b64encode(b"\0").decode()
    body = json.dumps({"key": everything, "range_end": everything, "keys_only": True})
    with contextlib.closing(http.client.HTTPConnection(address, timeout=2)) as connection:
        connection.request("POST", "/v3/kv/range", body)
        rows = json.load(connection.getresponse()).get("kvs", [])
    return [base64.b64decode(row["key"]).decode() for row in rows]


@pytest.fixture
def etcd_mode(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    """A Ray cluster whose driver asks for etcd, and a metastore's port that nobody may use."""
    monkeypatch.setenv("YR_DS_INIT_MODE", "etcd")
    monkeypatch.delenv("YR_DS_METASTORE_PORT")
    sandbox.start_ray()
    return sandbox


@pytest.mark.usefixtures("etcd_mode")
def test_a_tensor_travels_in_etcd_mode(etcd: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Register, transfer, clean up and register again with the metadata in etcd."""
    monkeypatch.setenv("YR_DS_ETCD_ADDRESS", etcd)

    for _ in range(2):
        register_yr_tensor_transport(["cpu"])
        assert transfer() == 4950.0
        assert keys_in(etcd)
        cleanup_yr_resources()
        assert keys_in(etcd) == []
