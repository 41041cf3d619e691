"""Sessions of nox that measure: `bench`, and the environments that take part in one run of it."""

from __future__ import annotations

import pathlib
from typing import Final

import nox
from contents import (
    CANN,
    DATASYSTEM,
    FAKE,
    NUMPY,
    RAYS,
    SUITE,
    TEST_TOOLS,
    TORCH,
    TORCH_NPU,
    TRANSPORT,
)
from environments import ROOT, install, install_local

_HARNESS: Final = ("rich>=13", "matplotlib>=3.8", "psutil>=6", "py-spy>=0.4")
_PUBLISHED: Final = "ray-ascend==0.1.1"
_STACK: Final = (TORCH, NUMPY, f"ray=={RAYS['newest']}", "msgspec>=0.21", "psutil>=6")
_STAGES: Final = ("released", "fake", "published")


@nox.session(default=False, requires=[f"bench-{stage}" for stage in _STAGES])
def bench(session: nox.Session) -> None:
    """Compare all ways to move a tensor, in one run: -- [--quick] [--profile] [--only REGEX]."""
    install(session, _HARNESS, are_imported=False)
    environments = pathlib.Path(session.virtualenv.location).parent
    pythons = [f"--python={s}={environments / f'bench-{s}' / 'bin' / 'python'}" for s in _STAGES]
    env = {"PYTHONPATH": str(ROOT / "benchmarks")}
    session.run("python", "-m", "bench", *pythons, *session.posargs, env=env)


@nox.session(name="bench-released", default=False)
def bench_released(session: nox.Session) -> None:
    """Environment of `bench`: the transport on the released datasystem, and Ray alone."""
    # The suite counts calls and copies.
    install(session, (*_STACK, DATASYSTEM, TORCH_NPU, *TEST_TOOLS))
    install_local(session, TRANSPORT, CANN, SUITE)


@nox.session(name="bench-fake", default=False)
def bench_fake(session: nox.Session) -> None:
    """Environment of `bench`: the transport on the fake."""
    install(session, _STACK)
    install_local(session, FAKE, TRANSPORT)


@nox.session(name="bench-published", default=False)
def bench_published(session: nox.Session) -> None:
    """Environment of `bench`: the `ray-ascend` that others have published."""
    install(session, (*_STACK, DATASYSTEM, _PUBLISHED))
