"""The folder of a report: all files in it are made from the same runs."""

from __future__ import annotations

import importlib.util
import json
import pathlib
from collections.abc import Sequence
from typing import Final

from yr_conformance.report.badge import badge
from yr_conformance.report.errors import ReportError
from yr_conformance.report.junit import junit
from yr_conformance.report.reading import FILE
from yr_conformance.report.run import FORMAT, Run, to_dict
from yr_conformance.report.summary import summary

EXTRA: Final = "pip install 'yr-conformance[report]'"


def check_writable(place: pathlib.Path) -> None:
    """Raise ReportError before a run begins whose report could not be written after it."""
    if _is_file(place):
        return
    if place.exists() and not place.is_dir():
        raise ReportError(f"--report {place} is a file; name a folder, or a file *.json")
    if importlib.util.find_spec("jinja2") is None:
        raise ReportError(
            f"--report {place} makes report.html, which needs jinja2: {EXTRA}; "
            "a name that ends in .json gets the JSON alone, without it"
        )


def write(runs: Sequence[Run], place: pathlib.Path) -> pathlib.Path:
    """Write the report of these runs, and give the file to look at first.

    A name that ends in .json is the one file; all else is a folder, made if it is not there.
    """
    check_writable(place)
    if _is_file(place):
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(_json(runs), encoding="utf-8")
        return place
    from yr_conformance.report.page import page

    place.mkdir(parents=True, exist_ok=True)
    files = {
        FILE: _json(runs),
        "junit.xml": junit(runs),
        "badge.json": badge(runs),
        "summary.md": summary(runs),
        "report.html": page(runs),
    }
    for name, content in files.items():
        (place / name).write_text(content, encoding="utf-8")
    return place / "report.html"


def _json(runs: Sequence[Run]) -> str:
    rows = [to_dict(run) for run in runs]
    merged = rows[0] if len(rows) == 1 else {"format": FORMAT, "runs": rows}
    return json.dumps(merged, indent=1, ensure_ascii=False) + "\n"


def _is_file(place: pathlib.Path) -> bool:
    return place.suffix == ".json"
