"""Mutants of how a backend is set up: one defect each, noticed by chapter MODE.

They break the processes that register, which are the driver and all actors; not the backend's own.
"""

from __future__ import annotations

import shlex
from typing import Any

from transport_mutants import Mutant

from ray_ascend.backend import config
from ray_ascend.backend import lifecycle as backend
from ray_ascend.backend.config import BackendConfig
from ray_ascend.store import connection


def split_arguments_at_blanks() -> None:
    """Quotation marks in YR_DS_WORKER_ARGS are characters like any others."""
    _replace(shlex, "split", str.split)


def read_the_environment_in_actors() -> None:
    """An actor that registers looks at variables of its own."""
    original = connection.wait_for_backend

    def wait_for_backend() -> None:
        BackendConfig.from_env()
        original()

    _replace(connection, "wait_for_backend", wait_for_backend)


def hide_other_settings() -> None:
    """Registering with other settings while a backend runs says nothing."""
    _replace_differences([])


def warn_at_every_registration() -> None:
    """Registering while a backend runs is a warning, also with its own settings."""
    _replace_differences(["something differs"])


def take_any_port() -> None:
    """Whatever consists of digits is a port."""
    _replace(config, "_is_port", str.isdigit)


def start_before_checking() -> None:
    """The backend's actor is made before the variables are looked at."""
    original = BackendConfig.from_env

    def from_env(*arguments: Any) -> BackendConfig:
        backend._create_coordinator(BackendConfig())
        return original(*arguments)

    _replace(BackendConfig, "from_env", from_env)


def forget_the_grace() -> None:
    """Keys of dead actors are kept for the default time, whatever the driver says."""
    _overrule("dead_actor_grace_s", 60.0)


def forget_the_workers_environment() -> None:
    """Workers have the environment of their nodes, whatever the driver says."""
    _overrule("worker_env", ())


def _overrule(setting: str, value: object) -> None:
    original = BackendConfig.from_env

    def from_env(*arguments: Any) -> BackendConfig:
        made = original(*arguments)
        object.__setattr__(made, setting, value)
        return made

    _replace(BackendConfig, "from_env", from_env)


def _replace_differences(answer: list[str]) -> None:
    _replace(BackendConfig, "differences", lambda *_: answer)


def _replace(owner: object, name: str, value: object) -> None:
    setattr(owner, name, value)


MUTANTS = (
    Mutant(split_arguments_at_blanks, ("MODE-VAR-04",)),
    Mutant(read_the_environment_in_actors, ("MODE-VAR-01",)),
    Mutant(hide_other_settings, ("MODE-LIVE-02", "MODE-LIVE-03")),
    Mutant(warn_at_every_registration, ("MODE-LIVE-01",)),
    Mutant(take_any_port, ("MODE-BAD-01", "MODE-BAD-02")),
    Mutant(start_before_checking, ("MODE-BAD-02", "MODE-BAD-03")),
    Mutant(forget_the_grace, ("MODE-VAR-07",)),
    Mutant(forget_the_workers_environment, ("MODE-VAR-08",)),
)
