"""LIFE-SECOND and LIFE-CLEAN: drivers share a backend, and it ends with its last user."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from yr_conformance.chapters.life.clauses import DESIGN, GUIDE, MUST, clause
from yr_conformance.chapters.life.drivers import share
from yr_conformance.nodes.ray_cluster import RayCluster
from yr_conformance.nodes.record import Record
from yr_conformance.settings.variables import WORKER_ARGS, WORKER_PORT, Variables


@pytest.fixture(scope="module")
def asked(settings: Callable[[], Variables]) -> Variables:
    """What the drivers ask for, but the second one."""
    return settings()


@pytest.fixture(scope="module")
def drivers(new_cluster: Callable[[int], RayCluster], asked: Variables) -> Record:
    """All of it, once."""
    return share(new_cluster(2), asked)


@clause("LIFE-SECOND-01", MUST, source=GUIDE)
def test_a_second_driver_joins(drivers: Record) -> None:
    """A second driver of a cluster uses the workers that are there."""
    joined = drivers["second_joins"]

    assert joined.after == joined.before == drivers["begin"]


@clause("LIFE-SECOND-02", MUST, source=DESIGN)
def test_a_second_driver_with_other_settings(drivers: Record, asked: Variables) -> None:
    """Other settings of a second driver are a warning that names each with both values."""
    (warning,) = drivers["second_joins"].warnings
    port = asked[WORKER_PORT]

    assert f"{WORKER_PORT} is '{port}' there and '{port + 1}' here" in warning
    assert f"{WORKER_ARGS} is" in warning
    assert "--oc_thread_num 7" in warning


@clause("LIFE-SECOND-03", MUST, source=DESIGN)
def test_the_first_driver_s_end(drivers: Record) -> None:
    """When the first driver leaves, the second one transfers on, through the same workers."""
    assert drivers["first_leaves"] == drivers["begin"]


@clause("LIFE-SECOND-04", MUST, source=DESIGN)
def test_a_detached_actor_keeps_the_backend(drivers: Record) -> None:
    """A detached actor that has registered keeps the workers when no driver is left."""
    assert drivers["second_is_killed"] == drivers["begin"]


@clause("LIFE-SECOND-05", MUST, source=DESIGN)
def test_a_driver_joins_what_a_detached_actor_keeps(drivers: Record) -> None:
    """A driver joins, without a warning, a backend that only a detached actor had used."""
    joined = drivers["third_ends"]

    assert joined.after == joined.before == drivers["begin"]
    assert not joined.warnings


@clause("LIFE-CLEAN-04", MUST, source=DESIGN)
def test_a_program_that_ends_without_cleanup(drivers: Record) -> None:
    """In 10 s from the end of the last user, whose program just ends, nothing is left."""
    left = drivers["gone with the last user"]

    assert not left, left


@clause("LIFE-CLEAN-05", MUST, source=DESIGN)
def test_a_driver_that_is_killed(drivers: Record) -> None:
    """In 10 s from kill -9 of the only driver nothing of the backend is left, but all of Ray."""
    left = drivers["only_one_is_killed"]

    assert not left, left


@clause("LIFE-CLEAN-06", MUST, source=GUIDE)
def test_a_driver_that_shuts_ray_down(drivers: Record) -> None:
    """In 10 s from `ray.shutdown()` of the only driver nothing of the backend is left."""
    left = drivers["only_one_leaves"]

    assert not left, left


@clause("LIFE-CLEAN-07", MUST, source=DESIGN)
def test_the_head_is_killed(drivers: Record) -> None:
    """In 10 s from kill -9 of the raylet of Ray's head nothing is left on its node or another."""
    left = drivers["head_is_killed"]

    assert not left, left
