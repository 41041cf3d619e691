"""The fake has the names and the signatures of the real wheel."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

SURFACE = str(Path(__file__).with_name("surface.py"))


def _surface(python: str, **environ: str) -> Any:
    base = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    done = subprocess.run(
        [python, SURFACE], capture_output=True, text=True, check=True, env={**base, **environ}
    )
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def surfaces(real_python: str, fake_environ: dict[str, str]) -> tuple[Any, Any]:
    """Return the surfaces of the real SDK and of the fake."""
    return _surface(real_python), _surface(sys.executable, **fake_environ)


def test_no_public_class_is_missing(surfaces: tuple[Any, Any]) -> None:
    """Every class of every module of the real SDK is in the same module of the fake."""
    real, fake = (both["surface"] for both in surfaces)

    missing = {name: sorted(set(real[name]) - set(fake[name])) for name in real}

    assert {name: classes for name, classes in missing.items() if classes} == {}


def test_signatures_are_the_same(surfaces: tuple[Any, Any]) -> None:
    """Every public method has the parameters, kinds and defaults of the real one."""
    real, fake = (both["surface"] for both in surfaces)

    different = {
        f"{module}.{cls}.{method}": (parameters, fake[module][cls].get(method))
        for module, classes in real.items()
        for cls, methods in classes.items()
        if cls in fake[module]
        for method, parameters in methods.items()
        if fake[module][cls].get(method) != parameters
    }

    assert different == {}


def test_classes_say_that_they_are_the_sdk_s(surfaces: tuple[Any, Any]) -> None:
    """Module and name of each class are those of the real one, wherever it is offered."""
    real, fake = (both["identities"] for both in surfaces)
    both = real.keys() & fake.keys()

    assert {name: fake[name] for name in both if fake[name] != real[name]} == {}
    assert len(both) > 50
