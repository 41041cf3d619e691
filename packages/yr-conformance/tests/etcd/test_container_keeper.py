"""The process that has the container: it removes it whatever ends the test process."""

from __future__ import annotations

import os
import pathlib
import signal
from collections.abc import Iterator

import pytest
from scripted_engine import ScriptedEngine, scripted_engine

from yr_conformance.dialogue import Partner, started
from yr_conformance.etcd import container_keeper

IMAGE = "registry/etcd:1"


@pytest.fixture
def engine() -> Iterator[tuple[ScriptedEngine, str]]:
    """An engine that has the image, and its DOCKER_HOST."""
    with scripted_engine(IMAGE) as made:
        yield made


@pytest.fixture
def keeper(engine: tuple[ScriptedEngine, str], tmp_path: pathlib.Path) -> Iterator[Partner]:
    """A keeper with a container."""
    pytest.importorskip("testcontainers")
    settings = {"DOCKER_HOST": engine[1], "TESTCONTAINERS_RYUK_DISABLED": "true"}
    environment = {**os.environ, **settings, "HOME": str(tmp_path)}
    with started([container_keeper.__name__], environment, str(tmp_path)) as (process, stderr):
        made = Partner(process, stderr)
        made.ask("load", 5)
        made.ask("connect")
        made.ask("start", IMAGE, ["etcd"], {}, {"2379/tcp": ["127.0.0.1", 2379]})
        yield made


def test_the_container_goes_with_whoever_asks(
    keeper: Partner, engine: tuple[ScriptedEngine, str]
) -> None:
    """When its standard input ends, as it does when the test process is killed, nothing is left."""
    there = dict(engine[0].containers)

    keeper.end()

    assert there == {"c0": "running"}
    assert engine[0].containers == {}


def test_an_interrupt_is_for_the_test_process(keeper: Partner) -> None:
    """Ctrl-C reaches all processes of a terminal; the keeper can still be asked for the end."""
    os.kill(keeper.pid, signal.SIGINT)

    assert keeper.ask("status") == "running"
