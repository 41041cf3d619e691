"""The backend's settings, read from the environment of the driver and nowhere else.

environment of the driver --from_env()--> BackendConfig --> coordinator --> every node
"""

from __future__ import annotations

import dataclasses
import os
import re
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from ray_ascend.backend.hidden_values import is_secret, shown, without_secrets
from ray_ascend.errors import ConfigurationError
from ray_ascend.variables import seconds, text_of

Mode = Literal["metastore", "etcd"]

MODE = "YR_DS_INIT_MODE"
WORKER_PORT = "YR_DS_WORKER_PORT"
METASTORE_PORT = "YR_DS_METASTORE_PORT"
ETCD_ADDRESS = "YR_DS_ETCD_ADDRESS"
WORKER_ARGS = "YR_DS_WORKER_ARGS"
WORKER_ENV = "YR_DS_WORKER_ENV"
DEAD_ACTOR_GRACE = "RAY_ASCEND_DEAD_ACTOR_GRACE_S"

REMOTE_H2D = "remote_h2d_device_ids"
CLUSTER_NAME = "cluster_name"
VISIBLE_NPUS = "ASCEND_RT_VISIBLE_DEVICES"
ENABLE_TLS = "enable_etcd_auth"
CERTIFICATES = ("etcd_ca", "etcd_cert", "etcd_key")
PASSPHRASE_PATH = "etcd_passphrase_path"  # noqa: S105 - the name of a flag
SERVER_NAME = "etcd_target_name_override"
USER, PASSWORD = "etcd_username", "etcd_password"

_FLAG = re.compile(r"--[A-Za-z][A-Za-z0-9_]*")
_ASSIGNMENT = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)=(.*)", re.DOTALL)
_HOST = re.compile(r"[^\s/:@,\[\]]+|\[[0-9A-Fa-f:.]+\]")
_NPUS = re.compile(r"\d{1,4}(,\d{1,4})*", re.ASCII)
_TRUE = frozenset({"true", "t", "yes", "y", "1"})
"""As the worker's flags have it."""
_OWN_FLAGS = {
    "worker_address": WORKER_PORT,
    "metastore_address": METASTORE_PORT,
    "start_metastore_service": MODE,
    "etcd_address": ETCD_ADDRESS,
}


