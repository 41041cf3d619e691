"""Rules of this repository that no linter knows; `nox -s lint` fails with what breaks them.

A rule here is one that can be decided by reading a file: its size, its name, and words that may not
stand in it. What needs judgement is left to review.
"""

from __future__ import annotations

import pathlib
import re
import subprocess
import sys
from collections.abc import Iterator

import arrows

MAX_LINES = 400
NAMELESS = {"utils.py", "helpers.py", "common.py", "misc.py"}
# The published package offers cleanup_yr_resources at this path, so ours must too.
PUBLISHED_ALIAS = "packages/ray-ascend-yr/src/ray_ascend/utils.py"
MOCKS = re.compile(r"\b(MagicMock|AsyncMock|create_autospec)\b|sys\.modules\[[\"'](yr|ray)\b")
UNSAFE = re.compile(r"\bpickle\.loads?\(")
PICKLE_IN = ("packages/yr-fake-ds/src", "packages/ray-ascend-yr/src")


def main() -> int:
    """Print every broken rule and return the exit status; called by nox in the root."""
    broken = [problem for path in tracked_files() for problem in problems(path)]
    for source in sorted(pathlib.Path("packages").glob("*/src/*/")):
        broken += arrows.problems(source)
    for problem in broken:
        print(problem)
    return 1 if broken else 0


def tracked_files() -> list[pathlib.Path]:
    """List what git tracks or would track, so that build products are never judged."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.py"]
    listing = subprocess.run(command, check=True, capture_output=True, text=True)
    return [path for line in listing.stdout.splitlines() if (path := pathlib.Path(line)).exists()]


def problems(path: pathlib.Path) -> Iterator[str]:
    """Yield one line for every rule that the file breaks."""
    text = path.read_text(encoding="utf-8")
    lines = text.count("\n")
    if lines > MAX_LINES:
        yield f"{path}: {lines} lines, at most {MAX_LINES}: split it by concept"
    if path.name in NAMELESS and str(path) != PUBLISHED_ALIAS:
        yield f"{path}: the name says nothing; name the file after its one concept"
    if str(path).startswith("packages/"):
        yield from _word_problems(path, text)


def _word_problems(path: pathlib.Path, text: str) -> Iterator[str]:
    for number, line in enumerate(text.splitlines(), start=1):
        if MOCKS.search(line):
            yield f"{path}:{number}: mocks of the SDK or of Ray hide defects; use the fake"
        if UNSAFE.search(line) and str(path).startswith(PICKLE_IN):
            yield f"{path}:{number}: bytes that come from elsewhere are never unpickled"


if __name__ == "__main__":
    sys.exit(main())
