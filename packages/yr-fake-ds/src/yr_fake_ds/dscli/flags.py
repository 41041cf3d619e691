"""Worker flags: `--name value` pairs, checked as the released worker's gflags do."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from yr_fake_ds.dscli.console import StartError
from yr_fake_ds.dscli.known_flags import BOOLEANS, NUMBERS, TEXTS
from yr_fake_ds.worker.settings import WorkerSettings

DEFAULT_ADDRESS: Final = "127.0.0.1:31501"
DEFAULT_MEMORY_MB: Final = 1024
MAX_MEMORY_MB: Final = 2**20
ALLOW_REMOTE: Final = "YR_FAKE_DS_ALLOW_REMOTE"
_ADDRESS = re.compile(r"\d+\.\d+\.\d+\.\d+:\d+")
_TRUE = frozenset({"true", "t", "yes", "y", "1"})
_FALSE = frozenset({"false", "f", "no", "n", "0"})
_RANGES: Final[Mapping[str, tuple[int, int]]] = {
    "shared_memory_size_mb": (1, MAX_MEMORY_MB),
    "arena_per_tenant": (1, 32),
    "max_client_num": (1, 10000),
    "oc_shm_transfer_threshold_kb": (0, 2**31),
    "client_dead_timeout_s": (3, 2**31),
}


class FlagError(Exception):
    """A value that the released worker refuses when it starts; the text is the worker's."""


def parse_pairs(arguments: Sequence[str]) -> dict[str, str]:
    """Read `--name value` pairs; StartError with dscli's own texts."""
    pairs: dict[str, str] = {}
    name = ""
    for argument in arguments:
        if argument.startswith("--"):
            if name:
                raise StartError(f"Param {name} is missing a value")
            name = argument[2:]
        elif not name:
            raise StartError(f"No parameter name specified: {argument}")
        else:
            pairs[name], name = argument, ""
    if name:
        raise StartError(f"Param {name} is missing a value")
    return pairs


def load_file(path: str) -> dict[str, str]:
    """Read the flags of a worker configuration file; StartError when it is none."""
    try:
        with open(os.path.expanduser(path), encoding="utf-8") as file:
            entries = json.load(file)
    except OSError as error:
        raise StartError(f"{path}: {error.strerror}") from error
    except ValueError as error:
        raise StartError("The configuration file format is incorrect.") from error
    texts = {name: str(entry.get("value", "")).strip() for name, entry in entries.items()}
    return {name: text for name, text in texts.items() if text}


def check(flags: Mapping[str, str]) -> None:
    """Refuse unknown flags and impossible values; FlagError in the worker's words."""
    for name, value in flags.items():
        if name not in BOOLEANS | NUMBERS | TEXTS:
            raise FlagError(f"ERROR: unknown command line flag '{name}'")
        if name in BOOLEANS:
            _check_kind(name, value, "bool", lambda text: text.lower() in _TRUE | _FALSE)
        elif name in NUMBERS:
            _check_kind(name, value, "uint64", _is_number)
            _check_range(name, int(value))
    address = flags.get("worker_address", DEFAULT_ADDRESS)
    if not _ADDRESS.fullmatch(address):
        raise FlagError(f"ERROR: illegal value '{address}' specified for flag 'worker_address'")


def settings_of(flags: Mapping[str, str], home: str) -> WorkerSettings:
    """Pick what the fake's worker acts on."""
    return WorkerSettings(
        worker_address=flags.get("worker_address", DEFAULT_ADDRESS),
        home=home,
        metastore_address=flags["metastore_address"],
        start_metastore_service=flags.get("start_metastore_service", "false").lower() in _TRUE,
        shared_memory_size_mb=int(flags.get("shared_memory_size_mb", DEFAULT_MEMORY_MB)),
        oc_shm_transfer_threshold_kb=int(flags.get("oc_shm_transfer_threshold_kb", 500)),
        client_dead_timeout_s=float(flags.get("client_dead_timeout_s", 120)),
        max_client_num=int(flags.get("max_client_num", 200)),
    )


def refuse_what_is_missing(flags: Mapping[str, str], environment: Mapping[str, str]) -> None:
    """Refuse what this version of the fake does not do, with the reason."""
    if not flags.get("etcd_address") and not flags.get("metastore_address"):
        raise StartError(
            "Missing required: either etcd_address or metastore_address must be specified"
        )
    if flags.get("etcd_address"):
        raise StartError("etcd mode is not supported by this version of yr-fake-ds")
    for name in ("worker_address", "metastore_address"):
        host = flags.get(name, DEFAULT_ADDRESS).rpartition(":")[0]
        if not host.startswith("127.") and environment.get(ALLOW_REMOTE) != "1":
            raise StartError(
                f"{name} {flags[name]} is not on loopback, where yr-fake-ds stays because it "
                f"checks no identity; set {ALLOW_REMOTE}=1 to allow it"
            )


def _check_kind(name: str, value: str, kind: str, is_legal: Callable[[str], bool]) -> None:
    if not is_legal(value):
        raise FlagError(f"ERROR: illegal value '{value}' specified for {kind} flag '{name}'")


def _check_range(name: str, value: int) -> None:
    low, high = _RANGES.get(name, (-(2**63), 2**63))
    if not low <= value <= high:
        raise FlagError(f"ERROR: illegal value '{value}' specified for uint64 flag '{name}'")


def _is_number(text: str) -> bool:
    return bool(re.fullmatch(r"-?\d+", text))
