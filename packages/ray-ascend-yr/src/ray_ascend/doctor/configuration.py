"""The driver's variables, read in this shell's environment just as a driver would read them."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterable, Mapping

from ray_ascend.backend.config import BackendConfig
from ray_ascend.doctor.finding import Finding
from ray_ascend.errors import ConfigurationError

NAME = "configuration"
_PREFIXES = ("YR_DS_", "RAY_ASCEND_")


def read_configuration(environment: Mapping[str, str]) -> tuple[BackendConfig | None, Finding]:
    """Give the settings, None if a variable is wrong, and the finding about them."""
    try:
        config = BackendConfig.from_env(environment)
    except ConfigurationError as error:
        advice = f"correct {error.name} in the environment of the driver"
        return None, Finding(NAME, "error", str(error), advice, {"variable": error.name})
    variables = sorted(_set_variables(environment))
    origin = f"from {', '.join(variables)}" if variables else "no variable is set"
    text = f"{describe(config)} ({origin})"
    return config, Finding(NAME, "ok", text, details=dataclasses.asdict(config))


def in_force(cluster: Iterable[Finding]) -> BackendConfig | None:
    """Give the settings that the cluster's coordinator told, if a backend runs."""
    for finding in cluster:
        if "worker_args" in finding.details:
            names = [field.name for field in dataclasses.fields(BackendConfig)]
            settings = {name: finding.details[name] for name in names}
            for pairs in ("worker_args", "worker_env"):
                settings[pairs] = tuple((name, value) for name, value in settings[pairs])
            return BackendConfig(**settings)
    return None


def describe(config: BackendConfig) -> str:
    """Give the settings in one line, without secrets."""
    config = config.published()
    place = (
        f"etcd {config.etcd_address}"
        if config.mode == "etcd"
        else f"metastore port {config.metastore_port}"
    )
    flags = [f"--{name} {value}" for name, value in config.worker_args]
    variables = [f"{name}={value}" for name, value in config.worker_env]
    words = [" ".join(those) for those in (flags, variables) if those]
    return ", ".join([f"{config.mode} mode", f"worker port {config.worker_port}", place, *words])


def compare(config: BackendConfig | None, active: BackendConfig) -> list[str]:
    """Name the settings that variables of this shell would change, if they are set here at all."""
    if config is None or not _set_variables(os.environ):
        return []
    there, here = active.published(), config.published()
    return [
        f"{field.name} {getattr(there, field.name)!r} and not {getattr(here, field.name)!r}"
        for field in dataclasses.fields(config)
        if getattr(active, field.name) != getattr(config, field.name)
    ]


def _set_variables(environment: Mapping[str, str]) -> list[str]:
    return [
        name for name, value in environment.items() if name.startswith(_PREFIXES) and value.strip()
    ]
