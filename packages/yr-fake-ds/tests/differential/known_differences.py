"""Known differences between the fake and the released datasystem, as data, and the table of them.

    python tests/differential/known_differences.py

writes the table in docs/differences.md anew from `known_differences.toml`. A difference ends with a
release, and where there is a program that shows it, as soon as that prints the same on both sides.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

DATA = Path(__file__).with_name("known_differences.toml")
PAGE = Path(__file__).parents[2] / "docs" / "differences.md"
BEGIN = "<!-- generated from tests/differential/known_differences.toml -->\n"
END = "<!-- end -->\n"
PREFACE = """
import re

def connect():
    from yr.datasystem import KVClient
    client = KVClient("127.0.0.1", PORT, 5000, req_timeout_ms=2000)
    client.init()
    return client

def told(call, *arguments):
    try:
        call(*arguments)
    except RuntimeError as error:
        found = re.match(r"code: \\[(.*?)\\]", str(error))
        return found[1] if found else type(error).__name__
    except Exception as error:
        return type(error).__name__
    return "OK"
"""
"""What programs that show a difference may use."""
PATIENCE_S = 60


@dataclass(frozen=True)
class Difference:
    """One row: what is otherwise, since when it is known, and until when that may stand."""

    id: str
    situation: str
    real: str
    here: str
    version: str
    until: str
    why: str = ""
    show: str = ""
    real_shows: str = ""
    here_shows: str = ""
    tolerated: tuple[str, ...] = ()
    """Verbs of random walks that may differ by it, at a second worker."""
    window_s: float = 0.0

    def has_ended(self, release: str) -> bool:
        """Tell whether a release has to be looked at again."""
        return _numbers(release) >= _numbers(self.until)


def load() -> dict[str, Difference]:
    """Read all of them, by id."""
    rows = tomllib.loads(DATA.read_text(encoding="utf-8"))["difference"]
    found = [Difference(**{**row, "tolerated": tuple(row.get("tolerated", ()))}) for row in rows]
    return {one.id: one for one in found}


def table() -> str:
    """Render the table of the page."""
    rows = [f"| {one.situation} | {one.real} | {one.here} | {one.why} |" for one in load().values()]
    rows = [row.replace("|  |", "| |") for row in rows]
    return "\n".join(["| situation | real 0.8.1 | here | why |", "|---|---|---|---|", *rows]) + "\n"


def shown_by(difference: Difference, python: str, port: int, environ: Mapping[str, str]) -> str:
    """Run the program of a difference and return what it prints, or how it ended."""
    code = f"PORT = {port}\n{PREFACE}\n{difference.show}"
    done = subprocess.run(
        [python, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_S,
        env=dict(environ),
    )
    lines = done.stdout.splitlines()
    if done.returncode < 0:
        return f"(ends with {done.returncode})"
    return lines[-1] if lines else done.stderr


def with_table(page: str) -> str:
    """Return the page with the table as it should be."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return before + BEGIN + table() + END + after


def _numbers(release: str) -> tuple[int, ...]:
    return tuple(int(part) for part in release.split("."))


if __name__ == "__main__":
    PAGE.write_text(with_table(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
