"""Cosmic-ray's command, with each run of the tests in a fork: what they import is there already.

An interpreter, pytest and torch take several times as long to start as a module's tests take.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import select
import shlex
import signal
import sys
from collections.abc import Sequence
from typing import Final, NoReturn

import pytest
from contents import IMPORT_NAMES
from cosmic_ray import cli, mutating
from cosmic_ray.work_item import TestOutcome

_IMPORTED: Final = ("hypothesis.strategies", "numpy", "torch", "ray.experimental")


def run_tests(command: str, timeout: float) -> tuple[TestOutcome, str]:
    """Run `python -m pytest ...`, as cosmic-ray's function of this name does; tests print nothing.

    Tests that take longer have noticed something.
    """
    _python, _m, _pytest, *arguments = shlex.split(command)
    child = os.fork()
    if not child:
        _be_pytest(arguments)
    if not _ends(child, timeout):
        os.killpg(child, signal.SIGKILL)
    _child, status = os.waitpid(child, 0)
    return TestOutcome.KILLED if status else TestOutcome.SURVIVED, ""


def _ends(child: int, within_s: float) -> bool:
    ending = os.pidfd_open(child)
    try:
        return bool(select.select([ending], [], [], within_s)[0])
    finally:
        os.close(ending)


def _be_pytest(arguments: Sequence[str]) -> NoReturn:
    status = 1
    try:
        os.setsid()
        nowhere = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(nowhere, descriptor)
        for name in [*sys.modules]:
            if name.split(".")[0] in IMPORT_NAMES.values():
                del sys.modules[name]
        status = pytest.main([*arguments])
    finally:
        os._exit(status)


if __name__ == "__main__":
    # Two changes within a second would be one for Python's caches.
    os.environ["PYTHONDONTWRITEBYTECODE"], sys.dont_write_bytecode = "1", True
    for imported in _IMPORTED:
        with contextlib.suppress(ImportError):
            importlib.import_module(imported)
    mutating.run_tests = run_tests
    sys.exit(cli.main(sys.argv[1:]))
