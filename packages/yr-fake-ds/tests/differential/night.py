"""What the night does more than the gate: the same walks from many seeds, resumable.

`YR_FAKE_DS_DIFFERENTIAL_NIGHT` is the file in which a night notes what it has done; without it,
each area has the walks of one seed. A night of other sources begins anew.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from areas import Area
from hypothesis import Phase

import yr_fake_ds

RECORD_VARIABLE = "YR_FAKE_DS_DIFFERENTIAL_NIGHT"
CHUNKS = 50
"""Fifty times the 2,000 steps of the gate."""


class Night:
    """The record of one night."""

    def __init__(self) -> None:
        name = os.environ.get(RECORD_VARIABLE)
        self._path = Path(name) if name else None
        self._sources = _digest_of_sources()
        self._done: set[str] = set()
        if self._path and self._path.exists():
            record = json.loads(self._path.read_text(encoding="utf-8"))
            if record["sources"] == self._sources:
                self._done = set(record["done"])

    def skip_if_done(self, name: str, chunk: int) -> None:
        """Skip the running test if an earlier run of this night has passed it."""
        if _entry(name, chunk) in self._done:
            pytest.skip("passed earlier this night")

    def note_done(self, name: str, chunk: int) -> None:
        """Note that it has passed."""
        if self._path:
            self._done.add(_entry(name, chunk))
            record = {"sources": self._sources, "done": sorted(self._done)}
            self._path.write_text(json.dumps(record), encoding="utf-8")


def is_night() -> bool:
    """Tell whether there is time."""
    return RECORD_VARIABLE in os.environ


def chunks(areas: Mapping[str, Area]) -> list[Any]:
    """Give areas and seeds, seed by seed, so that half a night has seen every area."""
    seeds = range(CHUNKS) if is_night() else [0]
    return [
        pytest.param(name, number, marks=[pytest.mark.long] if area.is_for_the_night else [])
        for number in seeds
        for name, area in areas.items()
    ]


def phases() -> list[Phase]:
    """Shrinking repeats hundreds of calls on the real system: at night, and on request."""
    found = [Phase.explicit, Phase.generate]
    on_request = is_night() or "YR_FAKE_DS_DIFFERENTIAL_SHRINK" in os.environ
    return [*found, Phase.shrink] if on_request else found


def _entry(name: str, chunk: int) -> str:
    return f"{name} {chunk}"


def _digest_of_sources() -> str:
    digest = hashlib.sha256()
    for directory in (Path(yr_fake_ds.__file__).parent, Path(__file__).parent):
        for path in sorted(directory.rglob("*.py")):
            digest.update(path.read_bytes())
    return digest.hexdigest()
