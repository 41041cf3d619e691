"""The process of one question: `python -m yr_conformance.calibration.asking MODULE NAME FILE`.

It writes its answer into the file and ends at once, as destructors of CANN may wait or crash.
"""

from __future__ import annotations

import importlib
import json
import os
import pathlib
import sys
from dataclasses import asdict

from yr_conformance.calibration.answer import Answer
from yr_conformance.calibration.cann import Cann
from yr_conformance.calibration.errors import UnpreparedError
from yr_conformance.calibration.question import Question


def main(module: str, name: str, file: str) -> None:
    """Ask, and write what came of it."""
    asked: Question = getattr(importlib.import_module(module), name)
    pathlib.Path(file).write_text(json.dumps(asdict(answer(asked))), encoding="utf-8")


def answer(asked: Question) -> Answer:
    """Ask in this process."""
    cann = Cann()
    try:
        value = asked.body(cann)
    except UnpreparedError as error:
        return Answer("not-asked", text=str(error))
    return Answer("answered", value, cann.said if asked.kind == "status" else "")


if __name__ == "__main__":
    main(*sys.argv[1:])
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)
