"""XFER-QUIET and XFER-DRIVER: other drivers, and what a user sees and finds besides the tensors."""

from __future__ import annotations

import os
import warnings
from typing import Any

import pytest
import ray

from yr_conformance.transfer.clauses import MUST, clause
from yr_conformance.transfer.device_kind import DeviceKind
from yr_conformance.transfer.fingerprint import fingerprint
from yr_conformance.transfer.payloads import give, many
from yr_conformance.transfer.peer import observed
from yr_conformance.transfer.ray_session import RaySession
from yr_conformance.transfer.second_driver import VALUES, DriverRun
from yr_conformance.transfer.torch_noise import without_torch_noise


@clause("XFER-DRIVER-01", MUST, source="guide: one backend for the cluster, whoever registers")
@pytest.mark.parametrize("place", ["driver", "actor"])
def test_a_second_driver_uses_the_same_backend(second_driver: DriverRun, place: str) -> None:
    """Another driver of the cluster registers, sends and receives through the same backend."""
    assert second_driver.exit_code == 0, second_driver.stderr
    assert second_driver.received[place] == VALUES


@clause("XFER-DRIVER-02", MUST, source="design: the backend belongs to the cluster")
def test_the_backend_survives_a_driver_that_leaves(
    second_driver: DriverRun, sender: Any, receiver: Any
) -> None:
    """After another driver has ended, transfers of the first one go on."""
    assert second_driver.exit_code == 0, second_driver.stderr

    assert observed(receiver, sender.make.remote(many, 2)) == fingerprint(many(2))


@clause("XFER-QUIET-01", MUST, source="measured on ray-ascend 0.1.1: warnings in every process")
def test_nothing_is_printed_by_a_driver(second_driver: DriverRun, device: DeviceKind) -> None:
    """A driver that sends and receives prints nothing to its standard error but what torch does."""
    assert second_driver.exit_code == 0, second_driver.stderr

    assert without_torch_noise(second_driver.stderr, device.name) == ""


@clause("XFER-QUIET-02", MUST, source="measured on ray-ascend 0.1.1: warnings in every process")
def test_nothing_is_printed_by_an_actor(
    fresh_peer: Any, receiver: Any, session: RaySession, device: DeviceKind
) -> None:
    """An actor that registers, sends, receives and frees prints nothing but what torch does."""
    actor = fresh_peer()
    passed_on = actor.make.remote(give, receiver.make.remote(many, 3))
    seen = observed(receiver, passed_on)
    del passed_on

    assert seen == fingerprint(many(3))
    printed = session.stderr_of(ray.get(actor.pid.remote()))
    assert without_torch_noise(printed, device.name) == ""


@clause(
    "XFER-QUIET-03", MUST, source="measured on ray-ascend 0.1.1: torch warns of read-only memory"
)
def test_no_warning_in_driver_or_actor(sender: Any, receiver: Any) -> None:
    """Neither side of a transfer issues a Python warning."""
    ray.get([actor.apply.remote(_make_warnings_errors) for actor in (sender, receiver)])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        reference = sender.make.remote(many, 2, 200_000)
        seen = [observed(receiver, reference), fingerprint(ray.get(reference))]
    ray.get([actor.apply.remote(warnings.resetwarnings) for actor in (sender, receiver)])

    assert seen == [fingerprint(many(2, 200_000))] * 2


@clause("XFER-QUIET-04", MUST, source="measured on ray-ascend 0.1.1: ./datasystem is left behind")
def test_no_file_in_the_working_directory(
    second_driver: DriverRun, sender: Any, session: RaySession
) -> None:
    """Nothing is written to the working directory of the driver, of Ray or of an actor."""
    ray.get(sender.make.remote(many, 2))
    directory = ray.get(sender.apply.remote(os.getcwd))

    assert os.path.samefile(directory, session.working_directory)
    assert os.listdir(directory) == []
    assert (second_driver.received["files"], second_driver.files) == ([], ())


def _make_warnings_errors() -> None:
    warnings.simplefilter("error")
