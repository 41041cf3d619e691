"""The calls to etcd, against a real one."""

from __future__ import annotations

import pytest
from etcd_process import EtcdProcess
from served_worker import wait_until
from started_worker import free_port

from yr_fake_ds.membership.gateway import EtcdLostError, Gateway


def test_values_are_stored_and_found(etcd: EtcdProcess) -> None:
    """A value is read by its key, several by what their keys begin with."""
    lease = etcd.gateway.grant(60)
    for name in ("a/1", "a/2", "b"):
        etcd.gateway.put(name, name.upper(), lease)

    assert etcd.gateway.get("b") == "B"
    assert etcd.gateway.get("c") is None
    assert etcd.gateway.values("a/") == ["A/1", "A/2"]


def test_a_value_is_replaced_by_one_only(etcd: EtcdProcess) -> None:
    """Who expects another value than the present one does not replace it."""
    lease = etcd.gateway.grant(60)

    outcomes = [
        etcd.gateway.replace("k", old, new, lease)
        for old, new in [(None, "1"), (None, "2"), ("3", "2"), ("1", "2")]
    ]

    assert outcomes == [True, False, False, True]
    assert etcd.gateway.get("k") == "2"


def test_values_go_with_their_lease(etcd: EtcdProcess) -> None:
    """A lease that was revoked, or not kept, takes its values along."""
    for lease, ends in ((etcd.gateway.grant(60), True), (etcd.gateway.grant(1), False)):
        etcd.gateway.put("k", "1", lease)
        if ends:
            etcd.gateway.revoke(lease)
        wait_until(lambda: etcd.gateway.get("k") is None, "the value is gone")

        assert not etcd.gateway.keep(lease)
        etcd.gateway.revoke(lease)


def test_another_address_is_asked(etcd: EtcdProcess) -> None:
    """Addresses that do not answer are passed over."""
    gateway = Gateway([f"127.0.0.1:{free_port()}", etcd.address])

    assert gateway.keep(gateway.grant(60))


def test_no_answer_is_an_error() -> None:
    """The error names every address and why."""
    address = f"127.0.0.1:{free_port()}"

    with pytest.raises(EtcdLostError, match=f"{address}: ConnectionRefusedError"):
        Gateway([address]).get("k")
