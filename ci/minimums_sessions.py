"""Sessions of nox with the lowest dependencies that the packages' metadata promise."""

from __future__ import annotations

from typing import Final

import lowest
import nox
from contents import (
    CANN,
    FAKE,
    IMPORT_NAMES,
    MYPY,
    NUMPY,
    RAY_ENV,
    RAYS,
    SUITE,
    TEST_TOOLS,
    TORCH,
    TRANSPORT,
)
from environments import PACKAGES, install, install_local

# torch stays at the version that is tested: older ones have no builds for each Python of ours. The
# datasystem is the fake, as the oldest that the metadata allow.
_KEPT: Final = ("torch", "openyuanrong-datasystem")
_OLDEST_PROFILE: Final = {"YR_FAKE_DS_PROFILE": "0.8.0"}
_TESTED: Final = (FAKE, SUITE, TRANSPORT)


@nox.session(default=False)
@nox.parametrize("package", _TESTED, ids=_TESTED)
def minimums(session: nox.Session, package: str) -> None:
    """Run a package's own tests with the lowest dependencies that its metadata promise."""
    pinned = _pinned(package)
    names = {one.partition("==")[0] for one in pinned}
    rest = [TORCH, NUMPY, f"ray=={RAYS['oldest']}", "msgspec>=0.21", MYPY, *TEST_TOOLS]
    install(session, (*pinned, *(one for one in rest if _name(one) not in names)))
    install_local(session, FAKE, SUITE, TRANSPORT, CANN)
    session.run("python", "-m", "pip", "list")
    command = ("pytest", "-n", "2", "--dist", "loadfile", f"packages/{package}/tests")
    if package == TRANSPORT:
        on_the_fake = ("yr-fake-ds", "run", "--", *command)
        session.run(*on_the_fake, *session.posargs, env={**RAY_ENV, **_OLDEST_PROFILE})
    else:
        session.run(*command, *session.posargs, env=RAY_ENV)


@nox.session(name="minimums-build", default=False)
def minimums_build(session: nox.Session) -> None:
    """Build every wheel with the lowest versions of what builds it."""
    session.install(
        "build", "ninja", *{one for name in IMPORT_NAMES for one in lowest.build_tools(name)}
    )
    for package in (*_TESTED, CANN):
        build = ("python", "-m", "build", "--no-isolation", "--wheel")
        session.run(*build, "--outdir", session.create_tmp(), str(PACKAGES / package))


def _pinned(package: str) -> tuple[str, ...]:
    return tuple(one for one in lowest.dependencies(package) if _name(one) not in _KEPT)


def _name(requirement: str) -> str:
    return requirement.partition("==")[0].partition(">=")[0]
