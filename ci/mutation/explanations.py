"""Why changes that no test notices are none that matter: survivors.toml.

[["yr_fake_ds/store/blocks.py"]]
line = "self._ids = itertools.count(1)"
why = "any first number does"
instead = ["self._ids = itertools.count( 2)"]
"""

from __future__ import annotations

import pathlib
import sys
from collections.abc import Iterable

from changes import Survivor

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

FILE = pathlib.Path(__file__).with_name("survivors.toml")


def read(file: pathlib.Path = FILE) -> dict[Survivor, str]:
    """Read them, with the reason of each."""
    modules = tomllib.loads(file.read_text(encoding="utf-8"))
    return {
        Survivor(module, row["line"], instead): row["why"]
        for module, rows in modules.items()
        for row in rows
        for instead in row["instead"]
    }


def unexplained(survivors: Iterable[Survivor], known: dict[Survivor, str]) -> list[Survivor]:
    """Give those without a reason."""
    return sorted(set(survivors) - set(known))


def outdated(
    survivors: Iterable[Survivor], known: dict[Survivor, str], modules: Iterable[str]
) -> list[Survivor]:
    """Give those of these modules that have a reason and do not survive any more."""
    tried = set(modules)
    return sorted({one for one in known if one.module in tried} - set(survivors))
