"""What is imported is left to no collection, and as little is imported as can be."""

import subprocess
import sys

from conftest import Suite

FROZEN = """
import gc, weakref

class Client:
    pass

@clause("EX-GC-01", MUST, source="here")
def test_modules_are_set_aside():
    "A collection does not look at what was imported."
    assert gc.get_freeze_count() > 10_000
    assert len(gc.get_objects()) < gc.get_freeze_count()

@clause("EX-GC-02", MUST, source="here")
def test_cycles_are_collected():
    "What a test makes and drops is collected."
    client = Client()
    client.itself = client
    gone = weakref.ref(client)
    del client
    gc.collect()
    assert gone() is None
"""


def test_modules_are_frozen_and_tests_are_not(suite: Suite) -> None:
    """The plugin freezes what collection left, in processes of xdist too."""
    suite.write(FROZEN)

    for options in ([], ["-n", "1"]):
        suite.run(*options).assert_outcomes(passed=2)


LIGHT = """
import importlib, sys
from yr_conformance import plugin
for name in plugin.pytest_plugins:
    importlib.import_module(name)
print(sorted({"ray", "torch"} & set(sys.modules)))
"""


def test_the_plugin_is_light() -> None:
    """It imports neither Ray nor torch: the process that only distributes tests needs none."""
    told = subprocess.run([sys.executable, "-c", LIGHT], capture_output=True, text=True, check=True)

    assert told.stdout == "[]\n"
