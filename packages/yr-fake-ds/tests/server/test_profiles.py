"""The data of the releases that the fake can be, and the settings of a worker of each."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from started_worker import dscli

from yr_fake_ds import activation, profile
from yr_fake_ds.daemon.known_flags import DEMANDING
from yr_fake_ds.daemon.settings import FlagError, WorkerSettings, parse_settings

PROFILES = Path(profile.__file__).with_name("profiles")
KINDS = {"bool", "string", "int32", "int64", "uint32", "uint64"}
METASTORE = "--metastore_address=127.0.0.1:2379"
SINCE_0_8_1 = {
    "enable_perf_trace_log": "false",
    "enable_ub_numa_affinity": "false",
    "io_thread_nice": "-15",
    "log_only_write_info_file": "true",
    "shared_memory_distribution_policy": "none",
    "urma_max_write_size_mb": "4",
    "zmq_client_io_thread": "1",
}
"""Flags that 0.8.0 has not, with their defaults."""


@pytest.mark.parametrize("release", profile.known())
def test_a_profile_is_well_formed(release: str) -> None:
    """It has all fields, of their types, and no other; its flags are of kinds that are checked."""
    data = json.loads((PROFILES / f"{release}.json").read_text(encoding="utf-8"))

    loaded = profile.load(release)

    assert loaded == msgspec.convert(data, profile.Profile)
    assert set(data) == {field.name for field in dataclasses.fields(profile.Profile)}
    assert loaded.version == release
    assert set(loaded.worker_flags.values()) == KINDS


@pytest.mark.parametrize("release", profile.known())
def test_the_settings_have_the_defaults_of_every_release(release: str) -> None:
    """Those that the fake acts on are the same in all of them."""
    defaults = profile.load(release).worker_defaults

    assert {name: getattr(WorkerSettings(), name) for name in defaults} == defaults


def test_every_flag_that_is_refused_by_its_value_exists() -> None:
    """The newest release has them all."""
    assert DEMANDING.keys() <= profile.load(profile.DEFAULT).worker_flags.keys()


@pytest.mark.parametrize("flag", SINCE_0_8_1)
def test_a_flag_is_known_to_the_release_that_has_it(
    flag: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """0.8.1 takes it, and 0.8.0 knows no such flag."""
    arguments = [METASTORE, f"--{flag}={SINCE_0_8_1[flag]}"]

    monkeypatch.setenv(profile.VARIABLE, "0.8.1")
    assert parse_settings(arguments, {}) == parse_settings([METASTORE], {})
    monkeypatch.setenv(profile.VARIABLE, "0.8.0")
    with pytest.raises(FlagError, match=f"unknown command line flag '{flag}'"):
        parse_settings(arguments, {})


def test_a_number_is_refused_by_the_kind_of_its_flag() -> None:
    """The text names the kind, as the released worker's does."""
    for flag, value, kind in (
        ("io_thread_nice", "20", "int32"),
        ("max_client_num", "many", "uint32"),
        ("memory_alignment", str(2**32), "uint32"),
    ):
        with pytest.raises(FlagError, match=f"'{value}' specified for {kind} flag '{flag}'"):
            parse_settings([METASTORE, f"--{flag}={value}"], {})


def test_events_are_json_where_there_are_any(monkeypatch: pytest.MonkeyPatch) -> None:
    """0.8.0 sees dangerous characters in what 0.8.1 takes for JSON, which the fake refuses."""
    command = (
        "start",
        "-w",
        "--metastore_address",
        "127.0.0.1:2",
        "--kv_events_config",
        '{"a": 1}',
    )

    monkeypatch.setenv(profile.VARIABLE, "0.8.0")
    assert "potential command-injection characters" in dscli(*command).stderr
    monkeypatch.setenv(profile.VARIABLE, "0.8.1")
    assert "does not support --kv_events_config" in dscli(*command).stderr


def test_the_module_of_the_transfer_engine_came_with_0_8_1() -> None:
    """A program that looks whether it can be imported takes the path of the release."""
    environ = {**os.environ, **activation.variables(os.environ), profile.VARIABLE: "0.8.0"}
    command = [sys.executable, "-c", "import yr.datasystem._transfer_engine"]

    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environ)

    wanted = "ModuleNotFoundError: No module named 'yr.datasystem._transfer_engine'"
    assert done.stderr.splitlines()[-1] == wanted


def test_an_unknown_profile_is_refused_everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """dscli, the worker, the command line and the import say which there are."""
    monkeypatch.setenv(profile.VARIABLE, "0.7.0")
    wanted = "YR_FAKE_DS_PROFILE=0.7.0: yr-fake-ds has no such profile; it has 0.8.0, 0.8.1"
    environ = {**os.environ, **activation.variables(os.environ)}
    commands = (
        ["-m", "yr_fake_ds.dscli", "stop", "-w", "127.0.0.1:1"],
        ["-m", "yr_fake_ds.daemon", METASTORE],
        ["-m", "yr_fake_ds", "run", "--", "true"],
        ["-m", "yr_fake_ds", "env"],
        ["-m", "yr_fake_ds", "which"],
        ["-c", "from yr.datasystem import KVClient"],
    )

    for command in commands:
        done = subprocess.run(
            [sys.executable, *command], capture_output=True, text=True, check=False, env=environ
        )
        assert done.returncode == 1, command
        assert wanted in done.stderr, command
