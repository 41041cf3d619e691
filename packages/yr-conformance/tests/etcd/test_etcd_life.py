"""What may be done to an etcd of the suite: the same for the container and for the program."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from yr_conformance.etcd.errors import EtcdError, UnavailableError
from yr_conformance.etcd.provision import Provision, wishes
from yr_conformance.etcd.server import Etcd, is_healthy, version_of


@pytest.fixture(params=["container", "binary"])
def etcd(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Etcd]:
    """An etcd of the test's own; skipped where that provider has none."""
    try:
        made = Provision(wishes(os.environ, request.param), str(tmp_path)).start()
    except UnavailableError as reason:
        pytest.skip(str(reason))
    with contextlib.closing(made):
        yield made


def test_it_serves(etcd: Etcd) -> None:
    """It is healthy when it is provided, and says which release it is."""
    assert is_healthy(etcd.address)
    assert version_of(etcd.address)[0].isdecimal()


def test_it_is_paused_and_resumed(etcd: Etcd) -> None:
    """While it is paused it does not answer."""
    etcd.pause()
    paused = is_healthy(etcd.address)
    etcd.resume()

    assert not paused
    assert is_healthy(etcd.address)


def test_it_keeps_address_and_data_over_a_crash(etcd: Etcd) -> None:
    """After kill and restart it is found at the same place, with what was stored."""
    _post(etcd, "put", {"key": "aw==", "value": "dg=="})

    etcd.kill()
    killed = is_healthy(etcd.address)
    etcd.restart()

    assert not killed
    assert _post(etcd, "range", {"key": "aw=="})["count"] == "1"


def test_closing_ends_it(etcd: Etcd, tmp_path: Path) -> None:
    """After `close`, any number of times, it is gone with its data."""
    etcd.close()
    etcd.close()

    assert not is_healthy(etcd.address)
    assert list(tmp_path.iterdir()) == []


def test_what_belongs_to_others_is_not_hurt(etcd: Etcd) -> None:
    """An etcd that was given by its address is used and nothing else."""
    foreign = Provision(wishes({"YR_DS_ETCD_ADDRESS": etcd.address}), "").start()

    assert (foreign.kind, foreign.may_be_hurt) == ("address", False)
    for harm in (foreign.kill, foreign.pause, foreign.restart, foreign.resume):
        with pytest.raises(EtcdError, match="somebody else's"):
            harm()
    foreign.close()
    assert is_healthy(etcd.address)


def _post(etcd: Etcd, call: str, body: dict[str, str]) -> dict[str, str]:
    with contextlib.closing(http.client.HTTPConnection(etcd.address, timeout=5)) as connection:
        connection.request("POST", f"/v3/kv/{call}", json.dumps(body))
        found: dict[str, str] = json.load(connection.getresponse())
    return found
