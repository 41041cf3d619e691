"""The flags that a user gives to `dscli start` for the worker: where they are, and dscli's checks.

dscli itself knows only their form; whether a flag exists and what it may be, the worker says.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from typing import Final

from yr_fake_ds.dscli.console import StartError
from yr_fake_ds.profile import active

DEFAULT_ADDRESS: Final = "127.0.0.1:31501"
PATHS: Final[Mapping[str, str]] = {
    "log_dir": "./datasystem/logs",
    "ready_check_path": "./datasystem/probe/ready",
    "health_check_path": "./datasystem/probe/healthy",
    "unix_domain_socket_dir": "./datasystem/uds",
    "rocksdb_store_dir": "./datasystem/rocksdb",
}
"""Where the worker's files are, below the home directory."""

_DANGEROUS: Final = frozenset(";&|`$()<>{}!*?\n\t\r\x0b\x0c'\"\\")
_FORBIDDEN: Final = ("/bin", "/sbin", "/lib", "/lib64", "/boot", "/dev", "/etc", "/sys", "/proc")


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
    where = safe_path(os.path.realpath(os.path.expanduser(path)))
    try:
        with open(where, encoding="utf-8") as file:
            entries = json.load(file)
        texts = {name: str(entry.get("value", "")).strip() for name, entry in entries.items()}
    except OSError as error:
        raise StartError(str(error)) from error
    except (ValueError, AttributeError) as error:
        raise StartError("The configuration file format is incorrect.") from error
    return {name: text for name, text in texts.items() if text}


def with_paths(flags: Mapping[str, str], home: str) -> dict[str, str]:
    """Add where the worker's files are; paths that begin with `./` are below the home directory."""
    complete = {**PATHS, **flags}
    for name in PATHS:
        if complete[name].startswith("./"):
            complete[name] = os.path.join(home, complete[name][2:])
    safe_path(os.path.abspath(complete["ready_check_path"]))
    return complete


def check(flags: Mapping[str, str]) -> None:
    """Refuse what is refused before a worker is started; StartError with dscli's texts."""
    if not flags.get("etcd_address") and not flags.get("metastore_address"):
        raise StartError(
            "Missing required: either etcd_address or metastore_address must be specified"
        )
    # Where there is the flag, its value is JSON.
    exempt = {"kv_events_config"} & active().worker_flags.keys()
    for name, value in flags.items():
        if _DANGEROUS & set(name) or (name not in exempt and _DANGEROUS & set(value)):
            raise StartError("Input contains potential command-injection characters")


def safe_path(path: str) -> str:
    """Return a path; StartError if it is in a directory of the system."""
    where = os.path.normpath(os.path.abspath(path))
    if where in {*_FORBIDDEN, "/"} or where.startswith(tuple(f"{one}/" for one in _FORBIDDEN)):
        raise StartError(f"Path {path} is outside allowed directory")
    return where
