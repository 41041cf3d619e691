"""Sessions of nox that run the clauses on transports that are not ours."""

from __future__ import annotations

from typing import Final

import nox
from contents import FAKE, NUMPY, PUBLISHED, RAY_ENV, RAYS, SUITE, TEST_TOOLS, TORCH
from environments import PACKAGES, ROOT, install, install_local

_CHAPTERS: Final = ("--chapter", "XFER", "--chapter", "GC")
_EXAMPLE: Final = PACKAGES / SUITE / "tests" / "transports"
# The published package warns at every import where there is no torch_npu: XFER-QUIET is about that.
_WARNING: Final = ("-W", "ignore::RuntimeWarning", "-W", "ignore::UserWarning")
# Most of it fails by waiting in vain.
_SHORT: Final = ("--timeout", "60", "--leak-patience", "5")
_PATIENCE: Final = {"YR_CONFORMANCE_PATIENCE_S": "20"}
_FAILED: Final = 1


@nox.session(default=False)
def published(session: nox.Session) -> None:
    """Run the clauses on the published ray-ascend, and tell clause by clause: -- [--write]."""
    _install(session, "oldest", "requests", "msgspec>=0.21")
    session.install("--no-deps", PUBLISHED)
    install_local(session, FAKE, SUITE)
    report = str(ROOT / "reports" / "published-ray-ascend")
    run = ("yr-conformance", "run", "--target", "fake", *_CHAPTERS, "--report", report)
    # What it does not fulfil is what is looked for.
    codes = [0, _FAILED]
    command = ("yr-fake-ds", "run", "--", *run, *_WARNING, *_SHORT)
    session.run(*command, env={**RAY_ENV, **_PATIENCE}, success_codes=codes)
    session.run("python", "ci/transports/published_page.py", report, *session.posargs)


@nox.session(name="own-transport", default=False)
def own_transport(session: nox.Session) -> None:
    """Run the clauses on the transport that docs/own-transport.md shows, without a datasystem."""
    _install(session, "newest")
    install_local(session, SUITE)
    report = str(ROOT / "reports" / "own-transport")
    run = ("yr-conformance", "run", "--target", "transport", "--transport", "file_transport")
    env = {**RAY_ENV, "PYTHONPATH": str(_EXAMPLE)}
    session.run(*run, *_CHAPTERS, "--report", report, *session.posargs, env=env)


def _install(session: nox.Session, ray: str, *more: str) -> None:
    install(session, (TORCH, NUMPY, f"ray=={RAYS[ray]}", "jinja2>=3.1", *more, *TEST_TOOLS))
