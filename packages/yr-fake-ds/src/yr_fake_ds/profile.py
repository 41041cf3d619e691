"""Which release of the SDK the fake is: what differs between releases, as data.

    YR_FAKE_DS_PROFILE=0.8.0 yr-fake-ds run -- COMMAND

`profiles/<release>.json` holds what tests/differential/probe.py found in a released wheel
(docs/profiles.md). Client, worker and dscli read the variable each for itself; it is inherited.
"""

import functools
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

VARIABLE: Final = "YR_FAKE_DS_PROFILE"
DEFAULT: Final = "0.8.1"


class UnknownProfileError(ValueError):
    """There is no profile of that name; the text lists those that there are."""


@dataclass(frozen=True)
class Profile:
    """One release of openyuanrong-datasystem, as far as the releases differ."""

    version: str
    commit: str
    """The commit that the release was built from; `dscli --version` shows it."""
    public_names: frozenset[str]
    """`yr.datasystem.__all__`."""
    fast_transport_bytes: int
    """What a `KVClient` reserves for fast transport unless it is told otherwise."""
    worker_flags: dict[str, str]
    """The flags of the worker, each with what gflags calls its kind: "bool", "uint32", ..."""
    worker_defaults: dict[str, int]
    """Defaults of the flags that the fake acts on, in the units that their names say."""
    recv_timeout_tag: str
    """What stands before the text of a call that nobody answers."""
    lost_buffer_status: Literal["Buffer deprecated", "Runtime error"]
    """The status of a shared buffer whose worker was started again."""
    invalidated_keys_stay: bool
    """A key that all its workers invalidated exists also after one of them was asked for it."""
    stop_without_address: str
    """What `dscli stop` says of a configuration file without `worker_address`."""


def active() -> Profile:
    """Return the profile that the environment names; UnknownProfileError if there is no such."""
    return load(os.environ.get(VARIABLE) or DEFAULT)


@functools.cache
def load(version: str) -> Profile:
    """Return the profile of a release, for example "0.8.1"; UnknownProfileError names all."""
    if version not in known():
        raise UnknownProfileError(
            f"{VARIABLE}={version}: yr-fake-ds has no such profile; it has {', '.join(known())}"
        )
    data = json.loads(_directory().joinpath(f"{version}.json").read_text(encoding="utf-8"))
    return Profile(**{**data, "public_names": frozenset(data["public_names"])})


def known() -> list[str]:
    """List the releases that the fake can be."""
    names = [entry.name for entry in _directory().iterdir()]
    return sorted(name.removesuffix(".json") for name in names if name.endswith(".json"))


def _directory() -> Path:
    return Path(__file__).with_name("profiles")
