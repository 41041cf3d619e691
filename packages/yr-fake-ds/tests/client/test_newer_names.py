"""Names of 0.9: as absent as in the released SDK, but with a text that says so."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from yr_fake_ds import HeteroClient, activation
from yr_fake_ds.sdk.newer_names import NEWER_METHODS, NEWER_MODULE_NAMES

METHODS = NEWER_METHODS["HeteroClient"]
WITHOUT_THEM = """
import importlib.util
import sys
import yr.datasystem

name = sys.argv[1]
assert not hasattr(yr.datasystem, name)
assert getattr(yr.datasystem, name, None) is None
assert name not in dir(yr.datasystem) and name not in yr.datasystem.__all__
assert importlib.util.find_spec("yr.datasystem.service_discovery") is None
try:
    exec(f"from yr.datasystem import {name}")
except ImportError as error:
    print(error)
try:
    exec("from yr.datasystem import NoSuchName")
except ImportError as error:
    print(error)
"""


@pytest.fixture
def client() -> HeteroClient:
    """A client that is not connected."""
    return HeteroClient("127.0.0.1", 1)


@pytest.mark.parametrize("name", METHODS)
def test_a_program_that_probes_finds_no_newer_method(client: HeteroClient, name: str) -> None:
    """`hasattr`, `getattr` with a default and `dir` answer as on the released SDK."""
    assert not hasattr(client, name)
    assert getattr(client, name, None) is None
    assert not hasattr(HeteroClient, name)
    assert name not in dir(client) + dir(HeteroClient)


@pytest.mark.parametrize("name", METHODS)
def test_a_newer_method_says_what_to_do(client: HeteroClient, name: str) -> None:
    """The AttributeError names the release that has it, and what to call until then."""
    with pytest.raises(AttributeError) as error:
        getattr(client, name)

    assert str(error.value) == (
        f"HeteroClient.{name} is new in openyuanrong-datasystem 0.9, and yr-fake-ds is 0.8.1 here: "
        f"{METHODS[name]}"
    )
    assert error.value.name == name


def test_any_other_missing_attribute_reads_as_ever(client: HeteroClient) -> None:
    """The text is Python's own."""
    with pytest.raises(AttributeError) as error:
        _ = client.no_such_call

    assert str(error.value) == "'HeteroClient' object has no attribute 'no_such_call'"


@pytest.mark.parametrize("name", NEWER_MODULE_NAMES)
def test_an_import_of_a_newer_name_says_what_to_do(name: str) -> None:
    """It is an ImportError as on the released SDK; a name that nobody has reads as ever."""
    environ = {**os.environ, **activation.variables(os.environ)}

    command = [sys.executable, "-c", WITHOUT_THEM, name]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environ)

    assert done.returncode == 0, done.stderr
    newer, missing = done.stdout.splitlines()
    assert newer == (
        f"cannot import name '{name}' from 'yr.datasystem': {name} is new in "
        "openyuanrong-datasystem 0.9, and yr-fake-ds is 0.8.1 here: "
        "give the clients the host and port of a worker"
    )
    assert missing.startswith("cannot import name 'NoSuchName' from 'yr.datasystem' (/")
