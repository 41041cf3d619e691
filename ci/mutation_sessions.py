"""The session of nox that changes our own modules in every small way."""

from __future__ import annotations

import os
from typing import Final

import nox
from contents import COSMIC_RAY, FAKE, NUMPY, RAY_ENV, RAYS, SUITE, TEST_TOOLS, TORCH, TRANSPORT
from environments import ROOT, install, install_local

_SCRIPTS: Final = (ROOT / "ci", ROOT / "ci" / "mutation")


@nox.session(default=False)
def mutation(session: nox.Session) -> None:
    """Make each small change of our core, and see who notices: -- [--write | MODULE ...]."""
    stack = (TORCH, NUMPY, f"ray=={RAYS['newest']}", "msgspec>=0.21")
    install(session, (*stack, COSMIC_RAY, "tomli>=2; python_version < '3.11'", *TEST_TOOLS))
    install_local(session, FAKE, SUITE, TRANSPORT)
    env = {**RAY_ENV, "PYTHONPATH": os.pathsep.join(map(str, _SCRIPTS))}
    # Some need the tool, which is nowhere else.
    session.run("pytest", "-q", "ci/tests/test_mutation.py", env=env)
    program = ("python", "ci/mutation/mutation_command.py", *session.posargs)
    session.run("yr-fake-ds", "run", "--", *program, env=env)
