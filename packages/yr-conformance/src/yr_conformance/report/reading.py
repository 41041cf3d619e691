"""Reports that other runs wrote, read back: of one run, or merged of several."""

from __future__ import annotations

import json
import pathlib
from collections.abc import Iterable

from yr_conformance.report.errors import ReportError
from yr_conformance.report.run import Run, from_dict

FILE = "report.json"


def read(place: pathlib.Path) -> tuple[Run, ...]:
    """Read the runs of a folder that `--report` made, or of its report.json.

    Raises ReportError, which names the file, if there is none or it is no report.
    """
    path = place / FILE if place.is_dir() else place
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        rows = found.get("runs", [found])
        return tuple(from_dict(row) for row in rows)
    except OSError as error:
        raise ReportError(
            f"{path}: {error.strerror}; a report is a folder that `--report DIR` made, or the "
            f"{FILE} in it"
        ) from error
    except KeyError as error:
        raise ReportError(f"{path} is no report of this suite: {error} is missing") from error
    except (AttributeError, TypeError, ValueError) as error:
        raise ReportError(f"{path} is no report of this suite: {error}") from error


def read_all(places: Iterable[pathlib.Path]) -> tuple[Run, ...]:
    """Read the runs of several reports, in this order."""
    return tuple(run for place in places for run in read(place))
