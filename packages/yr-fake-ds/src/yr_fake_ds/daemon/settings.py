"""What a worker is started with: flags as the released worker has them, checked as gflags does.

python -m yr_fake_ds.daemon --worker_address=127.0.0.1:31501 --metastore_address=127.0.0.1:2379 ...
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import msgspec

from yr_fake_ds.addresses import MAX_PORT, is_address
from yr_fake_ds.admission import ALLOW_REMOTE
from yr_fake_ds.daemon.known_flags import DEMANDING
from yr_fake_ds.profile import active

DEFAULT_ADDRESS: Final = "127.0.0.1:31501"

_TRUE: Final = frozenset({"true", "t", "yes", "y", "1"})
_FALSE: Final = frozenset({"false", "f", "no", "n", "0"})
_NUMBERS: Final[Mapping[str, tuple[int, int]]] = {
    "int32": (-(2**31), 2**31 - 1),
    "int64": (-(2**63), 2**63 - 1),
    "uint32": (0, 2**32 - 1),
    "uint64": (0, 2**64 - 1),
}
"""The ranges of the kinds of gflags."""
_RANGES: Final[Mapping[str, tuple[int, int]]] = {
    "shared_memory_size_mb": (1, 2**64 - 1),
    "arena_per_tenant": (1, 32),
    "max_client_num": (1, 10000),
    "client_dead_timeout_s": (3, 2**64 - 1),
    "io_thread_nice": (-20, 19),
    "node_timeout_s": (1, 2**64 - 1),
}


class FlagError(Exception):
    """A flag that the worker refuses; the text is what it prints before it ends."""


@dataclass(frozen=True)
class WorkerSettings:
    """Checked settings of one worker process."""

    worker_address: str = DEFAULT_ADDRESS
    metastore_address: str = ""
    start_metastore_service: bool = False
    etcd_address: str = ""
    etcd_username: str = ""
    etcd_password: str = field(default="", repr=False)
    enable_etcd_auth: bool = False
    etcd_ca: str = ""
    etcd_cert: str = ""
    etcd_key: str = ""
    etcd_passphrase_path: str = ""
    etcd_target_name_override: str = ""
    enable_distributed_master: bool = True
    """Of its meaning only this: without it, a worker does not wait for an etcd that is away."""
    cluster_name: str = ""
    node_timeout_s: int = 60
    node_dead_timeout_s: int = 300
    shared_memory_size_mb: int = 1024
    oc_shm_transfer_threshold_kb: int = 500
    client_dead_timeout_s: int = 120
    max_client_num: int = 200
    log_dir: str = "./datasystem/logs"
    ready_check_path: str = "./datasystem/probe/ready"
    health_check_path: str = "./datasystem/probe/healthy"
    unix_domain_socket_dir: str = "./datasystem/uds"
    rocksdb_store_dir: str = "./datasystem/rocksdb"
    serves_everyone: bool = False
    """No flag, since the released worker has none for it, but the variable `ALLOW_REMOTE`."""


def parse_settings(arguments: Sequence[str], environment: Mapping[str, str]) -> WorkerSettings:
    """Read a command line; FlagError in the released worker's words, or with what is missing."""
    flags = dict(_split(argument) for argument in arguments)
    for name, value in flags.items():
        _check(name, value)
    _check_demands(flags)
    _check_addresses(flags)
    known = WorkerSettings.__dataclass_fields__.keys() & flags.keys()
    given = {name: _typed(name, flags[name]) for name in known}
    given["serves_everyone"] = environment.get(ALLOW_REMOTE) == "1"
    return msgspec.convert(given, WorkerSettings)


def _split(argument: str) -> tuple[str, str]:
    name, _, value = argument.lstrip("-").partition("=")
    return name, value


def _check(name: str, value: str) -> None:
    kind = active().worker_flags.get(name)
    if kind is None:
        raise FlagError(f"ERROR: unknown command line flag '{name}'")
    if kind == "bool":
        if value.lower() not in _TRUE | _FALSE:
            raise FlagError(f"ERROR: illegal value '{value}' specified for bool flag '{name}'")
    elif kind != "string":
        low, high = _RANGES.get(name, _NUMBERS[kind])
        if not re.fullmatch(r"-?\d{1,20}", value) or not low <= int(value) <= high:
            raise FlagError(f"ERROR: illegal value '{value}' specified for {kind} flag '{name}'")


def _check_demands(flags: Mapping[str, str]) -> None:
    """Refuse, with the reason, what the released worker does and the fake does not."""
    for name, (harmless, reason) in DEMANDING.items():
        value = flags.get(name, "")
        if value and value.lower() not in harmless:
            raise FlagError(f"ERROR: yr-fake-ds does not support --{name} {value}: {reason}")
    if flags.get("metastore_address"):
        _check_metastore_flags(flags)
    if int(flags.get("node_dead_timeout_s", 300)) <= int(flags.get("node_timeout_s", 60)):
        raise FlagError("ERROR: node_dead_timeout_s must be greater than node_timeout_s")


def _check_metastore_flags(flags: Mapping[str, str]) -> None:
    """Refuse at once what keeps a released worker from its own metastore until `-t` is over."""
    logs_in = flags.get("etcd_username") and flags.get("etcd_password")
    if logs_in or flags.get("enable_etcd_auth", "").lower() in _TRUE:
        name = "etcd_username" if logs_in else "enable_etcd_auth"
        raise FlagError(f"ERROR: a metastore knows no users and no TLS: leave --{name} out")


def _check_addresses(flags: Mapping[str, str]) -> None:
    address = flags.get("worker_address", DEFAULT_ADDRESS)
    if not is_address(address):
        raise FlagError(f"ERROR: illegal value '{address}' specified for flag 'worker_address'")
    _check_meeting_place(flags)


def _check_meeting_place(flags: Mapping[str, str]) -> None:
    """Check the flag that says where the cluster meets; a metastore replaces etcd."""
    name = "metastore_address" if flags.get("metastore_address") else "etcd_address"
    text = flags.get(name, "")
    for address in [text] if name == "metastore_address" else text.split(","):
        host, _, port = address.rpartition(":")
        if not host or not port.isdecimal() or int(port) > MAX_PORT:
            raise FlagError(f"ERROR: illegal value '{text}' specified for flag '{name}'")


def _typed(name: str, value: str) -> str | int | bool:
    kind = active().worker_flags[name]
    if kind == "bool":
        return value.lower() in _TRUE
    if kind != "string":
        return int(value)
    return os.path.abspath(value) if value and name.endswith(("_dir", "_path")) else value
