"""The session of nox that looks at reports in a browser."""

from __future__ import annotations

import nox
from contents import REPORT_TOOLS, SUITE
from environments import ROOT, install, install_local


@nox.session(name="report-pages", default=False)
def report_pages(session: nox.Session) -> None:
    """Look at a report in the distribution's Chromium; pictures are left in reports/pages."""
    install(session, REPORT_TOOLS, are_imported=False)
    install_local(session, SUITE)
    env = {"PYTHONPATH": str(ROOT / "ci" / "report_pages")}
    session.run("pytest", "ci/report_pages/tests", *session.posargs, env=env)
