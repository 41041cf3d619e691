"""Sessions of nox that make the site, and do what its pages say."""

from __future__ import annotations

from typing import Final

import nox
from contents import (
    BLOCK_TOOLS,
    CANN,
    FAKE,
    NUMPY,
    RAY_ENV,
    RAYS,
    SITE_TOOLS,
    SUITE,
    TEST_TOOLS,
    TORCH,
    TORCH_NPU,
    TRANSPORT,
)
from environments import ROOT, install, install_local

SITE: Final = ROOT / "reports" / "site"
_PAGES: Final = ROOT / "ci" / "pages"


@nox.session(default=False)
def docs(session: nox.Session) -> None:
    """Build the site into reports/site, where warnings are errors, and check its lists."""
    install(session, (*SITE_TOOLS, *BLOCK_TOOLS), are_imported=False)
    building = ("sphinx-build", "-q", "-W", "--keep-going", "-c", "docs", ".", str(SITE))
    session.run(*building)
    session.run("pytest", "-q", str(_PAGES / "tests"), env={"PYTHONPATH": str(_PAGES)})
    session.log(f"{SITE / 'index.html'} can be opened as it is, or served from anywhere")


@nox.session(name="docs-blocks", default=False)
def docs_blocks(session: nox.Session) -> None:
    """Execute every block of the site, on the fake and emulated NPUs: -- [PAGE ...]."""
    stack = (TORCH, NUMPY, TORCH_NPU, f"ray=={RAYS['newest']}", "msgspec>=0.21")
    install(session, (*stack, *BLOCK_TOOLS, *TEST_TOOLS))
    install_local(session, FAKE, TRANSPORT, CANN, SUITE)
    env = {**RAY_ENV, "PYTHONPATH": str(_PAGES)}
    executing = ("pytest", "-p", "execution", "--tb=short", "--durations=10")
    command = (*executing, *(session.posargs or _pages()))
    session.run("yr-fake-ds", "run", "--npus", "4", "--", *command, env=env)


def _pages() -> list[str]:
    """List the pages by name: beside those of a package are its tests."""
    documents = (
        *ROOT.glob("*.md"),
        *ROOT.glob("docs/**/*.md"),
        *ROOT.glob("packages/*/README.md"),
        *ROOT.glob("packages/*/docs/*.md"),
    )
    return sorted(str(one.relative_to(ROOT)) for one in documents)
