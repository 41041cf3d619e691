"""Which etcd the suite takes, and what it says when there is none."""

from __future__ import annotations

import pytest
from conftest import Suite

from yr_conformance.datasystem.worker import HOST, free_ports
from yr_conformance.etcd.errors import EtcdError, UnavailableError
from yr_conformance.etcd.provision import REQUIRE_VARIABLE, Provision, Wishes, wishes


@pytest.fixture
def bare_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    """No engine answers, no program is on PATH, and nobody requires anything."""
    monkeypatch.delenv(REQUIRE_VARIABLE, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")


def test_an_address_that_does_not_answer_is_an_error() -> None:
    """Who names an etcd gets that one or an error, never another one."""
    (port,) = free_ports(1)

    with pytest.raises(EtcdError, match=f"no etcd answers at {HOST}:{port}"):
        Provision(Wishes(address=f"{HOST}:{port}"), "").start()


@pytest.mark.usefixtures("bare_machine")
def test_every_reason_is_given(tmp_path: object) -> None:
    """Without any etcd, the error names each provider and what it lacks."""
    with pytest.raises(UnavailableError) as raised:
        Provision(Wishes(), str(tmp_path)).start()

    reasons = [reason.partition(":")[0] for reason in str(raised.value).split("; ")]
    assert reasons == ["address", "container", "binary"]


@pytest.mark.usefixtures("bare_machine")
def test_one_provider_can_be_required(tmp_path: object) -> None:
    """If the container is required, nothing else is tried."""
    with pytest.raises(UnavailableError) as raised:
        Provision(Wishes(required="container"), str(tmp_path)).start()

    assert str(raised.value).startswith("container: ")
    assert "binary" not in str(raised.value)


SUITE_THAT_ASKS = """
@clause("EX-ONE-01", MUST, source="example")
def test_one(etcd):
    'Ask for it.'
"""


@pytest.mark.usefixtures("bare_machine")
@pytest.mark.parametrize(
    ("options", "outcomes", "said"),
    [
        ([], {"skipped": 1}, "no etcd: address: *; container: *; binary: *"),
        (
            ["--require-etcd"],
            {"errors": 1},
            "etcd is required: address: *; container: *; binary: *",
        ),
        (["--require-etcd=container"], {"errors": 1}, "etcd is required: container: *"),
    ],
)
def test_who_asks_for_etcd_learns_all_reasons(
    options: list[str], outcomes: dict[str, int], said: str, suite: Suite
) -> None:
    """Where none can be had a test is skipped, or fails if etcd is required, with every reason."""
    suite.write(SUITE_THAT_ASKS)

    result = suite.run("-rs", *options)

    result.assert_outcomes(**outcomes)
    result.stdout.fnmatch_lines(f"*{said}*")


def test_options_win_over_the_environment() -> None:
    """What the command line says of image and requirement replaces what the variables say."""
    environment = {"YR_CONFORMANCE_ETCD_IMAGE": "a", "YR_CONFORMANCE_REQUIRE_ETCD": "any"}

    assert wishes(environment) == Wishes(image="a", required="any")
    assert wishes(environment, "binary", "b") == Wishes(image="b", required="binary")


def test_an_unknown_requirement_is_refused() -> None:
    """The error lists what may be required."""
    with pytest.raises(EtcdError, match="'podman'; known: no, any, address, container, binary"):
        wishes({"YR_CONFORMANCE_REQUIRE_ETCD": "podman"})