@dataclass(frozen=True)
class BackendConfig:
    """Validated settings of the whole backend.

    `worker_args` are flags of the workers (no dashes) with their values, `worker_env` variables.
    """

    mode: Mode = "metastore"
    worker_port: int = 31501
    metastore_port: int = 2379
    etcd_address: str = ""
    worker_args: tuple[tuple[str, str], ...] = ()
    worker_env: tuple[tuple[str, str], ...] = ()
    dead_actor_grace_s: float = 60.0

    @classmethod
    def from_env(cls, environment: Mapping[str, str] | None = None) -> BackendConfig:
        """Read the variables; a blank one counts as unset. Raises ConfigurationError."""
        variables = os.environ if environment is None else environment
        config = cls(
            mode=_mode(text_of(variables, MODE) or cls.mode),
            worker_port=_port(WORKER_PORT, text_of(variables, WORKER_PORT), cls.worker_port),
            metastore_port=_port(
                METASTORE_PORT, text_of(variables, METASTORE_PORT), cls.metastore_port
            ),
            etcd_address=_etcd_address(text_of(variables, ETCD_ADDRESS)),
            worker_args=_worker_args(text_of(variables, WORKER_ARGS)),
            worker_env=_worker_env(text_of(variables, WORKER_ENV)),
            dead_actor_grace_s=seconds(variables, DEAD_ACTOR_GRACE, cls.dead_actor_grace_s),
        )
        config._check_together()
        return config

    @property
    def metadata_can_move(self) -> bool:
        """Whether the workers that are left can begin anew when the node with the metadata is lost.

        Not in an etcd cluster that the user has named, which has an order of its own.
        """
        return self.mode == "metastore" or CLUSTER_NAME not in dict(self.worker_args)

    def differences(self, other: BackendConfig) -> list[str]:
        """Name each variable whose value is not `other`'s, with both; those without effect not."""
        unused = {"etcd": METASTORE_PORT, "metastore": ETCD_ADDRESS}
        skipped = unused[self.mode] if self.mode == other.mode else ""
        here, there = self.as_variables(), other.as_variables()
        shown_here, shown_there = self.published().as_variables(), other.published().as_variables()
        return [
            f"{name} is {_shown(shown_there[name])} there and {_shown(shown_here[name])} here"
            for name in here
            if name != skipped and here[name] != there[name]
        ]

    def published(self) -> BackendConfig:
        """Give the settings as they may be shown to anybody: without the values of secrets."""
        return dataclasses.replace(self, worker_args=shown(self.worker_args))

    def as_variables(self) -> dict[str, str]:
        """Give each variable's value, written in one way only."""
        flags = sorted(f"--{name} {shlex.quote(value)}" for name, value in self.worker_args)
        return {
            MODE: self.mode,
            WORKER_PORT: str(self.worker_port),
            METASTORE_PORT: str(self.metastore_port),
            ETCD_ADDRESS: self.etcd_address,
            WORKER_ARGS: " ".join(flags),
            WORKER_ENV: shlex.join(f"{name}={value}" for name, value in sorted(self.worker_env)),
            DEAD_ACTOR_GRACE: str(self.dead_actor_grace_s),
        }

    def _check_together(self) -> None:
        if self.mode == "etcd" and not self.etcd_address:
            raise ConfigurationError(
                f"{ETCD_ADDRESS} is not set; {MODE}=etcd needs it as HOST:PORT, for example "
                "10.0.0.1:2379",
                ETCD_ADDRESS,
            )
        if self.mode == "metastore" and self.worker_port == self.metastore_port:
            raise ConfigurationError(
                f"{WORKER_PORT} and {METASTORE_PORT} are both {self.worker_port}; they must differ",
                METASTORE_PORT,
            )
        self._check_etcd_flags()
        if VISIBLE_NPUS in dict(self.worker_env) and dict(self.worker_args).get(REMOTE_H2D):
            raise ConfigurationError(
                f"{WORKER_ENV}: {VISIBLE_NPUS} is set through --{REMOTE_H2D} in {WORKER_ARGS}, "
                "leave it out of one of them",
                WORKER_ENV,
            )

    def _check_etcd_flags(self) -> None:
        """Refuse halves, which a worker takes for nothing, or which make it fail (0.8.1)."""
        flags = {name for name, value in self.worker_args if value}
        by_tls = is_true(dict(self.worker_args).get(ENABLE_TLS, ""))
        if len(flags & {USER, PASSWORD}) == 1:
            raise _incomplete(flags, (USER, PASSWORD), "belong together")
        if by_tls and not flags.issuperset(CERTIFICATES):
            raise _incomplete(flags, CERTIFICATES, f"are what --{ENABLE_TLS} true needs")
        if self.mode == "metastore" and (by_tls or USER in flags):
            name = ENABLE_TLS if by_tls else USER
            raise ConfigurationError(
                f"{WORKER_ARGS}: --{name} is for {MODE}=etcd; a worker with it cannot reach its "
                "own metastore",
                WORKER_ARGS,
            )


def is_true(text: str) -> bool:
    """Tell whether a worker takes the value of a flag for true."""
    return text.lower() in _TRUE


def _incomplete(flags: set[str], wanted: tuple[str, ...], why: str) -> ConfigurationError:
    names = ", ".join(f"--{name}" for name in wanted)
    missing = ", ".join(f"--{name}" for name in wanted if name not in flags)
    return ConfigurationError(f"{WORKER_ARGS}: {names} {why}; {missing} has no value", WORKER_ARGS)


def _shown(text: str) -> str:
    return repr(text) if text else "not set"


