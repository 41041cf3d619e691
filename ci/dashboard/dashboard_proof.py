"""Prove the Grafana dashboard without Grafana: a real Prometheus, fed by the soak, answers it.

    yr-fake-ds run -- python ci/dashboard/dashboard_proof.py [--minutes 3] [--picture FILE]

    soak -- Ray's agent --page--> prometheus <--each panel's expressions-- this program --> picture

Exit status 1 if an expression is refused, or gives nothing at all. Needs `prometheus` on the path
(Debian: apt-get install prometheus), `ray[default]` and matplotlib.
"""

from __future__ import annotations

import argparse
import pathlib
import subprocess
import sys
import tempfile
import time

from panels import Panel, panels
from picture import draw
from prometheus import Prometheus, Series, running

ROOT = pathlib.Path(__file__).parent.parent.parent
DASHBOARD = ROOT / "packages" / "ray-ascend-yr" / "docs" / "grafana-dashboard.json"
# So that everything which a panel can show happens, and is well again in between.
FAULTS = ("worker killed", "worker frozen", "no space", "actor killed")


def main() -> int:
    """Feed, ask and draw; print a line for each expression."""
    options = _parser().parse_args()
    with tempfile.TemporaryDirectory(prefix="dashboard-", dir="/tmp") as directory:
        targets = pathlib.Path(directory, "targets.json")
        with running(pathlib.Path(directory, "data"), targets) as prometheus:
            begin = time.time()
            status = _soak(options.minutes, targets)
            answers = _ask(prometheus, panels(DASHBOARD), begin)
    options.picture.parent.mkdir(parents=True, exist_ok=True)
    draw(answers, options.picture)
    print(f"picture: {options.picture}")
    empty = [panel.title for panel, found in answers if not found]
    if empty:
        print(f"nothing to see in: {', '.join(empty)}")
    return int(bool(empty or status))


def _soak(minutes: float, targets: pathlib.Path) -> int:
    faults = [word for fault in FAULTS for word in ("--fault", fault)]
    command = ("--minutes", str(minutes), "--targets", str(targets), *faults)
    return subprocess.run(
        [sys.executable, str(ROOT / "ci" / "soak"), *command], check=False
    ).returncode


def _ask(
    prometheus: Prometheus, shown: list[Panel], begin: float
) -> list[tuple[Panel, list[Series]]]:
    """Ask for all that the panels show since then."""
    answers = []
    for panel in shown:
        found = [
            series
            for target in panel.targets
            for series in prometheus.range(target.expression, target.legend, begin, time.time())
        ]
        points = sum(len(one.points) for one in found)
        print(f"{panel.title:<24} {len(found):>3} series, {points:>5} points")
        answers.append((panel, found))
    return answers


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python ci/dashboard/dashboard_proof.py", description="Prove the dashboard."
    )
    parser.add_argument("--minutes", type=float, default=3.0)
    picture = ROOT / "reports" / "dashboard.png"
    parser.add_argument("--picture", type=pathlib.Path, default=picture)
    return parser


if __name__ == "__main__":
    sys.exit(main())
