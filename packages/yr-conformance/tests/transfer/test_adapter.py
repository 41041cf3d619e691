"""The adapter of a transport: which one is taken, and what is said of one that is none."""

from __future__ import annotations

import pathlib

import pytest
from conftest import Suite

from yr_conformance.targets import TargetError
from yr_conformance.targets.transport_only import TransportTarget
from yr_conformance.transfer import yr_transport
from yr_conformance.transfer.adapter import VARIABLE, AdapterError, adapter

PAGE = pathlib.Path(__file__).parents[2] / "docs" / "own-transport.md"
EXAMPLE = pathlib.Path(__file__).parents[1] / "transports" / "file_transport.py"


def test_ours_is_taken_if_none_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the variable it is the transport of ray_ascend."""
    monkeypatch.delenv(VARIABLE, raising=False)

    assert adapter().NAME == yr_transport.NAME == "YR"


@pytest.mark.parametrize(
    ("module", "says"),
    [
        ("no_such_module", "cannot be imported: No module named 'no_such_module'"),
        ("string", "has no NAME, register, cleanup"),
    ],
)
def test_what_is_no_adapter_is_told(
    monkeypatch: pytest.MonkeyPatch, module: str, says: str
) -> None:
    """A module that is not there, or lacks names, is named with what is wrong."""
    monkeypatch.setenv(VARIABLE, module)

    with pytest.raises(AdapterError, match=f"--transport {module} {says}"):
        adapter()


def test_the_target_wants_to_know_which(monkeypatch: pytest.MonkeyPatch) -> None:
    """The target `transport` is none without a transport of somebody's own."""
    monkeypatch.delenv(VARIABLE, raising=False)
    with pytest.raises(TargetError, match="with --transport MODULE"):
        TransportTarget().check_active()

    monkeypatch.setenv(VARIABLE, "file_transport")

    TransportTarget().check_active()
    assert TransportTarget().versions() == {"transport": "file_transport"}


def test_a_clause_that_looks_into_a_datasystem_needs_one(suite: Suite) -> None:
    """A clause whose fixtures are clients of a datasystem is unsupported where there is none."""
    suite.write("""
        @pytest.fixture
        def worker(): return 1

        @clause("EX-ONE-01", MUST, source="here")
        def test_one(worker):
            "It looks."
    """)

    suite.run()

    row = suite.report["clauses"]["EX-ONE-01"]
    assert (row["state"], row["reason"]) == (
        "unsupported",
        "unsupported: example lacks datasystem",
    )


def test_the_example_of_the_page_is_the_one_that_is_tried() -> None:
    """The page shows the file that `nox -s other-transports` runs."""
    assert EXAMPLE.read_text(encoding="utf-8") in PAGE.read_text(encoding="utf-8")