def _mode(text: str) -> Mode:
    mode = text.lower()
    if mode == "metastore":
        return "metastore"
    if mode == "etcd":
        return "etcd"
    raise ConfigurationError(f"{MODE}={text!r}: must be 'metastore' or 'etcd'", MODE)


def _port(name: str, text: str, default: int) -> int:
    if not text:
        return default
    if not _is_port(text):
        raise ConfigurationError(f"{name}={text!r}: must be a port number from 1 to 65535", name)
    return int(text)


def _is_port(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 5 and 1 <= int(text) <= 65535


def _etcd_address(text: str) -> str:
    members = [member.strip() for member in text.split(",")] if text else []
    for member in members:
        host, _, port = member.rpartition(":")
        if not _HOST.fullmatch(host) or not _is_port(port):
            raise ConfigurationError(
                f"{ETCD_ADDRESS}={text!r}: {member!r} must be HOST:PORT, without a scheme, several "
                "separated by commas, IPv6 in brackets, for example 10.0.0.1:2379,[fd00::2]:2379",
                ETCD_ADDRESS,
            )
    return ",".join(members)


def _worker_env(text: str) -> tuple[tuple[str, str], ...]:
    variables: dict[str, str] = {}
    for word in _words(text, _bad_env):
        assignment = _ASSIGNMENT.fullmatch(word)
        if assignment is None:
            raise _bad_env(text, f"{word!r} is no NAME=VALUE")
        name, value = assignment.groups()
        if name in variables:
            raise _bad_env(text, f"{name} is there twice")
        variables[name] = value
    return tuple(variables.items())


def _words(text: str, bad: Callable[[str, str], ConfigurationError]) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError as error:
        raise bad(text, f"{error}") from error


def _worker_args(text: str) -> tuple[tuple[str, str], ...]:
    words = _words(text, _bad_args)
    flags: dict[str, str] = {}
    last = ""
    while words:
        flag, equals, value = words.pop(0).partition("=")
        if not _FLAG.fullmatch(flag):
            raise _bad_args(text, _no_flag(flag, last))
        last = flag[2:]
        if not equals:
            if not words or _FLAG.match(words[0]):
                raise _bad_args(text, f"{flag} has no value")
            value = words.pop(0)
        if flag[2:] == REMOTE_H2D:
            _check_npus(value, text)
        if flag[2:] in flags:
            raise _bad_args(text, f"{flag} is there twice")
        flags[_allowed(flag[2:], text)] = value
    return tuple(flags.items())


def _no_flag(word: str, last: str) -> str:
    """Say what stands where a flag should; behind a secret it may be a part of that."""
    return f"what follows --{last} is not a flag" if is_secret(last) else f"{word!r} is not a flag"


def _allowed(flag: str, text: str) -> str:
    if flag in _OWN_FLAGS:
        raise _bad_args(text, f"--{flag} is set through {_OWN_FLAGS[flag]}")
    return flag


def _check_npus(value: str, text: str) -> None:
    numbers = [int(number) for number in value.split(",")] if _NPUS.fullmatch(value) else []
    if value and len(set(numbers)) != value.count(",") + 1:
        raise _bad_args(
            text,
            f"--{REMOTE_H2D} is {value!r} and must be different numbers of NPUs that every node "
            "has, separated by commas without blanks, for example 0,1,2,3",
        )


def _bad_args(text: str, problem: str) -> ConfigurationError:
    return ConfigurationError(
        f"{WORKER_ARGS}={without_secrets(text)!r}: {problem}; write flags of `dscli start -w` as "
        "'--flag value' or '--flag=value', for example '--shared_memory_size_mb 16384'",
        WORKER_ARGS,
    )


def _bad_env(text: str, problem: str) -> ConfigurationError:
    return ConfigurationError(
        f"{WORKER_ENV}={text!r}: {problem}; write variables as NAME=VALUE, separated by blanks and "
        "quoted as in a shell, for example 'UCX_TLS=rc,tcp UCX_NET_DEVICES=mlx5_0:1'",
        WORKER_ENV,
    )
