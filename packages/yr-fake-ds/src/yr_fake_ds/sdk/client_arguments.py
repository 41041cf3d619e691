"""The arguments that the constructors of all clients have, and how they are checked.

Each class leaves out others (measured on openyuanrong-datasystem 0.8.1); the binding below, which
has a text of its own, gets them all. What an argument changes is in the session or in
`WITHOUT_EFFECT`: nothing is silently ignored.
"""

from collections.abc import Mapping
from typing import Any, Final

from yr_fake_ds.client.connect_options import ConnectOptions
from yr_fake_ds.client.session import Session
from yr_fake_ds.sdk.validator import Validator

_TYPES: Final[Mapping[str, type]] = {
    "host": str,
    "port": int,
    "connect_timeout_ms": int,
    "token": str,
    "client_public_key": str,
    "client_private_key": str,
    "server_public_key": str,
    "access_key": str,
    "secret_key": str,
    "tenant_id": str,
    "enable_cross_node_connection": bool,
    "req_timeout_ms": int,
    "enable_exclusive_connection": bool,
    "enable_remote_h2d": bool,
    "fast_transport_mem_size": int,
}

_AUTHORIZATION: Final = (
    "checked and without effect, as on a released worker whose authorization is off: "
    "the fake's has none"
)
_ENCRYPTION: Final = "checked and without effect: the fake's workers encrypt nothing"
WITHOUT_EFFECT: Final[Mapping[str, str]] = {
    "token": _AUTHORIZATION,
    "access_key": _AUTHORIZATION,
    "secret_key": _AUTHORIZATION,
    "client_public_key": _ENCRYPTION,
    "client_private_key": _ENCRYPTION,
    "server_public_key": _ENCRYPTION,
    "enable_cross_node_connection": (
        "checked and without effect: a client of the fake does not go over to another node's worker"
    ),
    "enable_exclusive_connection": (
        "checked and without effect: each call of the fake's clients has a connection of its own"
    ),
    "enable_remote_h2d": "checked and without effect: the fake has no RDMA",
    "fast_transport_mem_size": "its range is checked; without effect: the fake has no RDMA",
}
"""The arguments that change nothing, and why; a test finds out which those are."""


def given(names: Mapping[str, Any]) -> dict[str, Any]:
    """Take the arguments, in their order, out of the `locals()` of a constructor that begins."""
    return {name: value for name, value in names.items() if name != "self"}


def check_types(arguments: Mapping[str, Any], *unchecked: str) -> None:
    """Raise TypeError for the first argument of a wrong type, apart from those left out."""
    Validator.check_args_types(
        [[name, value, _TYPES[name]] for name, value in arguments.items() if name not in unchecked]
    )


def session_of(arguments: Mapping[str, Any]) -> Session:
    """Make the session that the arguments ask for; it is not connected yet."""
    names = ("host", "port", "connect_timeout_ms", "req_timeout_ms", "tenant_id")
    return Session(ConnectOptions(*(arguments[name] for name in names)))
