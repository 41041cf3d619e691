"""Fixtures: one etcd per test process, so one per xdist worker, started when it is first needed.

A start costs about a second, less than a worker's, and nobody else is hurt when a clause pauses or
kills one.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from yr_conformance.etcd.certificates import Certificates
from yr_conformance.etcd.errors import EtcdError, UnavailableError
from yr_conformance.etcd.guarded import GuardedEtcd
from yr_conformance.etcd.members import EtcdMembers
from yr_conformance.etcd.program import ProgramEtcd
from yr_conformance.etcd.provision import REQUIREMENTS, Provision, Wishes, wishes
from yr_conformance.etcd.server import Etcd, version_of
from yr_conformance.found_environment import FOUND

_wishes = pytest.StashKey[Wishes]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--require-etcd` and `--etcd-image`."""
    group = parser.getgroup("yr-conformance")
    group.addoption(
        "--require-etcd",
        nargs="?",
        const="any",
        default="",
        metavar="PROVIDER",
        help=f"fail where clauses that need etcd would be skipped: {', '.join(REQUIREMENTS)}",
    )
    group.addoption("--etcd-image", default="", help="image of the container with etcd")


def pytest_configure(config: pytest.Config) -> None:
    """Read what the user wants."""
    try:
        config.stash[_wishes] = wishes(
            required=config.option.require_etcd, image=config.option.etcd_image
        )
    except EtcdError as error:
        raise pytest.UsageError(str(error)) from error


@pytest.fixture(scope="session")
def etcd(
    start_etcd: Callable[[], Etcd],
    record_testsuite_property: Callable[..., None],
    pytestconfig: pytest.Config,
) -> Etcd:
    """The etcd that the tests of this process share; reports name it."""
    shared = start_etcd()
    described = f"{version_of(shared.address)} ({shared.kind})"
    pytestconfig.stash.setdefault(FOUND, {})["etcd"] = described
    record_testsuite_property("etcd", described)
    return shared


@pytest.fixture(scope="session")
def start_etcd(
    process_mark: str, process_home: str, pytestconfig: pytest.Config
) -> Iterator[Callable[[], Etcd]]:
    """Start one more etcd, for situations that hurt it; all end with the session.

    Where none can be had, what asks for one is skipped with all reasons, or fails if etcd is
    required.
    """
    wanted = pytestconfig.stash[_wishes]
    provision = Provision(wanted, process_home)
    with contextlib.ExitStack() as stack:

        def start() -> Etcd:
            try:
                made = provision.start()
            except UnavailableError as reasons:
                if wanted.is_required:
                    pytest.fail(f"etcd is required: {reasons}", pytrace=False)
                pytest.skip(f"no etcd: {reasons}")
            stack.callback(made.close)
            return made

        yield start


@pytest.fixture(scope="session")
def start_members(
    process_mark: str, process_home: str, pytestconfig: pytest.Config
) -> Iterator[Callable[[], EtcdMembers]]:
    """Start an etcd of three members, by the program on PATH; all end with the session.

    Without the program, what asks for it is skipped, or fails if an etcd of that kind is required.
    """
    required = pytestconfig.stash[_wishes].required
    with contextlib.ExitStack() as stack:

        def start() -> EtcdMembers:
            try:
                made = EtcdMembers(process_home)
            except UnavailableError as reason:
                if required in {"any", ProgramEtcd.kind}:
                    pytest.fail(f"an etcd of three members is required: {reason}", pytrace=False)
                pytest.skip(f"no etcd of three members: {reason}")
            stack.callback(made.close)
            return made

        yield start


@pytest.fixture(scope="session")
def certificates(process_mark: str, process_home: str) -> Certificates:
    """The files for TLS."""
    try:
        return Certificates(tempfile.mkdtemp(prefix="tls-", dir=process_home))
    except UnavailableError as reason:
        pytest.skip(str(reason))


@pytest.fixture(scope="module")
def start_guarded(process_mark: str, process_home: str) -> Iterator[Callable[..., GuardedEtcd]]:
    """Start an etcd that does not let everybody in; all end with the module."""
    with contextlib.ExitStack() as stack:

        def start(*arguments: Any) -> GuardedEtcd:
            try:
                made = GuardedEtcd(process_home, *arguments)
            except UnavailableError as reason:
                pytest.skip(f"no etcd with users or TLS: {reason}")
            stack.callback(made.close)
            return made

        yield start


@pytest.fixture(scope="module")
def locked(start_guarded: Callable[..., GuardedEtcd]) -> GuardedEtcd:
    """An etcd that asks for passwords."""
    etcd = start_guarded()
    etcd.demand_passwords()
    return etcd


@pytest.fixture(scope="module")
def tls(start_guarded: Callable[..., GuardedEtcd], certificates: Certificates) -> GuardedEtcd:
    """An etcd that talks TLS only."""
    return start_guarded(certificates)
