"""Provision: the first provider that can give an etcd, or all the reasons why none can.

address given --> that one, or an error        (YR_DS_ETCD_ADDRESS)
else container --> else program on PATH --> else UnavailableError with every reason
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from yr_conformance.etcd.addressed import AddressedEtcd
from yr_conformance.etcd.container import DEFAULT_IMAGE, ContainerEtcd
from yr_conformance.etcd.errors import EtcdError, UnavailableError
from yr_conformance.etcd.program import ProgramEtcd
from yr_conformance.etcd.server import Etcd

PROVIDERS: Final = ("address", "container", "binary")
REQUIREMENTS: Final = ("no", "any", *PROVIDERS)
ADDRESS_VARIABLE: Final = "YR_DS_ETCD_ADDRESS"
IMAGE_VARIABLE: Final = "YR_CONFORMANCE_ETCD_IMAGE"
REQUIRE_VARIABLE: Final = "YR_CONFORMANCE_REQUIRE_ETCD"


@dataclass(frozen=True)
class Wishes:
    """What the user wants of the provision; made from options and environment."""

    address: str = ""
    image: str = DEFAULT_IMAGE
    required: str = "no"
    """"no": without one, clauses do not run; "any": they fail; else the one provider to use."""

    @property
    def is_required(self) -> bool:
        """Whether the lack of an etcd is a failure."""
        return self.required != "no"


def wishes(
    environment: Mapping[str, str] = os.environ, required: str = "", image: str = ""
) -> Wishes:
    """Read what is wanted, options before environment; EtcdError for an unknown requirement."""
    wanted = required or environment.get(REQUIRE_VARIABLE) or "no"
    if wanted not in REQUIREMENTS:
        known = ", ".join(REQUIREMENTS)
        raise EtcdError(f"--require-etcd or {REQUIRE_VARIABLE} is {wanted!r}; known: {known}")
    return Wishes(
        address=environment.get(ADDRESS_VARIABLE, ""),
        image=image or environment.get(IMAGE_VARIABLE) or DEFAULT_IMAGE,
        required=wanted,
    )


class Provision:
    """Gives one etcd after the other, from the first provider that can; files go below `parent`."""

    def __init__(self, wanted: Wishes, parent: str) -> None:
        self._makers: dict[str, Callable[[], Etcd]] = {
            "address": lambda: _at(wanted.address),
            "container": lambda: ContainerEtcd(wanted.image, parent),
            "binary": lambda: ProgramEtcd(parent),
        }
        self._names = [name for name in PROVIDERS if name == wanted.required] or PROVIDERS
        self._reasons: dict[str, str] = {}

    def start(self) -> Etcd:
        """Start, or find, an etcd; a provider that failed once is not tried again.

        UnavailableError with the reason of every provider that cannot, EtcdError when the address
        that was given does not answer.
        """
        for name in self._names:
            if name not in self._reasons:
                try:
                    return self._makers[name]()
                except UnavailableError as reason:
                    self._reasons[name] = str(reason)
        raise UnavailableError("; ".join(f"{name}: {why}" for name, why in self._reasons.items()))


def _at(address: str) -> Etcd:
    if not address:
        raise UnavailableError(f"{ADDRESS_VARIABLE} is not set")
    return AddressedEtcd(address)
